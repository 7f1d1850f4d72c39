package executor

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// creates tells whether actions of a kind make what others go into.
func creates(k plan.ActionKind) bool {
	return k == plan.CreateProject || k == plan.CreateRepository || k == plan.UpdateRepository
}

// createAll makes the projects and repositories of the plan.
func (r *run) createAll(ctx context.Context) {
	g := new(errgroup.Group) // its functions report into items and return nil
	for i := range r.plan.Actions {
		a := &r.plan.Actions[i]
		c := r.created[a.Registry+" "+a.Repository]
		if !creates(a.Kind) {
			continue
		}
		if !r.mayStart(ctx, i) {
			c.err = ErrInterrupted
			close(c.done)
			continue
		}
		g.Go(func() error {
			defer close(c.done)
			if c.err = r.await(ctx, a); c.err != nil {
				r.items[i].fail(c.err)
				r.finish(i)
				return nil
			}
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
	note, err := r.target(a.Registry).create(ctx, a)
	if err != nil {
		it.fail(err)
	} else {
		it.Status, it.Warning = StatusDone, note
	}
	r.finish(i)
	return err
}

// create makes one project or repository, or gives it its settings. The note
// tells what the registry did otherwise than was wished.
func (t *target) create(ctx context.Context, a *plan.Action) (note string, err error) {
	switch r := t.Registry.(type) {
	case registry.ProjectCreator:
		if a.Kind == plan.CreateProject {
			return r.CreateProject(ctx)
		}
	case registry.RepositoryCreator:
		if a.Kind == plan.CreateRepository {
			return "", r.CreateRepository(ctx, a.Repository)
		}
	}
	if s, ok := t.Registry.(registry.RepositorySettler); ok && a.Kind == plan.UpdateRepository {
		return "", s.UpdateRepository(ctx, a.Repository)
	}
	if b, ok := t.Registry.(registry.BasePather); ok && a.Kind == plan.CreateRepository && a.Repository == t.spec.Base() {
		return "", b.CreateBasePath(ctx, a.Repository)
	}
	return "", fmt.Errorf("%s: a registry of type %s cannot do this", a.Kind, t.spec.Type)
}

// await waits until everything that an action goes into is there: the project
// of its registry, and its repository.
func (r *run) await(ctx context.Context, a *plan.Action) error {
	places := []string{}
	if project := r.target(a.Registry).project(); project != "" && a.Kind != plan.CreateProject {
		places = append(places, project)
	}
	if a.Kind == plan.Push || a.Kind == plan.Overwrite {
		places = append(places, a.Repository)
	}
	for _, place := range places {
		c := r.created[a.Registry+" "+place]
		if c == nil {
			continue // it was there when the plan was made
		}
		select {
		case <-c.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if c.err != nil {
			return fmt.Errorf("%w: %w", errNotCreated, c.err)
		}
	}
	return nil
}
