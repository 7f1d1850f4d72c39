package ecr

import (
	"context"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

var _ registry.BlobStater = (*Registry)(nil)

// HasBlob asks for a blob. See registry.BlobStater.
func (r *Registry) HasBlob(ctx context.Context, repository string, desc ocispec.Descriptor) (bool, error) {
	inner, err := r.use(ctx)
	if err != nil {
		return false, err
	}
	if s, ok := inner.(registry.BlobStater); ok {
		there, err := s.HasBlob(ctx, repository, desc)
		return there, r.refused(err)
	}
	rc, err := inner.Blob(ctx, repository, desc)
	if err != nil {
		return false, r.refused(err)
	}
	return true, rc.Close()
}
