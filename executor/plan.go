package executor

import (
	"context"
	"fmt"
	"path"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// survey is what a plan is computed from, gathered by many goroutines.
type survey struct {
	versions []plan.Version   // one for each pack and registry
	packs    []*manifest.Pack // nil for what is copied from a registry
	copies   []*copied        // nil for a pack on disk
	rewrites []bool           // whether the manifest of a copy is written anew
	targets  []*target
	seen     []seen
	states   []plan.State

	digests map[*manifest.Pack]hashed

	queue  *queue   // packs to be read
	order  []int    // by version: the place of its pack among the distinct ones; -1 for a copy
	places []places // by place of the target in Executor.targets
	wishes []*wishes
	rivals []rival
	signed []int // copies that what belongs to them comes along with

	sidecarsAt int // where that begins among the versions
}

// forget lets go of what is now in the terms of package plan: there may be
// 10,000 packs.
func (s *survey) forget() {
	s.versions, s.seen, s.states, s.digests, s.order, s.packs, s.copies, s.targets = nil, nil, nil, nil, nil, nil, nil, nil
}

type hashed struct {
	digest string
	bytes  int64
}

// Plan hashes the packs, observes the registries and computes what to do. A
// pack that cannot be read is an error; a registry that cannot be asked gives
// actions of kind unknown, and the others are planned.
func (e *Executor) Plan(ctx context.Context) (*plan.Plan, error) {
	s := e.newSurvey()
	if err := e.addCopies(ctx, s); err != nil {
		return nil, err
	}
	if err := e.hashAndObserve(ctx, s); err != nil {
		return nil, err
	}
	if err := e.addSidecars(ctx, s); err != nil {
		return nil, err
	}
	if err := e.compare(ctx, s); err != nil {
		return nil, err
	}
	if err := e.collisions(ctx, s); err != nil {
		return nil, err
	}
	e.remember(s)
	desired, observed := e.summary(s)
	s.forget()
	var err error
	if observed.Holdings, err = e.lookForDoomed(ctx, &desired); err != nil {
		return nil, err
	}
	p := plan.Compute(desired, observed)
	p.Tool, p.Source, p.Shard = e.opts.Tool, e.opts.Source, e.opts.Shard.Ref()
	for _, w := range s.wishes {
		p.Remarks = append(p.Remarks, e.remarks(w, p)...)
	}
	p.Palette = e.paletteSteps(p)
	p.Remarks = append(append(p.Remarks, e.undeletable()...), e.profilesAt(ctx, p)...)
	if e.opts.Unmanaged {
		if err := e.addUnmanaged(ctx, s, p); err != nil {
			return nil, err
		}
	}
	return p, nil
}

// summary is the survey in the terms of package plan.
func (e *Executor) summary(s *survey) (plan.Desired, plan.Observed) {
	d := plan.Desired{Versions: s.versions, UpdateRepositories: e.opts.UpdateRepositories}
	o := plan.Observed{
		Projects: make(map[string]plan.Existence), BasePaths: make(map[string]plan.Existence),
		Versions: make(map[plan.Key]plan.State, len(s.versions)),
	}
	for i, t := range e.targets {
		name, found := t.spec.Name, &s.places[i]
		_, creates := t.Registry.(registry.RepositoryCreator)
		d.Registries = append(d.Registries, plan.Registry{Name: name, Project: t.project(), BasePath: t.basePath(), Repositories: creates, Settings: newRepositories(t.spec)})
		o.Projects[name], o.BasePaths[name] = found.project, found.basePath
		o.Settings = append(o.Settings, found.settings...)
		if err := found.settling; err != nil {
			o.Unsettled = append(o.Unsettled, plan.Unsettled{Registry: name, Repository: t.spec.Base(), Err: err, Hint: hintOf(err)})
		}
	}
	for i := range s.versions {
		o.Versions[s.versions[i].Key()] = s.states[i]
	}
	for _, w := range s.wishes {
		for _, u := range e.unknown(w) {
			if !slices.ContainsFunc(d.Unlisted, func(other plan.Unlisted) bool {
				return other.Registry == u.Registry && other.From == u.From && other.Repository == u.Repository
			}) {
				d.Unlisted = append(d.Unlisted, u)
			}
		}
	}
	return d, o
}

func (e *Executor) newSurvey() *survey {
	s := &survey{digests: make(map[*manifest.Pack]hashed, len(e.chosen)), places: make([]places, len(e.targets))}
	most := 0
	for _, p := range e.chosen {
		most += len(p.Targets)
	}
	s.versions = make([]plan.Version, 0, most) // at once: there may be 10,000 packs
	s.packs = make([]*manifest.Pack, 0, most)
	s.targets = make([]*target, 0, most)
	for _, p := range e.chosen {
		for _, want := range p.Targets {
			t := e.target(want.Registry)
			if t == nil {
				continue
			}
			s.versions = append(s.versions, e.desired(p, want, t.spec))
			s.packs = append(s.packs, p)
			s.copies, s.rewrites = append(s.copies, nil), append(s.rewrites, false)
			s.targets = append(s.targets, t)
		}
	}
	return s
}

func (e *Executor) desired(p *manifest.Pack, want manifest.Target, r *manifest.Registry) plan.Version {
	onChange := string(want.OnChange)
	if e.overwrite[p.Name+"@"+p.Version] {
		onChange = string(manifest.OnChangeOverwrite)
	}
	return plan.Version{
		Registry: r.Name, Repository: r.Repository(p.Name), Name: p.Name, Version: p.Version, Path: p.Path,
		OnChange: onChange, RepairShape: e.opts.RepairShape,
	}
}

// hashAndObserve does both at once: hashing is bound by cores and disk,
// observing by each registry's own limits.
func (e *Executor) hashAndObserve(ctx context.Context, s *survey) error {
	s.seen = make([]seen, len(s.versions))
	s.states = make([]plan.State, len(s.versions))
	packs := s.distinctPacks()
	s.queue = newQueue(len(packs), len(e.targets), e.opts.Ahead)
	e.events.emit(Event{Type: EventPlanStarted, Total: len(packs) + len(e.copies) + len(s.versions)})
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return e.hash(ctx, s, packs) })
	all.Go(func() error { return e.observeSources(ctx) })
	for i, t := range e.targets {
		all.Go(func() error {
			defer s.queue.leave()
			return e.observeAll(ctx, s, t, &s.places[i])
		})
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for i := range s.versions {
		v := &s.versions[i]
		if s.copies[i] != nil {
			s.describe(i)
		} else {
			h := s.digests[s.packs[i]]
			v.ContentDigest, v.Bytes = h.digest, h.bytes
		}
		v.Reference = s.targets[i].spec.Reference(v.Name, v.Version) // only now the host is known for sure
		s.states[i] = s.seen[i].state(s.versions[i].Name, s.versions[i].Version)
	}
	return nil
}

