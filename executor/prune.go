package executor

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// PlanPrune plans deletes alone, for a run that pushes nothing: see
// Options.Prune, which must be set.
func (e *Executor) PlanPrune(ctx context.Context) (*plan.Plan, error) {
	s := e.newSurvey()
	if err := e.addCopies(ctx, s); err != nil {
		return nil, err
	}
	d := plan.Desired{Versions: s.versions}
	for _, w := range s.wishes {
		d.Unlisted = append(d.Unlisted, e.unknown(w)...)
	}
	for _, t := range e.targets {
		d.Registries = append(d.Registries, plan.Registry{Name: t.spec.Name})
	}
	g := new(errgroup.Group)
	for _, t := range e.targets {
		g.Go(func() error { t.lost = t.locate(ctx); return nil })
	}
	_ = g.Wait() // its functions only return nil
	if err := e.interrupted(ctx); err != nil {
		return nil, err
	}
	holdings, err := e.lookForDoomed(ctx, &d)
	if err != nil {
		return nil, err
	}
	d.Pruning.Alone = true
	p := plan.ComputePrune(d, holdings)
	p.Tool, p.Source, p.Shard = e.opts.Tool, e.opts.Source, e.opts.Shard.Ref()
	p.Remarks = append(p.Remarks, e.undeletable()...)
	return p, nil
}

// checkPrune tells why nothing can be pruned: what shall go is worked out from
// the whole of packs.yaml.
func (e *Executor) checkPrune() error {
	if !e.opts.Prune {
		return nil
	}
	refuse := func(format string, args ...any) error {
		return &InputError{Option: "prune", Message: fmt.Sprintf(format, args...)}
	}
	c := e.catalog
	switch {
	case len(e.opts.Packs) > 0:
		return refuse("what shall go is worked out from the whole of %s: leave --pack out", c.File)
	case len(c.Broken) > 0:
		return refuse("what %s lists is not known: %s cannot be read as a pack", c.File, c.Broken[0].Path)
	case c.Prune == nil || c.Prune.NewerThan == 0:
		return nil
	}
	for _, t := range e.targets {
		if _, ok := t.Registry.(registry.PushTimer); !ok {
			return refuse("%s:%d: newerThan needs to know when versions were pushed, and registry %s, of type %s, does not tell: leave it out, or name other registries by --registry",
				c.File, c.Prune.Position.Line, t.spec.Name, t.spec.Type)
		}
	}
	return nil
}

// retires tells whether packs.yaml retires versions in a registry.
func retires(c *manifest.Catalog, name string) bool {
	return slices.ContainsFunc(c.Retired, func(r manifest.Retired) bool { return retiredIn(&r, name) })
}

func retiredIn(r *manifest.Retired, registry string) bool {
	return len(r.Registries) == 0 || slices.Contains(r.Registries, registry)
}

// pruning is what packs.yaml and the options say of deletes; nil where that is nothing.
func (e *Executor) pruning() *plan.Pruning {
	p := &plan.Pruning{
		Shown: !e.opts.Prune, Unmanaged: e.opts.IncludeUnmanaged, Repositories: e.opts.PruneRepositories, Now: e.opts.Now(),
	}
	for i := range e.catalog.Retired {
		r := &e.catalog.Retired[i]
		p.Retired = append(p.Retired, plan.Retired{Name: r.Name, Versions: r.Versions, Registries: r.Registries, Reason: r.Reason})
	}
	if k := e.catalog.Prune; k != nil && e.opts.Prune {
		p.Keep = &plan.Keep{Last: k.Last, NewerThan: k.NewerThan, Matching: k.Matching}
	}
	if len(p.Retired) == 0 && !e.opts.Prune {
		return nil
	}
	return p
}

