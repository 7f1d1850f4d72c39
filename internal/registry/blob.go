package registry

import (
	"context"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// BlobStater is a registry that can tell whether it holds a blob without
// sending it.
type BlobStater interface {
	// HasBlob tells whether a repository holds a blob with as many bytes as its
	// descriptor says. Whether they are the right ones only reading them tells.
	HasBlob(ctx context.Context, repository string, desc ocispec.Descriptor) (bool, error)
}
