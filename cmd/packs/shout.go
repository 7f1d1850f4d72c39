package main

import (
	"fmt"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
)

// shoutAt shouts about the registries that a command is going to contact: those
// that patterns match, without patterns all but manual ones.
func (a *app) shoutAt(c *manifest.Catalog, patterns []string) {
	for i := range c.Registries {
		r := &c.Registries[i]
		contacted := len(patterns) == 0 && !r.Manual || slices.ContainsFunc(patterns, func(p string) bool {
			match, err := doublestar.Match(p, r.Name)
			return err == nil && match && (!r.Manual || p == r.Name)
		})
		if contacted {
			a.shout(r)
		}
	}
}

// shout tells that the certificate of a registry is not checked. -q does not
// silence it.
func (a *app) shout(r *manifest.Registry) {
	if r.TLS == nil || !r.TLS.InsecureSkipVerify || r.PlainHTTP {
		return
	}
	text := fmt.Sprintf("warning: THE CERTIFICATE OF %s IS NOT CHECKED (insecureSkipVerify, line %d of packs.yaml): "+
		"anybody on the way can pose as registry %s and gets its login; set tls: {caFile: …} instead", r.Address(), r.TLS.Position.Line, r.Name)
	_, _ = fmt.Fprintln(a.err, render.Clean(text))
}
