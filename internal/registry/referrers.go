package registry

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Referrer is a registry that may know which manifests belong to another one:
// signatures, lists of components.
type Referrer interface {
	// Referrers lists the manifests whose subject has a digest. listed is false
	// where the registry has no such list; then a tag may hold it.
	Referrers(ctx context.Context, repository string, subject digest.Digest) (list []ocispec.Descriptor, listed bool, err error)
}

// ParseIndex reads the descriptors of an image index. Their digests are checked,
// what they say else is kept as it is.
func ParseIndex(raw []byte) ([]ocispec.Descriptor, error) {
	var index ocispec.Index
	if err := json.Unmarshal(raw, &index); err != nil {
		return nil, fmt.Errorf("%w: an index is not valid JSON: %w", ErrCorrupt, err)
	}
	for _, d := range index.Manifests {
		if err := d.Digest.Validate(); err != nil || d.Size < 0 {
			return nil, fmt.Errorf("%w: an index names the digest %.100q with %d bytes", ErrCorrupt, string(d.Digest), d.Size)
		}
	}
	return index.Manifests, nil
}
