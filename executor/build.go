package executor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/spool"
	"github.com/packs-cli/packs/manifest"
)

// layer is a pack's archive, spooled; Close frees it.
type layer struct {
	artifact.Blob
	spool   *spool.Spool
	content hashed
}

// Close gives back memory or removes the temporary file.
func (l *layer) Close() error { return l.spool.Close() }

// layerOf returns the archive of a pack: the one that was made ahead, or a new
// one. The files must still have the content digest that was planned, so that
// no manifest claims what its layer does not hold.
func (r *run) layerOf(ctx context.Context, p *manifest.Pack, contentDigest string) (*layer, error) {
	if l := r.ahead.take(p); l != nil {
		if l.content.digest == contentDigest {
			return l, nil
		}
		if err := l.Close(); err != nil {
			return nil, err
		}
	}
	r.workers <- struct{}{}
	defer func() { <-r.workers }()
	l, err := r.build(ctx, p, r.budget.New())
	if err == nil && l.content.digest != contentDigest {
		err = fmt.Errorf("%w: its files were %s when the plan was made and are %s", pack.ErrChanged, contentDigest, l.content.digest)
		return nil, errors.Join(err, l.Close())
	}
	return l, err
}

// build writes the archive of a pack, with one pass over its bytes.
func (e *Executor) build(ctx context.Context, p *manifest.Pack, s *spool.Spool) (*layer, error) {
	sum := sha256.New()
	inv, err := e.archive(ctx, io.MultiWriter(s, sum), p)
	if err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &layer{
		Blob: artifact.Blob{
			Descriptor: ocispec.Descriptor{Digest: digest.NewDigest(digest.SHA256, sum), Size: s.Size()},
			Open:       s.Open,
		},
		spool: s, content: hashed{inv.Digest, inv.Bytes},
	}, nil
}

func (e *Executor) archive(ctx context.Context, w io.Writer, p *manifest.Pack) (*pack.Inventory, error) {
	meta := pack.Meta{Name: p.Name, Version: p.Version}
	if p.Archive {
		return pack.Repack(ctx, w, p.Dir, meta, e.opts.TempDir)
	}
	return pack.Build(ctx, w, p.Dir, meta)
}
