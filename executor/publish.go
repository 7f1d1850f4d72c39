package executor

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// publish builds the archive of a pack once and pushes it to every registry
// that the plan names for it.
func (r *run) publish(ctx context.Context, j *job) {
	var todo []int
	for _, i := range j.actions {
		if r.mayStart(ctx, i) {
			todo = append(todo, i)
		}
	}
	if len(todo) == 0 {
		return
	}
	layer, err := r.layerOf(ctx, j.pack, r.plan.Actions[todo[0]].ContentDigest)
	if err != nil {
		for _, i := range todo {
			r.items[i].fail(&PackError{Path: j.pack.Path, Err: err})
			r.finish(i)
		}
		return
	}
	g := new(errgroup.Group) // its functions report into items and return nil
	for _, i := range todo {
		g.Go(func() error {
			r.push(ctx, i, j.pack, layer.Blob)
			return nil
		})
	}
	_ = g.Wait()
	if err := layer.Close(); err != nil {
		r.opts.Logger.Warn("a temporary file stays behind", "error", err)
	}
}

// push carries out one push or overwrite.
func (r *run) push(ctx context.Context, i int, p *manifest.Pack, layer artifact.Blob) {
	a, it := &r.plan.Actions[i], &r.items[i]
	// Wait for the repository first: who makes it needs a slot as well.
	err := r.await(ctx, a)
	slot := r.slots[a.Registry]
	slot <- struct{}{}
	defer func() { <-slot }()
	if err == nil && !r.mayStart(ctx, i) {
		return
	}
	r.events.emit(Event{Type: EventItemStarted, Item: *it})
	r.events.emit(Event{Type: EventItemSize, Item: *it, Bytes: layer.Size})
	if err == nil {
		err = r.pushTo(ctx, r.target(a.Registry), i, p, layer)
	}
	if err != nil {
		it.fail(err)
	}
	r.finish(i)
}

func (r *run) pushTo(ctx context.Context, t *target, i int, p *manifest.Pack, layer artifact.Blob) error {
	a, it := &r.plan.Actions[i], &r.items[i]
	o := artifact.Options{Shape: shape(t.spec), ContentDigest: a.ContentDigest}
	if t.spec.Artifact.ContentDigest == "none" {
		o.ContentDigest = ""
	}
	art, err := artifact.New(layer, artifact.Title(p.Name, p.Version), o)
	if err != nil {
		return err
	}
	started := *it
	hint := registry.Hint{
		HasConfig: r.knowsConfig(a),
		Progress: func(n int64) {
			r.events.emit(Event{Type: EventItemProgress, Item: started, Bytes: n})
		},
		BeforeTag: func(ctx context.Context) error { return r.lookAgain(ctx, t, a, art) },
	}
	it.Bytes, err = t.Push(ctx, a.Repository, a.Version, art, hint)
	var there *alreadyThere
	switch {
	case errors.As(err, &there):
		it.Status, it.Digest, it.Reason = StatusDone, there.digest, "somebody published the same content meanwhile"
		it.Action = plan.Unchanged
		return nil
	case err != nil:
		return err
	}
	it.Status, it.Digest = StatusDone, art.Manifest.Digest.String()
	if a.Observed != nil {
		it.Previous = a.Observed.Digest
	}
	return nil
}

// knowsConfig tells whether the repository was seen to hold a manifest of the
// same shape, and so the config blob.
func (r *run) knowsConfig(a *plan.Action) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.hasConfig[a.Registry+" "+a.Repository]
}

// alreadyThere stops a push: the registry got the same content from somebody else.
type alreadyThere struct{ digest string }

func (*alreadyThere) Error() string { return "already published with the same content" }

// lookAgain asks for the version once more, right before its tag is written,
// where what the plan saw is older than recheckAfter.
func (r *run) lookAgain(ctx context.Context, t *target, a *plan.Action, art *artifact.Artifact) error {
	key := plan.Key{Registry: a.Registry, Name: a.Name, Version: a.Version}
	r.mu.Lock()
	at, known := r.seen[key]
	r.mu.Unlock()
	if known && r.opts.Now().Sub(at) <= recheckAfter {
		return nil
	}
	now := r.observe(ctx, t, a.Repository, a.Version)
	planned := ""
	if a.Observed != nil {
		planned = a.Observed.Digest
	}
	held := now.info.Manifest.Digest.String()
	switch {
	case now.err != nil:
		return now.err
	case now.present && (held == art.Manifest.Digest.String() || now.info.ContentDigest == a.ContentDigest) && held != planned:
		return &alreadyThere{digest: held}
	case now.present && held != planned:
		return fmt.Errorf("%w: %s now holds %s", ErrConflict, a.Reference, held)
	case !now.present && planned != "":
		return fmt.Errorf("%w: %s was %s and is gone", ErrStale, a.Reference, planned)
	}
	return nil
}

// fail records why an item failed, and what to do about it where that is known.
func (it *Item) fail(err error) {
	it.Status, it.Err, it.Error = StatusFailed, err, err.Error()
	var re *registry.Error
	if errors.As(err, &re) && re.Hint != "" {
		it.Hint = re.Hint
	}
	if errors.Is(err, ErrConflict) || errors.Is(err, registry.ErrImmutable) {
		it.Status = StatusConflict
	}
}
