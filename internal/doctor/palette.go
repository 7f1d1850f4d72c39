package doctor

import (
	"context"
	"errors"

	"github.com/packs-cli/packs/internal/palette"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

const topicPalette = "palette"

// palette examines the Palette of a registry: whether it answers, what the key
// may do, and whether Palette reads what packs publishes.
func (x *Examination) palette(ctx context.Context, o *Options) {
	block := x.Registry.Palette
	if block == nil {
		return
	}
	api := block.API
	if api == nil {
		api = o.Palette
	}
	if api == nil {
		api = &manifest.Palette{Endpoint: palette.DefaultEndpoint}
	}
	if api.APIKeyEnv == "" && api.APIKeyFile == "" {
		x.add(Note, topicPalette, "set apiKeyEnv or apiKeyFile of palette: in packs.yaml", "packs.yaml names no API key: Palette is not asked")
		return
	}
	key, err := palette.Key(o.Env, api)
	if err != nil {
		x.fail(topicPalette, err)
		return
	}
	c, err := palette.New(palette.Config{
		Endpoint: api.Endpoint, APIKey: key, ProjectUID: api.ProjectUID, TLS: api.TLS, Limits: api.Limits,
		Env: o.Env, UserAgent: o.UserAgent, Logger: o.Logger, Retry: transport.RetryPolicy{Tries: 1, Connects: 1, Stalls: 1},
	})
	if err != nil {
		x.fail(topicPalette, err)
		return
	}
	defer c.Close()
	if w, err := palette.Want(x.Registry); err == nil {
		secrets, _ := w.Fill(o.Env) // Palette knows them, and may repeat them
		c.Hide(secrets...)
	}
	if !x.rights(ctx, c, api) {
		return
	}
	x.registration(ctx, c)
}

// rights tells what a key may do, as far as that can be seen without changing
// anything. It returns whether the key is taken.
func (x *Examination) rights(ctx context.Context, c *palette.Client, api *manifest.Palette) bool {
	_, err := c.Registries(ctx)
	if err != nil && !errors.Is(err, registry.ErrDenied) {
		x.fail(topicPalette, err)
		return false
	}
	administers := c.Administers(ctx) == nil
	switch {
	case administers:
		x.add(OK, topicPalette, "", "%s takes the key, which may see the settings of registries: what register and sync need", api.Endpoint)
	case err == nil:
		x.add(Note, topicPalette, "register and sync need a key of a user with the role Tenant Admin; status and verify do without",
			"%s takes the key, which may look at registries, but not at their settings", api.Endpoint)
	default:
		x.add(Bad, topicPalette, "use a key of a user who may look at registries (Tenant Viewer), or administer them (Tenant Admin)",
			"%s takes the key, which may not even look at registries", api.Endpoint)
	}
	if err := c.MayLook(ctx); err != nil {
		x.add(Note, topicPalette, "verify needs a role that may look at packs", "the key may not look at packs: %v", err)
	}
	return administers || err == nil
}

// registration compares where Palette reads with where packs publishes.
func (x *Examination) registration(ctx context.Context, c *palette.Client) {
	spec := *x.Registry
	if spec.Host == "" {
		spec.Host = spec.Address()
	}
	w, err := palette.Want(&spec)
	if err != nil {
		x.fail(topicPalette, err)
		return
	}
	entries, err := c.Find(ctx, w.Name)
	if err != nil {
		x.fail(topicPalette, err)
		return
	}
	entry := w.Among(entries)
	if entry == nil {
		x.add(Note, topicPalette, "`packs palette register` registers it", "does not know registry %s", w.Name)
		return
	}
	have, kind, err := c.Get(ctx, *entry)
	switch {
	case errors.Is(err, registry.ErrDenied):
		x.add(Note, topicPalette, "", "knows registry %s; what it was told of it is not for this key to see", w.Name)
	case err != nil:
		x.fail(topicPalette, err)
		return
	case kind != w.Kind:
		x.add(Bad, topicPalette, "`packs palette plan` tells what to do", "knows %s as a registry of type %s, and not %s", w.Name, kind, w.Kind)
		return
	default:
		x.compared(c, w, have)
	}
	x.synced(ctx, c, entry, w)
}

func (x *Examination) compared(c *palette.Client, w *palette.Wanted, have *palette.Registration) {
	different := w.Differences(have)
	for _, d := range different {
		x.add(Bad, topicPalette, "`packs palette register` tells Palette", "reads %s with %s %q, packs.yaml says %q", w.Name, d.Setting, c.Clean(d.Have), d.Want)
	}
	if len(different) == 0 {
		x.add(OK, topicPalette, "", "reads %s, as packs.yaml says", w.Address())
	}
	if as := x.Registry.Palette.ReadAs; as != nil {
		x.add(Note, topicPalette, "", "packs publishes to %s/%s; that this is the same place only a sync and `packs palette verify` can tell (readAs)", x.Address, x.Registry.Base())
	}
}

func (x *Examination) synced(ctx context.Context, c *palette.Client, entry *palette.Entry, w *palette.Wanted) {
	s, err := c.SyncStatus(ctx, *entry)
	if err != nil {
		x.fail(topicPalette, err)
		return
	}
	switch {
	case s.State() == palette.Failed:
		x.add(Bad, topicPalette, w.Causes(s.Message), "the last sync of %s failed: Palette responded: %s", w.Name, s.Message)
	case s.State() == palette.Off:
		x.add(Bad, topicPalette, "`packs palette register` turns synchronization on", "does not synchronize %s", w.Name)
	case s.Idle():
		x.add(Note, topicPalette, "`packs palette sync --wait` syncs it", "has never read %s", w.Name)
	case s.State() == palette.Running:
		x.add(Note, topicPalette, "", "a sync of %s is in progress", w.Name)
	default:
		x.add(OK, topicPalette, "", "the last sync of %s is done", w.Name)
	}
}
