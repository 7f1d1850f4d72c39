package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/registry"
)

// blobReader reads a blob and fails at its end where size or digest differ.
type blobReader struct {
	ctx  context.Context //nolint:containedctx // of the call that opened the blob: io.Reader has no place for one
	file fs.File
	left int64 // bytes that are still to come
	want digest.Digest
	hash digest.Digester
	fail func(error) error
}

func (b *blobReader) Read(p []byte) (int, error) {
	if b.ctx.Err() != nil {
		return 0, b.fail(context.Cause(b.ctx))
	}
	n, err := b.file.Read(p)
	b.left -= int64(n)
	_, _ = b.hash.Hash().Write(p[:n]) // a hash never fails
	switch {
	case b.left < 0:
		return n, b.fail(fmt.Errorf("%w: %w: the file grew while it was read", registry.ErrCorrupt, registry.ErrDigest))
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		return n, b.fail(err)
	case b.left > 0:
		return n, b.fail(fmt.Errorf("%w: %w: the file ends %d bytes too early", registry.ErrCorrupt, registry.ErrDigest, b.left))
	}
	if got := b.hash.Digest(); got != b.want {
		return n, b.fail(errDiffers(b.want, got))
	}
	return n, io.EOF
}

func (b *blobReader) Close() error { return b.file.Close() }
