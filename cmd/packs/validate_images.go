package main

import (
	"github.com/packs-cli/packs/internal/lint/imagecheck"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// checkImages lets the linter ask the registries of images. What packs.yaml says
// of a host's certificates counts there, too.
func (v *validation) checkImages() (done func()) {
	checker := imagecheck.New(imagecheck.Options{
		Transport: transport.Config{Env: v.env, UserAgent: "packs/" + toolVersion(), Logger: v.logger()},
		TLS:       v.tlsOf,
	})
	v.config.Images = checker
	return checker.Close
}

func (v *validation) tlsOf(host string) *manifest.TLS {
	if v.read == nil {
		return nil
	}
	for i := range v.read.Registries {
		if r := &v.read.Registries[i]; r.Host == host && r.TLS != nil {
			return r.TLS
		}
	}
	return nil
}
