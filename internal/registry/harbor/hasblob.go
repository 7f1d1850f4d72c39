package harbor

import (
	"context"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

var _ registry.BlobStater = (*Registry)(nil)

// HasBlob asks for a blob; Harbor does not count it as a pull. See registry.BlobStater.
func (r *Registry) HasBlob(ctx context.Context, repository string, desc ocispec.Descriptor) (bool, error) {
	const op = "look for blob"
	if err := r.need(ctx, op, r.ref(repository, desc.Digest.String())); err != nil {
		return false, err
	}
	there, err := r.inner.HasBlob(ctx, repository, desc)
	return there, r.explain(op, r.ref(repository, desc.Digest.String()), err)
}
