package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/packs-cli/packs/internal/palette"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// PaletteOptions tunes PalettePlan. The zero value is ready to use.
type PaletteOptions struct {
	// UpdateCredentials sends what Palette reads registries with, although nothing
	// that can be compared differs: secrets come back masked.
	UpdateCredentials bool
}

// registering is one registry of a PalettePlan, with what carries it out.
type registering struct {
	station *station
	wanted  *palette.Wanted
	entry   *palette.Entry        // nil: to be created
	old     *palette.Registration // nil: to be created
}

// PalettePlan compares the registries of packs.yaml that have a palette: block
// with what Palette knows. It changes nothing. Close of the plan frees
// connections.
func (e *Executor) PalettePlan(ctx context.Context, o PaletteOptions) (*PalettePlan, error) {
	s := e.stations()
	p := &PalettePlan{
		APIVersion: plan.APIVersion, Kind: PalettePlanKind, Tool: e.opts.Tool, open: s,
		Registries: make([]PaletteChange, len(s.all)), work: make([]*registering, len(s.all)),
	}
	if len(s.all) == 0 {
		return nil, ErrNoPalette
	}
	s.each(func(i int, st *station) {
		c := &p.Registries[i]
		c.Registry, c.Palette, c.Name, c.Type = st.spec.Name, st.host, st.block.Name, string(st.kind())
		p.work[i] = &registering{station: st}
		if e.ended(ctx) {
			return
		}
		if err := p.work[i].compare(ctx, c, o); err != nil {
			c.Action = PaletteUnknown
			c.fail(err)
		}
	})
	if err := e.interrupted(ctx); err != nil {
		p.Close()
		return nil, err
	}
	p.count()
	return p, nil
}

// Close frees connections.
func (p *PalettePlan) Close() { p.open.Close() }

func (p *PalettePlan) count() {
	p.Summary = PalettePlanSummary{}
	for i := range p.Registries {
		c := &p.Registries[i]
		switch {
		case c.Status == StatusFailed, c.Action == PaletteUnknown:
			p.Summary.Failed++
		case c.Status == StatusSkipped:
		case c.Action == PaletteCreate:
			p.Summary.Create++
		case c.Action == PaletteUpdate:
			p.Summary.Update++
		case c.Action == PaletteUnchanged:
			p.Summary.Unchanged++
		}
	}
}

// compare works out what is to be done about one registry.
func (w *registering) compare(ctx context.Context, c *PaletteChange, o PaletteOptions) (err error) {
	st := w.station
	if st.err != nil {
		return st.err
	}
	if err := st.address(ctx); err != nil {
		return err
	}
	if w.wanted, err = palette.Want(st.spec); err != nil {
		return err
	}
	c.Endpoint = w.wanted.Address()
	found, err := st.find(ctx, w.wanted.Kind)
	switch {
	case err != nil:
		return err
	case found == nil:
		c.Action, c.Reason = PaletteCreate, "Palette has no registry of this name"
		return nil
	}
	old, kind, err := st.client.Get(ctx, *found)
	switch {
	case err != nil:
		return err
	case kind != w.wanted.Kind:
		w.otherKind(ctx, c, found, kind)
		return nil
	}
	found.Kind = kind
	w.entry, w.old, c.UID = found, old, st.client.Clean(found.UID)
	for _, d := range w.wanted.Differences(old) {
		c.Changes = append(c.Changes, PaletteSetting{d.Setting, st.client.Clean(d.Have), st.client.Clean(d.Want)})
	}
	switch {
	case len(c.Changes) > 0:
		c.Action, c.Reason = PaletteUpdate, "its settings differ; the UID stays, and with it what profiles refer to"
	case o.UpdateCredentials:
		c.Action, c.Reason = PaletteUpdate, "its credentials are sent again (--update-credentials)"
	default:
		c.Action, c.Reason = PaletteUnchanged, "as in packs.yaml; secrets cannot be compared, --update-credentials sends them"
	}
	return nil
}

