package executor

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// createAll makes the projects and repositories of the plan.
func (r *run) createAll(ctx context.Context) {
	g := new(errgroup.Group) // its functions report into items and return nil
	for i := range r.plan.Actions {
		a := &r.plan.Actions[i]
		if a.Kind != plan.CreateProject && a.Kind != plan.CreateRepository {
			continue
		}
		c := r.created[a.Registry+" "+a.Repository]
		if !r.mayStart(ctx, i) {
			c.err = ErrInterrupted
			close(c.done)
			continue
		}
		g.Go(func() error {
			defer close(c.done)
			slot := r.slots[a.Registry]
			slot <- struct{}{}
			defer func() { <-slot }()
			c.err = r.create(ctx, i)
			return nil
		})
	}
	_ = g.Wait()
}

func (r *run) create(ctx context.Context, i int) error {
	a, it := &r.plan.Actions[i], &r.items[i]
	r.events.emit(Event{Type: EventItemStarted, Item: *it})
	err := r.target(a.Registry).create(ctx, a)
	if err != nil {
		it.fail(err)
	} else {
		it.Status = StatusDone
	}
	r.finish(i)
	return err
}

func (t *target) create(ctx context.Context, a *plan.Action) error {
	if b, ok := t.Registry.(registry.BasePather); ok && a.Kind == plan.CreateRepository && a.Repository == t.spec.Base() {
		return b.CreateBasePath(ctx, a.Repository)
	}
	return fmt.Errorf("%s: a registry of type %s cannot do this", a.Kind, t.spec.Type)
}

// await waits until everything that a push goes into is there.
func (r *run) await(ctx context.Context, a *plan.Action) error {
	c := r.created[a.Registry+" "+a.Repository]
	if c == nil {
		return nil
	}
	select {
	case <-c.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if c.err != nil {
		return fmt.Errorf("%w: %w", errNotCreated, c.err)
	}
	return nil
}
