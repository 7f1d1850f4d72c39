package ecr

import (
	"context"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

var _ registry.Referrer = (*Registry)(nil)

// Referrers lists what belongs to a manifest. See registry.Referrer.
func (r *Registry) Referrers(ctx context.Context, repository string, subject digest.Digest) ([]ocispec.Descriptor, bool, error) {
	inner, err := r.use(ctx)
	if err != nil {
		return nil, false, err
	}
	knows, ok := inner.(registry.Referrer)
	if !ok {
		return nil, false, nil
	}
	list, listed, err := knows.Referrers(ctx, repository, subject)
	return list, listed, r.refused(err)
}
