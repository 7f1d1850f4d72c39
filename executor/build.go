package executor

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"

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
	spool *spool.Spool
}

// Close gives back memory or removes the temporary file.
func (l *layer) Close() error { return l.spool.Close() }

// build writes the archive of a pack. The files must still have the content
// digest that was planned, so that no manifest claims what its layer does not hold.
func (r *run) build(ctx context.Context, p *manifest.Pack, contentDigest string) (*layer, error) {
	r.workers <- struct{}{}
	defer func() { <-r.workers }()
	s := r.budget.New()
	sum := sha256.New()
	if err := r.archive(ctx, io.MultiWriter(s, sum), p, contentDigest); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return &layer{
		Blob: artifact.Blob{
			Descriptor: ocispec.Descriptor{Digest: digest.NewDigest(digest.SHA256, sum), Size: s.Size()},
			Open:       s.Open,
		},
		spool: s,
	}, nil
}

func (r *run) archive(ctx context.Context, w io.Writer, p *manifest.Pack, contentDigest string) error {
	dir, remove, err := r.folder(ctx, p)
	if err != nil {
		return err
	}
	inv, err := pack.Build(ctx, w, dir, pack.Meta{Name: p.Name, Version: p.Version})
	if err == nil && inv.Digest != contentDigest {
		err = fmt.Errorf("%w: its files were %s when the plan was made and are %s", pack.ErrChanged, contentDigest, inv.Digest)
	}
	return errors.Join(err, remove())
}

// folder is where a pack's files are; an archive is unpacked for that, and
// remove takes the files away again.
func (r *run) folder(ctx context.Context, p *manifest.Pack) (dir string, remove func() error, err error) {
	if !p.Archive {
		return p.Dir, func() error { return nil }, nil
	}
	dir, err = os.MkdirTemp(r.opts.TempDir, "packs-")
	if err != nil {
		return "", nil, fmt.Errorf("temporary folder for an archive: %w", err)
	}
	remove = func() error { return os.RemoveAll(dir) }
	if err := extract(ctx, p.Dir, dir); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return dir, remove, nil
}

func extract(ctx context.Context, archive, dir string) (err error) {
	f, err := os.Open(archive) //nolint:gosec // the user names the packs
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = pack.Extract(ctx, f, dir, pack.Limits{})
	return err
}
