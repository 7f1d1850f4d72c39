package oci

import (
	"context"
	"fmt"
	"net/http"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

// maxBelonging bounds what is kept of what belongs to one manifest.
const maxBelonging = 10_000

// Referrers lists what belongs to a manifest, by the referrers API of the OCI
// distribution specification. See registry.Referrer. A registry that was found
// to lack it is not asked again.
func (r *Registry) Referrers(ctx context.Context, repository string, subject digest.Digest) ([]ocispec.Descriptor, bool, error) {
	if r.noReferrers.Load() {
		return nil, false, nil
	}
	var all []ocispec.Descriptor
	req := r.request(http.MethodGet, repository, "/referrers/"+subject.String())
	req.Header.Set("Accept", ocispec.MediaTypeImageIndex)
	err := r.pages(ctx, req, func(body []byte) error {
		list, err := registry.ParseIndex(body)
		if err != nil {
			return err
		}
		if all = append(all, list...); len(all) > maxBelonging {
			return fmt.Errorf("%w: more than %d manifests belong to %s", registry.ErrCorrupt, maxBelonging, subject)
		}
		return nil
	})
	switch statusOf(err) {
	case http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented, http.StatusBadRequest:
		r.noReferrers.Store(true)
		return nil, false, nil
	}
	return all, err == nil, r.fail("list what belongs to", repository, subject.String(), err)
}