func (s *survey) distinctPacks() []*manifest.Pack {
	var packs []*manifest.Pack
	for i, p := range s.packs {
		if p == nil {
			s.order = append(s.order, -1)
			continue
		}
		if i == 0 || s.packs[i-1] != p {
			packs = append(packs, p)
		}
		s.order = append(s.order, len(packs)-1)
	}
	return packs
}

// remember keeps what spares requests when the plan is applied.
func (e *Executor) remember(s *survey) {
	now := e.opts.Now()
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range s.versions {
		v := &s.versions[i]
		switch {
		case s.states[i].Err != nil:
		case !s.seen[i].present:
			e.seen[v.Key()] = now
		case s.seen[i].info.Shape == shape(s.targets[i].spec):
			e.hasConfig[v.Registry+" "+v.Repository] = true
		}
	}
}

func shape(r *manifest.Registry) artifact.Shape {
	if r.Artifact.Shape == "" {
		return artifact.Shape10
	}
	return artifact.Shape(r.Artifact.Shape)
}

const defaultConcurrency = transport.DefaultConcurrency

func concurrency(r *manifest.Registry) int {
	if r.Limits.Concurrency > 0 {
		return r.Limits.Concurrency
	}
	return defaultConcurrency
}

// PackError is a pack on disk that cannot be read, or that changed while it was.
type PackError struct {
	Path string // of the pack, relative to packs.yaml
	Err  error
}

// Error returns pack PATH: CAUSE.
func (e *PackError) Error() string { return fmt.Sprintf("pack %s: %v", path.Clean(e.Path), e.Err) }

// Unwrap returns the cause.
func (e *PackError) Unwrap() error { return e.Err }
