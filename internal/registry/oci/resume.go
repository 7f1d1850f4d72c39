package oci

import (
	"context"
	"errors"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/transport"
)

// maxResumes bounds how often the transfer of one blob goes on after a break.
const maxResumes = 16

// resumed is a blob whose transfer goes on where its connection broke, as long
// as each connection brings something. Whether the parts fit together, its
// digest tells.
type resumed struct {
	registry   *Registry
	ctx        context.Context //nolint:containedctx // of the reader, which is all its life
	repository string
	desc       ocispec.Descriptor
	body       io.ReadCloser
	at         int64 // bytes that were read
	since      int64 // of them, before the last break
	breaks     int
}

func (b *resumed) Read(p []byte) (int, error) {
	for {
		n, err := b.body.Read(p)
		b.at += int64(n)
		var conn *transport.ConnError
		switch {
		case !errors.As(err, &conn):
			return n, err
		case n > 0:
			return n, nil // the next Read comes upon the same error
		}
		if err := b.resume(conn); err != nil {
			return 0, err
		}
	}
}

// resume opens the rest. The break is the first failed try of that operation,
// so that it is waited for and counted as any other.
func (b *resumed) resume(broke error) error {
	if b.at == b.since && b.breaks > 0 || b.breaks == maxResumes {
		return broke
	}
	b.since, b.breaks = b.at, b.breaks+1
	_ = b.body.Close() // it is broken
	first := true
	return b.registry.client.Retry(b.ctx, func(ctx context.Context) error {
		if first {
			first = false
			return broke
		}
		body, err := b.registry.getBlob(ctx, b.repository, b.desc, b.at)
		if err == nil {
			b.body = body
		}
		return err
	})
}

func (b *resumed) Close() error { return b.body.Close() }
