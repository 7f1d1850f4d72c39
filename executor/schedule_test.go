package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// model is a registry in which time is drawn from a seed: each schedule of a run
// can be repeated. It stands for a registry's timing, not for its protocol,
// which the tests with real servers are for.
type model struct {
	mu     sync.Mutex
	rng    *rand.Rand
	broken float64 // share of pushes that fail
	held   map[string]*artifact.Artifact
	begun  map[string][]time.Time // pushes, by REPOSITORY:TAG
	failed []time.Time
	now    int
	most   int // at once
}

var errModel = errors.New("no luck")

func (m *model) enter() time.Duration {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now++
	m.most = max(m.most, m.now)
	return time.Duration(1+m.rng.IntN(50)) * time.Millisecond
}

func (m *model) leave() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.now--
}

func pass(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Manifest returns what a tag names, after some time.
func (m *model) Manifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error) {
	defer m.leave()
	if err := pass(ctx, m.enter()); err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	a := m.held[repository+":"+reference]
	if a == nil {
		return ocispec.Descriptor{}, nil, registry.ErrNotFound
	}
	return a.Manifest, a.Bytes, nil
}

// Push takes some time, and may fail before it did anything.
func (m *model) Push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint registry.Hint) (int64, error) {
	defer m.leave()
	took, key := m.enter(), repository+":"+tag
	m.mu.Lock()
	m.begun[key] = append(m.begun[key], time.Now())
	fails := m.rng.Float64() < m.broken
	m.mu.Unlock()
	if err := pass(ctx, took); err != nil {
		return 0, err
	}
	if err := hint.BeforeTag(ctx); err != nil {
		return 0, err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if fails {
		m.failed = append(m.failed, time.Now())
		return 0, errModel
	}
	m.held[key] = a
	return a.Layer.Size, nil
}

// Blob is not asked for: what is published has a content digest.
func (*model) Blob(context.Context, string, ocispec.Descriptor) (io.ReadCloser, error) {
	return nil, errModel
}

// Tags are not asked for.
func (*model) Tags(context.Context, string) ([]string, error) { return nil, errModel }

// Close does nothing.
func (*model) Close() error { return nil }

// schedule is one run that is drawn from a seed.
type schedule struct {
	catalog *manifest.Catalog
	rng     *rand.Rand
	limit   int
	models  map[string]*model
}

const schedulePacks = 7

// schedulePacksIn writes the packs that all schedules publish.
func schedulePacksIn(t *testing.T) *manifest.Catalog {
	t.Helper()
	c := &manifest.Catalog{File: "packs.yaml", Dir: t.TempDir()}
	for i := range schedulePacks {
		name := fmt.Sprint("p", i)
		dir := filepath.Join(c.Dir, name)
		meta := fmt.Sprintf(`{"name":%q,"displayName":"X","version":"1.0.0","layer":"addon"}`, name)
		if err := errors.Join(os.Mkdir(dir, 0o755), os.WriteFile(filepath.Join(dir, "pack.json"), []byte(meta), 0o644)); err != nil {
			t.Fatal(err)
		}
		p := manifest.Pack{Name: name, Version: "1.0.0", Path: name, Dir: dir}
		for _, r := range []string{"one", "two"} {
			p.Targets = append(p.Targets, manifest.Target{Registry: r, OnChange: manifest.OnChangeFail})
		}
		c.Packs = append(c.Packs, p)
	}
	return c
}

func newSchedule(packs *manifest.Catalog, seed uint64, broken float64) *schedule {
	s := &schedule{rng: rand.New(rand.NewPCG(seed, 0)), models: make(map[string]*model)}
	c := *packs
	s.catalog, s.limit = &c, 1+s.rng.IntN(4)
	for i, name := range []string{"one", "two"} {
		c.Registries = append(c.Registries, manifest.Registry{
			Name: name, Type: manifest.TypeLayout, Path: filepath.Join(c.Dir, "never"), Limits: manifest.Limits{Concurrency: s.limit},
		})
		s.models[name] = &model{
			rng: rand.New(rand.NewPCG(seed, uint64(i)+1)), broken: broken,
			held: make(map[string]*artifact.Artifact), begun: make(map[string][]time.Time),
		}
	}
	return s
}

func (s *schedule) executor(t *testing.T, o Options) *Executor {
	t.Helper()
	e, err := New(s.catalog, o)
	if err != nil {
		t.Fatal(err)
	}
	for _, target := range e.targets {
		target.Registry = s.models[target.spec.Name]
	}
	return e
}

// run plans and applies.
func (s *schedule) run(ctx context.Context, t *testing.T, o Options) (*Report, error) {
	t.Helper()
	e := s.executor(t, o)
	defer e.Close()
	p, err := e.Plan(ctx)
	if err != nil {
		return nil, err
	}
	return e.Apply(ctx, p)
}

// check holds what is true of every run, however it ended.
func (s *schedule) check(t *testing.T, what string, r *Report) {
	t.Helper()
	for name, m := range s.models {
		if m.most > s.limit {
			t.Errorf("%s: %d requests at once to %s, want at most %d", what, m.most, name, s.limit)
		}
		if m.now != 0 {
			t.Errorf("%s: %d requests to %s are still under way", what, m.now, name)
		}
		for key, times := range m.begun {
			if len(times) > 1 {
				t.Errorf("%s: %s was pushed %d times to %s", what, key, len(times), name)
			}
		}
	}
	if r == nil {
		return
	}
	for i := range r.Items {
		it := &r.Items[i]
		m, key := s.models[it.Registry], it.Repository+":"+it.Version
		started, held := len(m.begun[key]) > 0, m.held[key] != nil
		if ok := map[Status]bool{
			StatusDone: held, StatusFailed: !held && started, StatusSkipped: !held && !started,
		}[it.Status]; !ok {
			t.Errorf("%s: %s in %s is %s, but started %v and held %v", what, it.Name, it.Registry, it.Status, started, held)
		}
	}
	if len(r.Items) != 2*schedulePacks || !slices.IsSortedFunc(r.Items, func(a, b Item) int { return cmpItem(&a, &b) }) {
		t.Errorf("%s: %d items, or not in the order of the plan", what, len(r.Items))
	}
}

func cmpItem(a, b *Item) int {
	if a.Registry != b.Registry {
		return map[bool]int{true: -1, false: 1}[a.Registry < b.Registry]
	}
	return map[bool]int{true: -1, false: 1}[a.Name < b.Name]
}

const schedules = 40

// TestSchedules runs many schedules in virtual time: undisturbed, with failures,
// with failures that stop the run, stopped, and cancelled.
func TestSchedules(t *testing.T) {
	t.Parallel()
	packs := schedulePacksIn(t)
	for seed := range uint64(schedules) {
		synctest.Test(t, func(t *testing.T) {
			s := newSchedule(packs, seed, 0)
			r, err := s.run(t.Context(), t, Options{})
			if err != nil || r.Summary.Pushed != 2*schedulePacks {
				t.Errorf("seed %d: %+v, %v; want all pushed", seed, r, err)
			}
			s.check(t, fmt.Sprint("seed ", seed), r)
			for _, m := range s.models {
				clear(m.begun)
			}
			if r, err = s.run(t.Context(), t, Options{}); err != nil || r.Summary.Unchanged != 2*schedulePacks {
				t.Errorf("seed %d again: %+v, %v; want all unchanged", seed, r, err)
			}
		})
		synctest.Test(t, func(t *testing.T) {
			s := newSchedule(packs, seed, 0.3)
			r, err := s.run(t.Context(), t, Options{})
			if err != nil || r.Summary.Pushed+r.Summary.Failed != 2*schedulePacks {
				t.Errorf("seed %d with failures: %+v, %v; want all tried", seed, r, err)
			}
			s.check(t, fmt.Sprintf("seed %d with failures", seed), r)
		})
	}
}

// TestFailFastInEverySchedule: what began after a failure was told is a mistake.
func TestFailFastInEverySchedule(t *testing.T) {
	t.Parallel()
	packs := schedulePacksIn(t)
	for seed := range uint64(schedules) {
		synctest.Test(t, func(t *testing.T) {
			s := newSchedule(packs, seed, 0.3)
			r, err := s.run(t.Context(), t, Options{FailFast: true})
			if err != nil {
				t.Fatal(err)
			}
			s.check(t, fmt.Sprint("seed ", seed), r)
			var first time.Time
			for _, m := range s.models {
				for _, at := range m.failed {
					if first.IsZero() || at.Before(first) {
						first = at
					}
				}
			}
			if first.IsZero() {
				return // lucky
			}
			s.noneAfter(t, fmt.Sprint("seed ", seed), first)
		})
	}
}

// noneAfter fails where a push began after a moment.
func (s *schedule) noneAfter(t *testing.T, what string, moment time.Time) {
	t.Helper()
	for name, m := range s.models {
		for key, times := range m.begun {
			for _, at := range times {
				if at.After(moment) {
					t.Errorf("%s: %s began in %s %v after nothing more was to", what, key, name, at.Sub(moment))
				}
			}
		}
	}
}

// TestInterruptsInEverySchedule stops and cancels at moments drawn from the seed.
func TestInterruptsInEverySchedule(t *testing.T) {
	t.Parallel()
	packs := schedulePacksIn(t)
	for seed := range uint64(schedules) {
		for _, cancelled := range []bool{false, true} {
			synctest.Test(t, func(t *testing.T) {
				s := newSchedule(packs, seed, 0)
				what := fmt.Sprintf("seed %d, cancelled %v", seed, cancelled)
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				stop, moment := make(chan struct{}), time.Now().Add(time.Duration(s.rng.IntN(400))*time.Millisecond)
				var wg sync.WaitGroup
				wg.Go(func() {
					time.Sleep(time.Until(moment))
					if cancelled {
						cancel(ErrInterrupted)
						return
					}
					close(stop)
				})
				r, err := s.run(ctx, t, Options{Stop: stop})
				if ended := time.Now(); cancelled && ended.After(moment) && ended.Sub(moment) > time.Millisecond && (err != nil || r.Interrupted) {
					t.Errorf("%s: it went on for %v", what, ended.Sub(moment))
				}
				wg.Wait()
				if err != nil && (!errors.Is(err, ErrInterrupted) || r != nil) {
					t.Errorf("%s: %v", what, err)
				}
				s.check(t, what, r)
				s.noneAfter(t, what, moment)
			})
		}
	}
}

// TestOrderOfRegistriesAndPacksDoesNotMatter publishes the same catalog written
// in another order: every registry gets the same.
func TestOrderOfRegistriesAndPacksDoesNotMatter(t *testing.T) {
	t.Parallel()
	packs := schedulePacksIn(t)
	held := func(seed uint64, turn bool) map[string]string {
		s := newSchedule(packs, seed, 0)
		if turn {
			s.catalog.Packs = slices.Clone(s.catalog.Packs)
			slices.Reverse(s.catalog.Packs)
			slices.Reverse(s.catalog.Registries)
		}
		out := make(map[string]string)
		synctest.Test(t, func(t *testing.T) {
			if _, err := s.run(t.Context(), t, Options{}); err != nil {
				t.Error(err)
			}
			for name, m := range s.models {
				for key, a := range m.held {
					out[name+" "+key] = a.Manifest.Digest.String()
				}
			}
		})
		return out
	}
	if a, b := held(1, false), held(2, true); fmt.Sprint(a) != fmt.Sprint(b) || len(a) != 2*schedulePacks {
		t.Errorf("%v\n%v", a, b)
	}
}
