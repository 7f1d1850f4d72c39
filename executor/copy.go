package executor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// copyTo makes the artifact of a copy: with the manifest of the source, byte for
// byte, or with a new one around the same layer. Blobs come from the source when
// they are sent, each try anew.
func (r *run) copyTo(ctx context.Context, i int, c *copied) func() error {
	if c.belonging != nil {
		return func() error { return r.copyBelonging(ctx, i, c) }
	}
	return r.pushing(ctx, i, func() (*artifact.Artifact, registry.Hint, error) {
		a := &r.plan.Actions[i]
		hint := r.hintFor(a, c)
		if c.sidecar {
			art, err := c.artifactOf(ctx, c.seen.info.Manifest)
			return art, hint, err
		}
		if err := c.complete(ctx); err != nil {
			return nil, hint, err
		}
		layer := artifact.Blob{Descriptor: c.seen.info.Layer, Open: c.open(ctx, c.seen.info.Layer)}
		if a.Digest == c.seen.info.Manifest.Digest.String() {
			art, err := c.original(ctx, layer)
			return art, hint, err
		}
		art, err := newArtifact(layer, c.name, c.version, a.ContentDigest, r.target(a.Registry).spec)
		if err == nil && art.Manifest.Digest.String() != a.Digest {
			err = fmt.Errorf("%w: the plan has the manifest %s, it would be %s", ErrStale, a.Digest, art.Manifest.Digest)
		}
		return art, hint, err
	})
}

// hintFor says what is known before a copy.
func (r *run) hintFor(a *plan.Action, c *copied) registry.Hint {
	hint := registry.Hint{MayExist: true}
	if sameHost(c.source.spec, r.target(a.Registry).spec) {
		hint.From = c.repository
	}
	return hint
}

// open returns a function that opens a blob at the source.
func (c *copied) open(ctx context.Context, desc ocispec.Descriptor) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) {
		rc, err := c.source.Blob(ctx, c.repository, desc)
		if err != nil {
			return nil, err
		}
		return &stream{rc}, nil
	}
}

// maxStreams is how often a blob is read from its source for a target that does
// not itself start an upload anew: a layout.
const maxStreams = 3

// stream is a blob on its way from a source.
type stream struct{ io.ReadCloser }

// streamError tells that a stream broke off.
type streamError struct{ error }

func (e *streamError) Unwrap() error { return e.error }

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = &streamError{err}
	}
	return n, err
}

// brokenStream tells whether a push failed because a source broke off, and
// nobody tried again.
func brokenStream(err error) bool {
	var broken *streamError
	var tried *transport.GaveUpError
	return errors.As(err, &broken) && errors.Is(err, registry.ErrUnreachable) && !errors.As(err, &tried)
}

// original is the artifact as the source holds it.
func (c *copied) original(ctx context.Context, layer artifact.Blob) (*artifact.Artifact, error) {
	raw, desc := c.raw, c.seen.info.Manifest
	if raw == nil {
		var err error
		if desc, raw, err = c.source.Manifest(ctx, c.repository, desc.Digest.String()); err != nil {
			return nil, err
		}
	}
	var m ocispec.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("manifest %s: %w", desc.Digest, err)
	}
	config := artifact.Empty().Config
	if m.Config.Digest != config.Digest {
		if err := m.Config.Digest.Validate(); err != nil || m.Config.Size < 0 {
			return nil, fmt.Errorf("%w: config of manifest %s: %w", registry.ErrCorrupt, desc.Digest, errors.Join(err, errSize(m.Config.Size)))
		}
		config.Open = c.open(ctx, m.Config)
	}
	config.Descriptor = m.Config
	return &artifact.Artifact{Manifest: desc, Bytes: raw, Config: config, Layer: &layer}, nil
}

func errSize(n int64) error {
	if n < 0 {
		return fmt.Errorf("%d bytes", n)
	}
	return nil
}

// sameHost tells whether two registries are parts of one server, in which blobs
// can be mounted from one repository into another.
func sameHost(a, b *manifest.Registry) bool {
	return a.Type != manifest.TypeLayout && b.Type != manifest.TypeLayout && a.Host != "" && a.Host == b.Host && a.PlainHTTP == b.PlainHTTP
}
