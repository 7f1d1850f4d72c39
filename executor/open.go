package executor

import (
	"fmt"
	"path/filepath"
	"time"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registry/harbor"
	"github.com/packs-cli/packs/internal/registry/layout"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// opener opens the backends of a run. What they share lives in it.
type opener struct {
	*Options
	accounts ecr.Accounts   // one token and one write rate for each account and region
	known    *harbor.Folder // manifests of earlier runs; nil without a cache
}

// open returns the backend of a registry. It contacts nothing.
func (o *opener) open(r *manifest.Registry) (registry.Registry, error) {
	general := oci.Options{
		AllowExec: o.AllowExec, Env: o.Env, UserAgent: o.userAgent(), Logger: o.Logger,
		Retry: o.retryPolicy(), Timeouts: o.timeouts(),
	}
	switch r.Type {
	case manifest.TypeLayout:
		if layout.IsBundle(r) {
			return layout.NewBundle(*r)
		}
		return layout.New(*r)
	case manifest.TypeOCI:
		return oci.New(r, general)
	case manifest.TypeHarbor:
		options := harbor.Options{Options: general}
		if folder := o.manifests(); folder != nil {
			options.Known = folder
		}
		return harbor.New(r, options)
	case manifest.TypeECR:
		return ecr.New(r, ecr.Options{
			Accounts: &o.accounts, Share: ecrShare(o.Shard), Env: o.Env, UserAgent: o.userAgent(), Logger: o.Logger,
			Retry: o.retryPolicy(), Timeouts: o.timeouts(),
		})
	}
	return nil, fmt.Errorf("registry %s: there is no type %q", r.Name, r.Type)
}

// manifests opens the cache of manifests; nil where there is none.
func (o *opener) manifests() *harbor.Folder {
	if o.CacheDir == "" || o.known != nil {
		return o.known
	}
	folder, err := harbor.OpenFolder(filepath.Join(o.CacheDir, "manifests"))
	if err != nil {
		o.Logger.Info("manifests are not remembered", "error", err)
		return nil
	}
	o.known = folder
	return folder
}

// Close frees what the backends share.
func (o *opener) Close() error {
	if o.known == nil {
		return nil
	}
	return o.known.Close()
}

// userAgent is what a run calls itself in requests.
func (o *Options) userAgent() string {
	if o.Tool == "" {
		return "packs"
	}
	return "packs/" + o.Tool
}

// retryPolicy is what the options say of tries; the rest are the transport's defaults.
func (o *Options) retryPolicy() transport.RetryPolicy {
	p := transport.RetryPolicy{MaxRetryAfter: o.MaxRetryAfter}
	switch {
	case o.Retries < 0:
		p.Tries = 1
	case o.Retries > 0:
		p.Tries = o.Retries + 1
	}
	// Who is ready to wait that long once may have to do so twice.
	if longest := 2 * o.MaxRetryAfter; longest > defaultWaits {
		p.Waits = longest
	}
	return p
}

// defaultWaits is the transport's own bound for the waits of one operation.
const defaultWaits = 5 * time.Minute

func (o *Options) timeouts() transport.Timeouts {
	const replies = 3 // as much longer as the transport's default
	return transport.Timeouts{Stall: o.RequestTimeout, Reply: replies * o.RequestTimeout}
}