// lookForDoomed looks for what may have to go, and lets d say what does. It lists
// the repositories of retired packs, and with Options.Prune those of all packs
// that packs.yaml names; it looks at versions that nothing keeps.
func (e *Executor) lookForDoomed(ctx context.Context, d *plan.Desired) ([]plan.Holding, error) {
	d.Pruning = e.pruning()
	if d.Pruning == nil {
		return nil, nil
	}
	if len(d.Unlisted) > 0 && e.opts.Prune {
		u := &d.Unlisted[0]
		return nil, &InputError{Option: "prune", Message: fmt.Sprintf(
			"what %s lists is not known, and so nothing that it does not list may go: %s could not be listed: %v", e.catalog.File, u.From, u.Err)}
	}
	if err := e.retiredAndWanted(d); err != nil {
		return nil, err
	}
	all := make([][]plan.Holding, len(e.targets))
	g := new(errgroup.Group) // its functions report into the holdings and return nil
	for i, t := range e.targets {
		g.Go(func() error {
			all[i] = e.holdings(ctx, t, d, e.mayHold(t, d))
			return nil
		})
	}
	_ = g.Wait()
	return slices.Concat(all...), e.interrupted(ctx)
}

// retiredAndWanted refuses to delete what a from: entry copies: manifest.Load
// knows of packs on disk only.
func (e *Executor) retiredAndWanted(d *plan.Desired) error {
	for i := range e.catalog.Retired {
		r := &e.catalog.Retired[i]
		versions, err := version.ParseRetired(r.Versions)
		if err != nil {
			return err // a catalog that manifest.Load did not read
		}
		for k := range d.Versions {
			v := &d.Versions[k]
			if v.Name != r.Name || !retiredIn(r, v.Registry) {
				continue
			}
			if in, _ := versions.Contains(v.Version); in {
				return &InputError{
					Option: fmt.Sprintf("%s:%d: retired", e.catalog.File, r.Position.Line), Value: v.Name,
					Message: fmt.Sprintf("%s is still sent to %s: narrow versions, or leave it out there", v.Version, v.Registry),
				}
			}
		}
	}
	return nil
}

// mayHold returns the names of the packs whose repositories in a registry may
// hold what has to go, sorted.
func (e *Executor) mayHold(t *target, d *plan.Desired) []string {
	names := make(map[string]bool)
	for i := range e.catalog.Retired {
		r := &e.catalog.Retired[i]
		if retiredIn(r, t.spec.Name) || e.opts.Prune {
			names[r.Name] = true
		}
	}
	if e.opts.Prune {
		for i := range d.Versions {
			names[d.Versions[i].Name] = true
		}
		for _, name := range e.named() {
			names[name] = true
		}
	}
	maps.DeleteFunc(names, func(name string, _ bool) bool { return !e.mayPrune(name) })
	return slices.Sorted(maps.Keys(names))
}

// mayPrune tells whether the options let a pack's repository take part.
func (e *Executor) mayPrune(name string) bool {
	if !e.opts.Shard.HasPack(name) {
		return false
	}
	return len(e.opts.Packs) == 0 || slices.ContainsFunc(e.opts.Packs, func(selector string) bool {
		pattern, versions, _ := strings.Cut(selector, "@")
		return versions == "" && matches(pattern, name) // of NAME@RANGE only versions that packs.yaml has are meant
	})
}

