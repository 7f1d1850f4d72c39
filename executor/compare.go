package executor

import (
	"context"
	"errors"

	"github.com/opencontainers/go-digest"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// compare reads the layers of versions that are there without our annotation,
// or with another content digest than wanted, and tells the files that differ.
func (e *Executor) compare(ctx context.Context, s *survey) error {
	var todo []int // chosen before any starts: one copy may be compared with many targets
	for i := range s.versions {
		if s.copies[i] != nil && s.copyToCompare(i) || s.copies[i] == nil && s.toCompare(i) {
			todo = append(todo, i)
		}
	}
	g := new(errgroup.Group)
	g.SetLimit(e.opts.Workers)
	for _, i := range todo {
		g.Go(func() error {
			switch {
			case e.ended(ctx):
			case s.copies[i] != nil:
				e.compareCopy(ctx, s, i)
			default:
				e.compareOne(ctx, s, i)
			}
			return nil
		})
	}
	_ = g.Wait() // its functions only return nil
	return e.interrupted(ctx)
}

// toCompare tells whether a version is there that may differ from a pack on disk.
func (s *survey) toCompare(i int) bool {
	st := &s.states[i]
	return st.Present && st.Err == nil && st.NotPack == "" && st.Damaged == "" && st.ContentDigest != s.versions[i].ContentDigest
}

func (e *Executor) compareOne(ctx context.Context, s *survey, i int) {
	v, st, p := &s.versions[i], &s.states[i], s.packs[i]
	if s.seen[i].info.Layer.Digest == "" && !e.complete(ctx, s, i) {
		return
	}
	if content, known := e.known(s.seen[i].info); known && content == v.ContentDigest {
		st.ContentDigest = content
		return
	}
	published, err := e.readPublished(ctx, s, i)
	if err != nil {
		return
	}
	if published.Digest == v.ContentDigest {
		return
	}
	wanted, err := pack.Read(ctx, p.Dir, pack.Options{})
	if err != nil {
		st.Err = &PackError{Path: p.Path, Err: err}
		return
	}
	st.Changes = plan.Diff(planFiles(published.Files), planFiles(wanted.Files))
	e.guard(ctx, s, i)
}

// known returns the content digest of a manifest that pins or an earlier run know.
func (e *Executor) known(info artifact.Info) (content string, ok bool) {
	e.mu.Lock()
	content, ok = e.contents[info.Manifest.Digest]
	e.mu.Unlock()
	if !ok {
		content, ok = e.layers.Get(info.Layer.Digest)
	}
	return content, ok
}

// readPublished reads the layer of what a registry holds. What fails is noted in
// the state.
func (e *Executor) readPublished(ctx context.Context, s *survey, i int) (*pack.Inventory, error) {
	st, layer := &s.states[i], s.seen[i].info.Layer
	published, err := e.readLayer(ctx, s.targets[i], s.versions[i].Repository, layer)
	switch {
	case isBadArchive(err):
		st.NotPack = err.Error()
		return nil, err
	case err != nil:
		st.Err = err
		return nil, err
	}
	st.ContentDigest = published.Digest
	e.rememberLayer(layer.Digest, published.Digest)
	return published, nil
}

func (e *Executor) rememberLayer(layer digest.Digest, content string) {
	if err := e.layers.Put(layer, content); err != nil {
		e.opts.Logger.Info("the digest of a layer is not remembered", "error", err)
	}
}

// guard asks whether a tag that would have to change can be.
func (e *Executor) guard(ctx context.Context, s *survey, i int) {
	guard, ok := s.targets[i].Registry.(registry.TagGuard)
	if !ok {
		return
	}
	v := &s.versions[i]
	var err error
	if s.states[i].Immutable, err = guard.Immutable(ctx, v.Repository, v.Version); err != nil {
		e.opts.Logger.Info("cannot tell whether a tag is immutable", "reference", v.Reference, "error", err)
	}
}

// complete fetches a manifest that was observed without being fetched. It
// tells whether the comparison can go on.
func (e *Executor) complete(ctx context.Context, s *survey, i int) bool {
	st, digest := &s.states[i], s.seen[i].info.Manifest.Digest.String()
	info, err := fetchInfo(ctx, s.targets[i], s.versions[i].Repository, digest)
	switch {
	case errors.Is(err, artifact.ErrNotPack):
		st.NotPack = err.Error()
	case err != nil:
		st.Err = err
	default:
		s.seen[i].info = info
		return true
	}
	return false
}

func planFiles(files []pack.File) []plan.File {
	out := make([]plan.File, len(files))
	for i, f := range files {
		out[i] = plan.File{Path: f.Path, Link: f.Kind == pack.Link, Executable: f.Executable, Size: f.Size, Digest: f.Digest}
	}
	return out
}
