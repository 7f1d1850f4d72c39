package main

import (
	"fmt"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// trustedHosts is the variable that limits where credentials may go.
const trustedHosts = "PACKS_TRUSTED_HOSTS"

// shoutAt tells what is not safe about the registries that a command is going to
// contact: those that patterns match, without patterns all but manual ones.
func (a *app) shoutAt(c *manifest.Catalog, patterns []string) {
	unbound := false
	for i := range c.Registries {
		r := &c.Registries[i]
		contacted := len(patterns) == 0 && !r.Manual || slices.ContainsFunc(patterns, func(p string) bool {
			match, err := doublestar.Match(p, r.Name)
			return err == nil && match && (!r.Manual || p == r.Name)
		})
		if contacted {
			a.shout(r)
			unbound = unbound || a.sendsAnywhere(r)
		}
	}
	if unbound {
		a.notice("warning: %s is not set: packs.yaml alone decides where this CI run sends credentials; set it, outside of packs.yaml, to the hosts of your registries", trustedHosts)
	}
}

// sendsAnywhere tells whether a run of a CI has credentials that a change of
// packs.yaml could send to another host.
func (a *app) sendsAnywhere(r *manifest.Registry) bool {
	ci, _ := a.env("CI")
	_, bound := a.env(trustedHosts)
	return ci != "" && ci != "false" && !bound && r.Credentials != nil
}

// shout tells that the certificate of a registry is not checked, or that there is
// none. -q does not silence it.
func (a *app) shout(r *manifest.Registry) {
	text := ""
	switch {
	case r.PlainHTTP && r.Host != "" && !transport.Loopback(r.Host):
		text = fmt.Sprintf("warning: %s is reached by plain HTTP (plainHTTP: true of registry %s, line %d of packs.yaml): "+
			"everybody on the way can read the login, and read and change what is sent", r.Host, r.Name, r.Position.Line)
	case !r.PlainHTTP && r.TLS != nil && r.TLS.InsecureSkipVerify:
		text = fmt.Sprintf("warning: THE CERTIFICATE OF %s IS NOT CHECKED (insecureSkipVerify, line %d of packs.yaml): "+
			"anybody on the way can pose as registry %s and gets its login; set tls: {caFile: …} instead", r.Address(), r.TLS.Position.Line, r.Name)
	default:
		return
	}
	_, _ = fmt.Fprintln(a.err, render.Clean(text))
}
