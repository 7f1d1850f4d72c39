package executor

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// ErrInterrupted says that a run was stopped before it had started everything.
var ErrInterrupted = errors.New("interrupted")

// ErrStale says that what a plan saw is no longer so.
var ErrStale = errors.New("changed since it was planned")

// errNotCreated is the cause of pushes whose repository or project could not be made.
var errNotCreated = errors.New("what it goes into could not be created")

// run is one apply.
type run struct {
	*Executor
	plan    *plan.Plan
	items   []Item
	workers chan struct{}            // one for each pack that is being read and compressed
	slots   map[string]chan struct{} // by registry: one for each push in flight
	created map[string]*creation     // by registry and repository or project
	halted  atomic.Bool              // a failure with FailFast
}

// creation is a project or repository that is being made; done is closed when
// it is there or cannot be made.
type creation struct {
	done chan struct{}
	err  error
}

// Apply carries out a plan that Plan returned and reports on every action of
// it, in its order. The error is non-nil only where nothing could be started;
// what failed is in the report (see Report.Err).
func (e *Executor) Apply(ctx context.Context, p *plan.Plan) (*Report, error) {
	r := e.newRun(p)
	jobs, err := r.jobs()
	if err != nil {
		return nil, err
	}
	writes, size := 0, int64(0)
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Kind.Writes() {
			writes++
			size += a.Bytes
		}
	}
	e.events.emit(Event{Type: EventApplyStarted, Total: writes, Bytes: size})
	r.settle()
	r.carryOut(ctx, jobs)
	r.deleteAll(ctx)
	e.events.emit(Event{Type: EventApplyDone})
	return r.report(ctx), nil
}

func (e *Executor) newRun(p *plan.Plan) *run {
	r := &run{
		Executor: e, plan: p, items: make([]Item, len(p.Actions)),
		workers: make(chan struct{}, e.opts.Workers),
		slots:   make(map[string]chan struct{}), created: make(map[string]*creation),
	}
	for _, t := range e.targets {
		r.slots[t.spec.Name] = make(chan struct{}, concurrency(t.spec))
	}
	for i := range p.Actions {
		a := &p.Actions[i]
		r.items[i] = newItem(a)
		if creates(a.Kind) {
			r.created[a.Registry+" "+a.Repository] = &creation{done: make(chan struct{})}
		}
	}
	return r
}

func newItem(a *plan.Action) Item {
	return Item{
		Action: a.Kind, Registry: a.Registry, Repository: a.Repository, Name: a.Name, Version: a.Version, Path: a.Path, From: a.From, Subject: a.Subject,
		Reference: a.Reference, ContentDigest: a.ContentDigest, Reason: a.Reason, Changes: a.Changes,
		Warning: a.Warning, Hint: a.Hint, Status: StatusSkipped,
	}
}

// job is the actions that publish one pack, which is read and compressed once,
// or that copy one version from a registry.
type job struct {
	pack    *manifest.Pack // nil for a copy
	copied  *copied        // nil for a pack on disk
	actions []int          // indices into the plan
}

// jobs groups pushes by what is pushed, in the order of the plan.
func (r *run) jobs() ([]*job, error) {
	packs := make(map[string]*manifest.Pack, len(r.chosen))
	for _, p := range r.chosen {
		packs[p.Path] = p
	}
	var jobs []*job
	byPack, byCopy := make(map[*manifest.Pack]*job), make(map[*copied]*job)
	for i := range r.plan.Actions {
		a := &r.plan.Actions[i]
		if r.target(a.Registry) == nil {
			return nil, fmt.Errorf("%w: registry %s is not among those of this run", ErrStale, a.Registry)
		}
		if a.Kind != plan.Push && a.Kind != plan.Overwrite {
			continue
		}
		var j *job
		if a.From != "" {
			c := r.copies[copyKey{a.From, a.Name, a.Version}]
			if c == nil {
				return nil, fmt.Errorf("%w: %s@%s from %s is not among what this run copies", ErrStale, a.Name, a.Version, a.From)
			}
			j = jobOf(byCopy, c, &jobs)
			j.copied = c
		} else {
			p := packs[a.Path]
			if p == nil || p.Name != a.Name || p.Version != a.Version {
				return nil, fmt.Errorf("%w: pack %s@%s at %s is not among those of this run", ErrStale, a.Name, a.Version, a.Path)
			}
			j = jobOf(byPack, p, &jobs)
			j.pack = p
		}
		j.actions = append(j.actions, i)
	}
	return jobs, nil
}

// jobOf returns the job of something, which it makes where there is none.
func jobOf[K comparable](known map[K]*job, of K, jobs *[]*job) *job {
	j := known[of]
	if j == nil {
		j = &job{}
		known[of] = j
		*jobs = append(*jobs, j)
	}
	return j
}

// settle finishes the items that need no work.
func (r *run) settle() {
	for i := range r.items {
		it, a := &r.items[i], &r.plan.Actions[i]
		if a.Observed != nil {
			it.Digest = a.Observed.Digest
		}
		switch a.Kind {
		case plan.Unchanged:
			it.Status = StatusDone
		case plan.Conflict:
			it.Status, it.Err, it.Error = StatusConflict, ErrConflict, a.Reason
		case plan.Unknown:
			it.fail(a.Err)
		case plan.Skip, plan.CreateProject, plan.CreateRepository, plan.UpdateRepository, plan.Push, plan.Overwrite, plan.Delete, plan.DeleteRepository:
			continue
		}
		r.finish(i)
	}
}

// finish tells the listener of an item's end.
func (r *run) finish(i int) {
	if r.items[i].Status == StatusFailed && r.opts.FailFast {
		r.halted.Store(true)
	}
	r.events.emit(Event{Type: EventItemFinished, Item: r.items[i]})
}

// carryOut creates what is missing and publishes packs, all at once within the
// limits of each registry.
func (r *run) carryOut(ctx context.Context, jobs []*job) {
	g := new(errgroup.Group) // its functions report into items and return nil
	g.Go(func() error { r.createAll(ctx); return nil })
	packs := new(errgroup.Group)
	packs.SetLimit(r.inFlight())
	for _, j := range jobs {
		packs.Go(func() error { r.publish(ctx, j); return nil })
	}
	_ = packs.Wait()
	_ = g.Wait()
}

// inFlight is how many packs may be under way: enough for every registry to be
// busy while archives are being made.
func (r *run) inFlight() int {
	n := r.opts.Workers
	for _, s := range r.slots {
		n += cap(s)
	}
	return n
}

// mayStart tells whether something new may start; where not, it says so in the item.
func (r *run) mayStart(ctx context.Context, i int) bool {
	switch {
	case r.ended(ctx):
		r.items[i].Reason = "not started: the run was interrupted"
	case r.halted.Load():
		r.items[i].Reason = "not started: an earlier failure stopped the run (--fail-fast)"
	default:
		return true
	}
	r.items[i].Status = StatusSkipped
	return false
}

func (r *run) report(ctx context.Context) *Report {
	rep := &Report{
		APIVersion: plan.APIVersion, Kind: ReportKind, Tool: r.opts.Tool, Source: r.opts.Source, Shard: r.opts.Shard.Ref(),
		Summary: Summarize(r.items), Items: r.items, Remarks: r.plan.Remarks,
	}
	rep.Interrupted = r.ended(ctx)
	return rep
}

// interrupted is the error of a run that was stopped while it planned.
func (e *Executor) interrupted(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("%w: %w", ErrInterrupted, context.Cause(ctx))
	}
	if e.stopped() {
		return ErrInterrupted
	}
	return nil
}
