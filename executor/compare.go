package executor

import (
	"context"
	"errors"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// compare reads the layers of versions that are there without our annotation,
// or with another content digest than wanted, and tells the files that differ.
func (e *Executor) compare(ctx context.Context, s *survey) error {
	g := new(errgroup.Group)
	g.SetLimit(e.opts.Workers)
	for i := range s.versions {
		st := &s.states[i]
		if !st.Present || st.Err != nil || st.NotPack != "" || st.ContentDigest == s.versions[i].ContentDigest {
			continue
		}
		g.Go(func() error {
			if !e.ended(ctx) {
				e.compareOne(ctx, s, i)
			}
			return nil
		})
	}
	_ = g.Wait() // its functions only return nil
	return e.interrupted(ctx)
}

func (e *Executor) compareOne(ctx context.Context, s *survey, i int) {
	v, st, p := &s.versions[i], &s.states[i], s.packs[i]
	if s.seen[i].info.Layer.Digest == "" && !e.complete(ctx, s, i) {
		return
	}
	layer := s.seen[i].info.Layer
	if content, known := e.layers.Get(layer.Digest); known && content == v.ContentDigest {
		st.ContentDigest = content
		return
	}
	published, err := e.readLayer(ctx, s.targets[i], v.Repository, layer)
	switch {
	case isBadArchive(err):
		st.NotPack = err.Error()
		return
	case err != nil:
		st.Err = err
		return
	}
	st.ContentDigest = published.Digest
	if err := e.layers.Put(layer.Digest, published.Digest); err != nil {
		e.opts.Logger.Info("the digest of a layer is not remembered", "error", err)
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
	if guard, ok := s.targets[i].Registry.(registry.TagGuard); ok {
		if st.Immutable, err = guard.Immutable(ctx, v.Repository, v.Version); err != nil {
			e.opts.Logger.Info("cannot tell whether a tag is immutable", "reference", v.Reference, "error", err)
		}
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
