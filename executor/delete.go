package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/plan"
)

// deletes tells whether actions of a kind take something away.
func deletes(k plan.ActionKind) bool { return k == plan.Delete || k == plan.DeleteRepository }

// deleteAll carries out the deletes of the plan, when everything else is done.
// Without Options.Prune they are left, with a word.
func (r *run) deleteAll(ctx context.Context) {
	var own []int
	for i := range r.plan.Actions {
		switch a := &r.plan.Actions[i]; {
		case !deletes(a.Kind):
		case r.opts.Prune:
			own = append(own, i)
		default:
			r.items[i].Reason = a.Reason + "; `packs apply --prune` deletes it"
			r.finish(i)
		}
	}
	if !r.opts.Prune {
		return
	}
	r.sweep(ctx)
	g := new(errgroup.Group) // its functions report into items and return nil
	for _, t := range r.targets {
		g.Go(func() error {
			r.deleteIn(ctx, t, slices.DeleteFunc(slices.Clone(own), func(i int) bool { return r.plan.Actions[i].Registry != t.spec.Name }))
			return nil
		})
	}
	_ = g.Wait()
}

// sweep clears up after deletes that an earlier run was stopped in.
func (r *run) sweep(ctx context.Context) {
	for _, t := range r.targets {
		s, ok := t.Registry.(registry.Sweeper)
		if !ok || r.ended(ctx) {
			continue
		}
		if err := s.Sweep(ctx); err != nil {
			r.opts.Logger.Warn("what an earlier delete left behind is still there", "registry", t.spec.Name, "error", err)
		}
	}
}

// deleteIn carries out the deletes in one registry: repositories at once, and in
// each one after the other, in the order of the plan.
func (r *run) deleteIn(ctx context.Context, t *target, own []int) {
	byRepository := make(map[string][]int)
	var order []string
	for _, i := range own {
		repository := r.plan.Actions[i].Repository
		if byRepository[repository] == nil {
			order = append(order, repository)
		}
		byRepository[repository] = append(byRepository[repository], i)
	}
	g := new(errgroup.Group) // its functions report into items and return nil
	g.SetLimit(concurrency(t.spec))
	for _, repository := range order {
		g.Go(func() error {
			r.deleteFrom(ctx, t, byRepository[repository])
			return nil
		})
	}
	_ = g.Wait()
}

// deleteFrom carries out the deletes in one repository.
func (r *run) deleteFrom(ctx context.Context, t *target, own []int) {
	var todo []int
	var doomed []string
	for _, i := range own {
		if why := r.heldBack(i); why != "" {
			r.items[i].Reason = why
			r.finish(i)
			continue
		}
		todo = append(todo, i)
		if a := &r.plan.Actions[i]; a.Kind == plan.Delete {
			doomed = append(doomed, a.Version)
		}
	}
	for _, i := range todo {
		if !r.mayStart(ctx, i) {
			continue
		}
		r.events.emit(Event{Type: EventItemStarted, Item: r.items[i]})
		if r.plan.Actions[i].Kind == plan.Delete {
			r.deleteVersion(ctx, t, i, doomed)
		} else {
			r.deleteRepository(ctx, t, i)
		}
		r.finish(i)
	}
}

// heldBack says why a version stays: a newer one could not be published, which
// it may have been retired for. The same goes for its repository.
func (r *run) heldBack(i int) string {
	a := &r.plan.Actions[i]
	for k := range r.items {
		it := &r.items[k]
		if it.Registry != a.Registry || it.Repository != a.Repository || it.Name == "" || it.Status == StatusDone || deletes(it.Action) || it.Action == plan.Skip {
			continue
		}
		if a.Kind == plan.DeleteRepository || version.Compare(it.Version, a.Version) > 0 {
			return fmt.Sprintf("kept: %s@%s, which is newer, is not published as it should be", it.Name, it.Version)
		}
	}
	return ""
}

func (r *run) deleteVersion(ctx context.Context, t *target, i int, doomed []string) {
	a, it := &r.plan.Actions[i], &r.items[i]
	d, ok := t.Registry.(registry.Deleter)
	if !ok {
		it.fail(fmt.Errorf("%s: a registry of type %s cannot do this", a.Kind, t.spec.Type))
		return
	}
	err := d.Delete(ctx, registry.Deletion{
		Repository: a.Repository, Tag: a.Version, Digest: digest.Digest(a.Observed.Digest), Sidecars: a.Sidecars,
		Doomed: slices.DeleteFunc(slices.Clone(doomed), func(tag string) bool { return tag == a.Version }),
	})
	switch {
	case err == nil:
	case errors.Is(err, registry.ErrNotFound) && !errors.Is(err, registry.ErrNoProject):
		it.Reason = "it was gone already"
	default:
		it.fail(err)
		if errors.Is(err, registry.ErrMoved) {
			it.Status = StatusConflict
		}
		return
	}
	it.Status, it.Digest, it.Previous = StatusDone, "", a.Observed.Digest
}

func (r *run) deleteRepository(ctx context.Context, t *target, i int) {
	it := &r.items[i]
	d, ok := t.Registry.(registry.RepositoryDeleter)
	if !ok {
		it.fail(fmt.Errorf("%s: a registry of type %s cannot do this", it.Action, t.spec.Type))
		return
	}
	err := d.DeleteRepository(ctx, it.Repository)
	switch {
	case errors.Is(err, registry.ErrNotEmpty):
		it.Reason = "kept: it is not empty"
	case err != nil:
		it.fail(err)
	default:
		it.Status = StatusDone
	}
}