// otherKind is for a name that Palette has of the other kind: that cannot be
// changed, so a new registry is made, and profiles must be led to it.
func (w *registering) otherKind(ctx context.Context, c *PaletteChange, found *palette.Entry, kind palette.Kind) {
	c.Action, c.Reason = PaletteCreate, fmt.Sprintf("%s in Palette is of type %s, which cannot be changed: a new one is made", c.Name, kind)
	profiles, err := w.profiles(ctx, found.UID)
	uid := w.station.client.Clean(found.UID)
	c.Profiles = profiles
	switch {
	case err != nil:
		c.Warning = fmt.Sprintf("the old registry (UID %s) stays; which cluster profiles use it cannot be told: %s", uid, oneLine(err))
	case len(profiles) == 0:
		c.Warning = fmt.Sprintf("the old registry (UID %s) stays; no cluster profile that this key may see uses it", uid)
	default:
		c.Warning = fmt.Sprintf("the old registry (UID %s) stays; lead these cluster profiles to the new one, then delete it in Palette: %s", uid, strings.Join(profiles, ", "))
	}
	c.Hint = fmt.Sprintf("if Palette refuses a second registry of this name, give registry %s another name: in palette:", c.Registry)
}

// profiles are the names of the cluster profiles that use a registry.
func (w *registering) profiles(ctx context.Context, uid string) ([]string, error) {
	packs, err := w.station.client.Search(ctx, uid)
	if err != nil {
		return nil, err
	}
	names := make(map[string]bool, len(packs))
	for _, p := range packs {
		names[p.Name] = true
	}
	used, err := w.station.client.ProfilesUsing(ctx, uid, names)
	var found []string
	for i, u := range used {
		if i == 0 || used[i-1].Profile != u.Profile {
			found = append(found, u.Profile.Name)
		}
	}
	return found, err
}

// PaletteRegister carries out a plan of PalettePlan and turns it into a report:
// each registry is validated by Palette first, where it offers that, and then
// created or updated.
func (e *Executor) PaletteRegister(ctx context.Context, p *PalettePlan) {
	p.Kind = PaletteRegisterKind
	p.open.each(func(i int, st *station) {
		c := &p.Registries[i]
		switch {
		case c.Action == PaletteUnchanged:
			c.Status = StatusDone
		case c.Action == PaletteUnknown:
			c.Status = StatusFailed
		case e.ended(ctx):
			c.Status, c.Reason = StatusSkipped, "not started: the run was interrupted"
		default:
			if err := p.work[i].carryOut(ctx, e, c); err != nil {
				c.Status = StatusFailed
				c.fail(err)
				e.note("%s: not registered as %s", st.spec.Name, c.Name)
				return
			}
			c.Status = StatusDone
			e.note("%s: %s %s at %s", st.spec.Name, map[PaletteAction]string{PaletteCreate: "registered as", PaletteUpdate: "updated"}[c.Action], c.Name, st.host)
		}
	})
	p.Interrupted = e.ended(ctx)
	p.count()
}

func (w *registering) carryOut(ctx context.Context, e *Executor, c *PaletteChange) error {
	st := w.station
	secrets, err := w.wanted.Fill(e.opts.Env)
	if err != nil {
		return &registry.Error{
			Op: "register " + c.Name + " at", Ref: st.host, Err: err,
			Hint: "set credentials: in palette: of registry " + st.spec.Name + " to what Palette shall read it with, and the variables that they name",
		}
	}
	st.client.Hide(secrets...)
	switch err := st.client.Validate(ctx, w.wanted.Kind, &w.wanted.Spec); {
	case errors.Is(err, palette.ErrNotOffered):
		c.Warning = "this Palette cannot validate a registry before it is registered: see whether its first sync works"
	case err != nil:
		return refusedRegistration(err, w.wanted)
	}
	r := w.wanted.Registration(w.old)
	if w.entry != nil {
		return st.client.Update(ctx, w.wanted.Kind, w.entry.UID, r)
	}
	uid, err := st.client.Create(ctx, w.wanted.Kind, r)
	c.UID = st.client.Clean(uid)
	return err
}

// refusedRegistration tells what Palette may mean where it cannot read a
// registry: it says so in free text.
func refusedRegistration(err error, w *palette.Wanted) error {
	var api *palette.APIError
	var e *registry.Error
	if !errors.As(err, &api) || api.Status >= 500 || api.Status == 401 || api.Status == 403 || !errors.As(err, &e) {
		return err
	}
	worded := *e
	worded.Hint = w.Causes(api.Message)
	return &worded
}
