package oci

import (
	"context"
	"errors"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

var _ registry.BlobStater = (*Registry)(nil)

// HasBlob asks by one HEAD whether a repository holds a blob in full; a registry
// that does not answer HEAD is asked for the blob itself. See registry.BlobStater.
func (r *Registry) HasBlob(ctx context.Context, repository string, desc ocispec.Descriptor) (there bool, err error) {
	const op = "look for blob"
	if err := desc.Digest.Validate(); err != nil {
		return false, &registry.Error{Op: op, Ref: r.ref(repository, ""), Err: fmt.Errorf("%w: digest %.100q: %w", registry.ErrCorrupt, string(desc.Digest), err)}
	}
	err = r.client.Retry(ctx, func(ctx context.Context) (err error) {
		there, err = r.hasBlob(ctx, repository, desc)
		return err
	})
	if noHead(err) {
		return r.opens(ctx, repository, desc)
	}
	return there, r.fail(op, repository, desc.Digest.String(), err)
}

// opens tells whether a blob can be read.
func (r *Registry) opens(ctx context.Context, repository string, desc ocispec.Descriptor) (bool, error) {
	rc, err := r.Blob(ctx, repository, desc)
	switch {
	case errors.Is(err, registry.ErrNotFound), errors.Is(err, registry.ErrDigest):
		return false, nil
	case err != nil:
		return false, err
	}
	return true, rc.Close()
}
