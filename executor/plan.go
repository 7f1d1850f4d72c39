package executor

import (
	"context"
	"fmt"
	"path"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// survey is what a plan is computed from, gathered by many goroutines.
type survey struct {
	versions []plan.Version // one for each pack and registry
	packs    []*manifest.Pack
	targets  []*target
	seen     []seen
	states   []plan.State

	digests map[*manifest.Pack]hashed

	mu        sync.Mutex
	basePaths map[string]plan.BasePath
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
	if err := e.hashAndObserve(ctx, s); err != nil {
		return nil, err
	}
	if err := e.compare(ctx, s); err != nil {
		return nil, err
	}
	desired := plan.Desired{Versions: s.versions}
	observed := plan.Observed{BasePaths: s.basePaths, Versions: make(map[plan.Key]plan.State, len(s.versions))}
	for _, t := range e.targets {
		desired.Registries = append(desired.Registries, plan.Registry{Name: t.spec.Name, BasePath: e.basePath(t)})
	}
	for i := range s.versions {
		observed.Versions[s.versions[i].Key()] = s.states[i]
	}
	e.remember(s)
	p := plan.Compute(desired, observed)
	p.Tool, p.Source = e.opts.Tool, e.opts.Source
	return p, nil
}

func (e *Executor) newSurvey() *survey {
	s := &survey{digests: make(map[*manifest.Pack]hashed, len(e.chosen)), basePaths: make(map[string]plan.BasePath)}
	for _, p := range e.chosen {
		for _, want := range p.Targets {
			t := e.target(want.Registry)
			if t == nil {
				continue
			}
			s.versions = append(s.versions, e.desired(p, want, t.spec))
			s.packs = append(s.packs, p)
			s.targets = append(s.targets, t)
		}
	}
	s.seen = make([]seen, len(s.versions))
	s.states = make([]plan.State, len(s.versions))
	return s
}

func (e *Executor) desired(p *manifest.Pack, want manifest.Target, r *manifest.Registry) plan.Version {
	onChange := string(want.OnChange)
	if e.overwrite[p.Name+"@"+p.Version] {
		onChange = string(manifest.OnChangeOverwrite)
	}
	return plan.Version{
		Registry: r.Name, Repository: r.Repository(p.Name), Name: p.Name, Version: p.Version, Path: p.Path,
		Reference: r.Reference(p.Name, p.Version), OnChange: onChange, RepairShape: e.opts.RepairShape,
	}
}

// basePath is the base path repository that a registry shall have, or "".
func (e *Executor) basePath(t *target) string {
	if _, can := t.Registry.(registry.BasePather); can && t.spec.BasePathRepository {
		return t.spec.Base()
	}
	return ""
}

// hashAndObserve does both at once: hashing is bound by cores and disk,
// observing by each registry's own limits.
func (e *Executor) hashAndObserve(ctx context.Context, s *survey) error {
	packs := s.distinctPacks()
	e.events.emit(Event{Type: EventPlanStarted, Total: len(packs) + len(s.versions)})
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return e.hash(ctx, s, packs) })
	for _, t := range e.targets {
		all.Go(func() error { return e.observeAll(ctx, s, t) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	for i := range s.versions {
		h := s.digests[s.packs[i]]
		s.versions[i].ContentDigest, s.versions[i].Bytes = h.digest, h.bytes
		s.states[i] = s.seen[i].state(s.versions[i].Name, s.versions[i].Version)
	}
	return nil
}

func (s *survey) distinctPacks() []*manifest.Pack {
	var packs []*manifest.Pack
	for i, p := range s.packs {
		if i == 0 || s.packs[i-1] != p {
			packs = append(packs, p)
		}
	}
	return packs
}

// observeAll asks one registry for all its versions and for its base path.
func (e *Executor) observeAll(ctx context.Context, s *survey, t *target) error {
	g := new(errgroup.Group)
	g.SetLimit(concurrency(t.spec))
	if base := e.basePath(t); base != "" {
		g.Go(func() error {
			present, err := t.Registry.(registry.BasePather).HasBasePath(ctx, base)
			s.mu.Lock()
			defer s.mu.Unlock()
			s.basePaths[t.spec.Name] = plan.BasePath{Present: present, Err: err}
			return nil
		})
	}
	for i := range s.versions {
		if s.targets[i] != t {
			continue
		}
		g.Go(func() error {
			if ctx.Err() != nil || e.stopped() {
				return nil
			}
			v := &s.versions[i]
			s.seen[i] = e.observe(ctx, t, v.Repository, v.Version)
			e.events.emit(Event{Type: EventPlanProgress})
			return nil
		})
	}
	_ = g.Wait() // its functions only return nil
	return e.interrupted(ctx)
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

const defaultConcurrency = 16

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