// holdings lists repositories of a registry, and looks at the versions that may
// have to go.
func (e *Executor) holdings(ctx context.Context, t *target, d *plan.Desired, names []string) []plan.Holding {
	all := make([]plan.Holding, len(names))
	for i, name := range names {
		_, deletable := t.Registry.(registry.RepositoryDeleter)
		all[i] = plan.Holding{
			Registry: t.spec.Name, Repository: t.spec.Repository(name), Name: name, Deletable: deletable,
			Address: t.spec.Address() + "/" + t.spec.Repository(name), Err: t.lost,
		}
	}
	if t.lost != nil {
		return all
	}
	e.each(ctx, t, len(all), func(i int) { e.list(ctx, t, &all[i]) })
	if d.Pruning.Repositories {
		e.markExisting(ctx, t, all)
	}
	type spot struct{ holding, version int }
	var doomed []spot
	for i, versions := range plan.Doomed(d, all) {
		for k := range all[i].Versions {
			if slices.Contains(versions, all[i].Versions[k].Version) {
				doomed = append(doomed, spot{i, k})
			}
		}
	}
	e.each(ctx, t, len(doomed), func(i int) {
		h := &all[doomed[i].holding]
		e.lookAt(ctx, t, h, &h.Versions[doomed[i].version])
	})
	for i := range all {
		all[i].Versions = slices.DeleteFunc(all[i].Versions, func(v plan.Held) bool { return errors.Is(v.Err, errVanished) })
	}
	return all
}

// each calls do for 0 to n-1, within the limits of a registry.
func (e *Executor) each(ctx context.Context, t *target, n int, do func(i int)) {
	g := new(errgroup.Group) // its functions only return nil
	g.SetLimit(concurrency(t.spec))
	for i := range n {
		g.Go(func() error {
			if !e.ended(ctx) {
				do(i)
			}
			return nil
		})
	}
	_ = g.Wait()
}

// list fills in which versions a repository holds, and when they were pushed
// where that matters.
func (e *Executor) list(ctx context.Context, t *target, h *plan.Holding) {
	s := stock{name: h.Name, repository: h.Repository}
	s.list(ctx, t)
	if h.Err = s.err; h.Err != nil {
		return
	}
	times, err := e.pushTimes(ctx, t, h.Repository)
	if h.Err = err; err != nil {
		return
	}
	h.Sidecars, h.Exists = s.sidecars, len(s.versions)+len(s.sidecars) > 0
	for _, v := range s.versions {
		h.Versions = append(h.Versions, plan.Held{Version: v, PushedAt: times[v]})
	}
}

// pushTimes asks when versions were pushed, where a rule goes by that.
func (e *Executor) pushTimes(ctx context.Context, t *target, repository string) (map[string]time.Time, error) {
	timer, ok := t.Registry.(registry.PushTimer)
	if c := e.catalog; !ok || !e.opts.Prune || c.Prune == nil || c.Prune.NewerThan == 0 {
		return map[string]time.Time{}, nil
	}
	return timer.PushTimes(ctx, repository)
}

// markExisting finds repositories that are there without a tag.
func (e *Executor) markExisting(ctx context.Context, t *target, all []plan.Holding) {
	names, err := list(ctx, t)
	if err != nil {
		e.opts.Logger.Info("empty repositories are not known", "registry", t.spec.Name, "error", err)
		return
	}
	there := make(map[string]bool, len(names))
	for _, name := range names {
		there[name] = true
	}
	for i := range all {
		all[i].Exists = all[i].Exists || there[all[i].Name]
	}
}

// lookAt fills in what a version is.
func (e *Executor) lookAt(ctx context.Context, t *target, h *plan.Holding, v *plan.Held) {
	now := e.observe(ctx, t, h.Repository, v.Version)
	switch {
	case now.err != nil:
		v.Err = now.err
	case !now.present:
		v.Err = errVanished
	default:
		v.Digest = now.info.Manifest.Digest.String()
		v.ContentDigest = now.state(h.Name, v.Version).ContentDigest
		v.Managed = now.info.ContentDigest != ""
	}
}

// errVanished says that a version was listed and is not there.
var errVanished = errors.New("it was listed, and is gone")

// undeletable remarks on registries that cannot do what is asked of them.
func (e *Executor) undeletable() []string {
	var remarks []string
	for _, t := range e.targets {
		if _, ok := t.Registry.(registry.RepositoryDeleter); !ok && e.opts.PruneRepositories {
			remarks = append(remarks, fmt.Sprintf("%s: a registry of type %s cannot delete repositories", t.spec.Name, t.spec.Type))
		}
	}
	return remarks
}
