package executor

import (
	"context"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/plan"
)

// copyToCompare tells whether the content of a copy has to be known: where
// something else is there, and where its manifest is written anew.
func (s *survey) copyToCompare(i int) bool {
	v, st, c := &s.versions[i], &s.states[i], s.copies[i]
	if c.sidecar || c.seen.err != nil || !c.seen.present || v.NotPack != "" || st.Err != nil {
		return false
	}
	if s.rewrites[i] && c.content == "" {
		return true
	}
	differs := st.Present && st.NotPack == "" && st.Damaged == "" && st.Digest != v.Digest
	return differs && (st.ContentDigest == "" || st.ContentDigest != v.ContentDigest)
}

// compareCopy compares what a registry holds with what is to be copied there:
// by what is known of their content, else by reading it.
func (e *Executor) compareCopy(ctx context.Context, s *survey, i int) {
	v, st, c := &s.versions[i], &s.states[i], s.copies[i]
	if err := c.complete(ctx); err != nil {
		v.Err = err
		return
	}
	if s.rewrites[i] {
		if v.Err = e.readSource(ctx, c); v.Err != nil {
			return
		}
	}
	s.describe(i)
	if !st.Present || st.Digest == v.Digest || st.NotPack != "" || st.Damaged != "" {
		return
	}
	if s.seen[i].info.Layer.Digest == "" && !e.complete(ctx, s, i) {
		return
	}
	if content, known := e.known(s.seen[i].info); known {
		st.ContentDigest = content
	}
	if s.seen[i].info.Layer.Digest == c.seen.info.Layer.Digest {
		st.SameLayer = true
		return
	}
	if st.ContentDigest != "" && st.ContentDigest == v.ContentDigest {
		return
	}
	published, err := e.readPublished(ctx, s, i)
	if err != nil {
		return
	}
	if v.Err = e.readSource(ctx, c); v.Err != nil {
		return
	}
	s.describe(i)
	if published.Digest != c.content {
		st.Changes = plan.Diff(planFiles(published.Files), planFiles(c.files))
		e.guard(ctx, s, i)
	}
}

// complete fetches the manifest of a copy that was observed without it.
func (c *copied) complete(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.seen.info.Layer.Digest != "" {
		return nil
	}
	c.fetch(ctx, c.seen.info.Manifest.Digest.String())
	if c.seen.notPack != nil {
		return c.seen.notPack
	}
	return c.seen.err
}

// readSource reads the layer of a copy, once, so that its content is known for
// sure.
func (e *Executor) readSource(ctx context.Context, c *copied) error {
	if err := c.complete(ctx); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.files != nil {
		return nil
	}
	inv, err := e.readLayer(ctx, c.source, c.repository, c.seen.info.Layer)
	if err != nil {
		return err
	}
	c.content, c.files = inv.Digest, inv.Files
	if c.files == nil {
		c.files = []pack.File{}
	}
	e.rememberLayer(c.seen.info.Layer.Digest, inv.Digest)
	return nil
}
