package executor

import (
	"context"
	"slices"

	"github.com/packs-cli/packs/internal/palette"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// FollowUp lets Palette read what an apply has changed, waits for it, and looks
// whether Palette shows every version that is as it should be; it writes what
// it found into the report. Registries in which nothing changed are read only
// where Palette lacks something of them.
func (e *Executor) FollowUp(ctx context.Context, r *Report) {
	s := e.stations()
	defer s.Close()
	if len(s.all) == 0 || r.Interrupted {
		return
	}
	syncs := make([]PaletteSync, len(s.all))
	packs := make([][]PaletteVersion, len(s.all))
	s.each(func(i int, st *station) { syncs[i], packs[i] = e.followAt(ctx, st, r) })
	r.Palette = &PaletteReport{Registries: syncs, Packs: []PaletteVersion{}}
	for _, p := range packs {
		r.Palette.Packs = append(r.Palette.Packs, p...)
	}
	r.Summarize()
	r.Interrupted = e.ended(ctx)
}

func (e *Executor) followAt(ctx context.Context, st *station, r *Report) (PaletteSync, []PaletteVersion) {
	if err := st.locate(ctx); err != nil {
		s := st.newSync()
		s.fail(SyncUnknown, err)
		return s, nil
	}
	packs := e.published(st, r)
	if changedIn(r, st.spec.Name) {
		s := e.sync(ctx, st, SyncOptions{Wait: true})
		return s, e.verifySynced(ctx, st, packs, &s)
	}
	found := e.verifyAt(ctx, st, packs)
	if !slices.ContainsFunc(found, func(v PaletteVersion) bool { return v.State == VersionMissing || v.State == VersionDifferent }) {
		return e.standing(ctx, st), found
	}
	s := e.sync(ctx, st, SyncOptions{Wait: true})
	return s, e.verifySynced(ctx, st, packs, &s)
}

// verifySynced verifies after a sync: what is missing while it still goes on
// has timed out.
func (e *Executor) verifySynced(ctx context.Context, st *station, packs []sought, s *PaletteSync) []PaletteVersion {
	found := e.verifyAt(ctx, st, packs)
	if s.State != SyncTimedOut && s.State != SyncRunning {
		return found
	}
	for i := range found {
		if v := &found[i]; v.State == VersionMissing || v.State == VersionDifferent {
			v.State, v.Reason, v.Hint = VersionTimedOut, "Palette has not read it yet: the sync goes on", s.Hint
		}
	}
	return found
}

// published are the versions that the registry holds as they should be.
func (e *Executor) published(st *station, r *Report) []sought {
	local := make(map[string]*manifest.Pack, len(e.chosen))
	for _, p := range e.chosen {
		local[p.Name+"@"+p.Version] = p
	}
	var packs []sought
	for i := range r.Items {
		it := &r.Items[i]
		if it.Registry != st.spec.Name || it.Status != StatusDone || it.Version == "" || it.Action == plan.Delete {
			continue
		}
		p := sought{name: it.Name, version: it.Version}
		if it.Path != "" {
			p.pack = local[it.Name+"@"+it.Version]
		}
		packs = append(packs, p)
	}
	return packs
}

// changedIn tells whether an apply changed what a registry holds.
func changedIn(r *Report, name string) bool {
	return slices.ContainsFunc(r.Items, func(it Item) bool {
		return it.Registry == name && it.Status == StatusDone &&
			(it.Action == plan.Push || it.Action == plan.Overwrite || it.Action == plan.Delete)
	})
}

// paletteSteps are what apply --palette does after the actions of a plan.
func (e *Executor) paletteSteps(p *plan.Plan) []plan.PaletteStep {
	var steps []plan.PaletteStep
	for _, t := range e.targets {
		if t.spec.Palette == nil {
			continue
		}
		step := plan.PaletteStep{
			Registry: t.spec.Name, Palette: palette.HostOf(e.apiOf(t).Endpoint), Name: t.spec.Palette.Name, Timeout: syncTimeout(t.spec.Palette).String(),
		}
		for i := range p.Actions {
			a := &p.Actions[i]
			if a.Registry != t.spec.Name {
				continue
			}
			switch a.Kind {
			case plan.Push, plan.Overwrite:
				step.Sync = true
				step.Versions++
			case plan.Delete:
				step.Sync = true
			case plan.Unchanged:
				step.Versions++
			case plan.CreateProject, plan.CreateRepository, plan.UpdateRepository, plan.Conflict, plan.Unknown, plan.Skip:
			}
		}
		steps = append(steps, step)
	}
	return steps
}
