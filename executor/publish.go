package executor

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/spool"
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
	if j.copied != nil {
		size := j.copied.size() // before the first target completes what is known of it
		r.each(todo, func(i int) { r.push(ctx, i, size, r.copyTo(ctx, i, j.copied)) })
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
	r.each(todo, func(i int) { r.push(ctx, i, layer.Size, r.pushing(ctx, i, r.packTo(i, j.pack, layer.Blob))) })
	if err := layer.Close(); err != nil {
		r.opts.Logger.Warn("a temporary file stays behind", "error", err)
	}
}

// each does something for actions, all at once.
func (r *run) each(actions []int, do func(i int)) {
	g := new(errgroup.Group) // its functions report into items and return nil
	for _, i := range actions {
		g.Go(func() error {
			do(i)
			return nil
		})
	}
	_ = g.Wait()
}

// making returns what is to be pushed for an action, and what is known of it.
type making func() (*artifact.Artifact, registry.Hint, error)

// push carries out one push or overwrite.
func (r *run) push(ctx context.Context, i int, size int64, do func() error) {
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
	r.events.emit(Event{Type: EventItemSize, Item: *it, Bytes: size})
	if err == nil {
		err = do()
	}
	if err != nil {
		it.fail(err)
	}
	r.finish(i)
}

// packTo makes the artifact of a pack on disk.
func (r *run) packTo(i int, p *manifest.Pack, layer artifact.Blob) making {
	return func() (*artifact.Artifact, registry.Hint, error) {
		a := &r.plan.Actions[i]
		art, err := newArtifact(layer, p.Name, p.Version, a.ContentDigest, r.target(a.Registry).spec)
		return art, registry.Hint{}, err
	}
}

// newArtifact wraps a layer as a registry wants it.
func newArtifact(layer artifact.Blob, name, version, contentDigest string, r *manifest.Registry) (*artifact.Artifact, error) {
	o := artifact.Options{Shape: shape(r), ContentDigest: contentDigest}
	if r.Artifact.ContentDigest == "none" {
		o.ContentDigest = ""
	}
	return artifact.New(layer, artifact.Title(name, version), o)
}

// pushing returns a function that pushes what is made.
func (r *run) pushing(ctx context.Context, i int, what making) func() error {
	return func() error { return r.pushTo(ctx, r.target(r.plan.Actions[i].Registry), i, what) }
}

func (r *run) pushTo(ctx context.Context, t *target, i int, what making) error {
	a, it := &r.plan.Actions[i], &r.items[i]
	art, hint, err := what()
	if err != nil {
		return err
	}
	if err := mends(a, art); err != nil {
		return err
	}
	started := *it
	hint.HasConfig = r.knowsConfig(a) && art.Config.Digest == artifact.Empty().Config.Digest
	hint.Progress = func(n int64) {
		r.events.emit(Event{Type: EventItemProgress, Item: started, Bytes: n})
	}
	hint.BeforeTag = func(ctx context.Context) error { return r.lookAgain(ctx, t, a, art) }
	for try := 1; ; try++ {
		it.Bytes, err = t.Push(ctx, a.Repository, a.Version, art, hint)
		if try == maxStreams || !brokenStream(err) || r.ended(ctx) {
			break
		}
	}
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

// mends refuses to replace what is damaged by other content: what a tag names is
// known by its digest, also where its files are not.
func mends(a *plan.Action, art *artifact.Artifact) error {
	ours := art.Manifest.Digest.String()
	if a.Kind != plan.Push || a.Observed == nil || a.Observed.Digest == "" || a.Observed.Digest == ours {
		return nil
	}
	return fmt.Errorf("%w: what is damaged was %s, and the pack would be %s: `packs apply --overwrite %s@%s` replaces it",
		ErrConflict, a.Observed.Digest, ours, a.Name, a.Version)
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
	case now.damaged != nil && held == planned:
		return nil // still
	case now.present && (held == art.Manifest.Digest.String() || a.ContentDigest != "" && now.info.ContentDigest == a.ContentDigest) && held != planned:
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
	var temp *spool.FileError
	switch {
	case errors.As(err, &re) && re.Hint != "":
		it.Hint = re.Hint
	case errors.As(err, &temp):
		it.Hint = fmt.Sprintf("free some space in %s, or let TMPDIR name a folder that has more", temp.Dir)
	}
	if errors.Is(err, ErrConflict) || errors.Is(err, registry.ErrImmutable) {
		it.Status = StatusConflict
	}
}
