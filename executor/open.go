package executor

import (
	"errors"
	"fmt"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/layout"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/manifest"
)

// ErrUnsupported says that packs.yaml asks for what this build does not do yet.
var ErrUnsupported = errors.New("this build does not do that yet")

// open returns the backend of a registry. It contacts nothing.
func open(r *manifest.Registry, o *Options) (registry.Registry, error) {
	switch r.Type {
	case manifest.TypeLayout:
		return layout.New(*r)
	case manifest.TypeOCI:
		return oci.New(r, oci.Options{AllowExec: o.AllowExec, Env: o.Env, UserAgent: o.userAgent(), Logger: o.Logger})
	case manifest.TypeECR, manifest.TypeHarbor:
	}
	return nil, fmt.Errorf("registry %s: type %s: %w", r.Name, r.Type, ErrUnsupported)
}

// userAgent is what a run calls itself in requests.
func (o *Options) userAgent() string {
	if o.Tool == "" {
		return "packs"
	}
	return "packs/" + o.Tool
}
