package artifact

import (
	"encoding/json"
	"fmt"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Config returns the descriptor of the config blob that the manifest of a pack
// names. One that cannot be read is ErrNotPack.
func Config(raw []byte) (ocispec.Descriptor, error) {
	var m struct {
		Config ocispec.Descriptor `json:"config"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return ocispec.Descriptor{}, fmt.Errorf("%w: it is not valid JSON: %w", ErrNotPack, err)
	}
	if err := m.Config.Digest.Validate(); err != nil {
		return ocispec.Descriptor{}, fmt.Errorf("%w: config digest %q: %w", ErrNotPack, m.Config.Digest, err)
	}
	if m.Config.Size < 0 || m.Config.Size > MaxManifest {
		return ocispec.Descriptor{}, fmt.Errorf("%w: config of %d bytes", ErrNotPack, m.Config.Size)
	}
	return ocispec.Descriptor{MediaType: m.Config.MediaType, Digest: m.Config.Digest, Size: m.Config.Size}, nil
}
