package harbor

import (
	"context"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

var _ registry.Referrer = (*Registry)(nil)

// Referrers lists what belongs to a manifest. See registry.Referrer.
func (r *Registry) Referrers(ctx context.Context, repository string, subject digest.Digest) ([]ocispec.Descriptor, bool, error) {
	list, listed, err := r.inner.Referrers(ctx, repository, subject)
	return list, listed, r.explain("list what belongs to", r.ref(repository, subject.String()), err)
}
