package artifact

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// ErrNotPack says that a manifest is not that of a pack: an index, an image
// with several layers, an artifact without a layer.
var ErrNotPack = errors.New("not a pack")

// Info is what a manifest in a registry says of itself. It is hostile input:
// a digest in it is a claim until the bytes have been read.
type Info struct {
	Manifest      ocispec.Descriptor // media type, digest and size of the manifest itself
	Layer         ocispec.Descriptor // the one layer that holds the archive, without annotations
	Title         string             // the layer's title annotation
	ContentDigest string             // the annotation, or "" where there is none
	Shape         Shape              // "" for a shape that packs does not write
}

// Inspect reads a manifest. desc must already be checked against the bytes.
// A manifest that cannot be a pack gives an error that wraps ErrNotPack; Info
// then still holds the manifest's descriptor.
func Inspect(desc ocispec.Descriptor, raw []byte) (Info, error) {
	info := Info{Manifest: desc}
	var m ocispec.Manifest
	if err := json.Unmarshal(raw, &m); err != nil {
		return info, fmt.Errorf("%w: manifest %s is not valid JSON: %w", ErrNotPack, desc.Digest, err)
	}
	if len(m.Layers) != 1 {
		return info, fmt.Errorf("%w: manifest %s (%s) has %d layers, a pack has one", ErrNotPack, desc.Digest, desc.MediaType, len(m.Layers))
	}
	info.Layer = m.Layers[0]
	if err := info.Layer.Digest.Validate(); err != nil {
		return info, fmt.Errorf("%w: layer digest %q: %w", ErrNotPack, info.Layer.Digest, err)
	}
	if info.Layer.Size < 0 {
		return info, fmt.Errorf("%w: layer of %d bytes", ErrNotPack, info.Layer.Size)
	}
	info.Title = info.Layer.Annotations[ocispec.AnnotationTitle]
	info.Layer.Annotations = nil // nothing else is needed of them, and there may be 10,000 packs
	info.Layer.MediaType = shared(info.Layer.MediaType)
	info.Manifest.MediaType = shared(info.Manifest.MediaType)
	info.ContentDigest = m.Annotations[AnnotationContentDigest]
	info.Shape = shapeOf(m)
	return info, nil
}

// shared returns a media type without memory of its own where it is one of those
// that packs have.
func shared(mediaType string) string {
	for _, known := range []string{ocispec.MediaTypeImageManifest, ocispec.MediaTypeImageLayer} {
		if mediaType == known {
			return known
		}
	}
	return mediaType
}

func shapeOf(m ocispec.Manifest) Shape {
	if m.MediaType != ocispec.MediaTypeImageManifest || m.Layers[0].MediaType != ocispec.MediaTypeImageLayer {
		return ""
	}
	switch {
	case m.ArtifactType == "" && m.Config.MediaType == MediaTypeConfig10:
		return Shape10
	case m.ArtifactType == TypeUnknown && m.Config.MediaType == ocispec.MediaTypeEmptyJSON:
		return Shape11
	}
	return ""
}

// Ignored says why Palette would not see an artifact of that Info under
// NAME:VERSION, or "" where nothing is known that speaks against it.
func (i Info) Ignored(name, version string) string {
	if i.Shape == Shape11 {
		return "has the shape that oras 1.1 and newer write by default, which Palette is said to ignore"
	}
	if i.Shape == "" {
		return "is not in the shape of oras 1.0, which Palette requires"
	}
	if want := Title(name, version); i.Title != want {
		return fmt.Sprintf("has the title %q, Palette looks for %q", i.Title, want)
	}
	return ""
}

// Accept lists the media types to ask for when a manifest is fetched.
// Registries answer 404 where the type that they hold is not among them.
func Accept() []string {
	return slices.Clone(accept)
}

var accept = []string{
	ocispec.MediaTypeImageManifest,
	ocispec.MediaTypeImageIndex,
	"application/vnd.docker.distribution.manifest.v2+json",
	"application/vnd.docker.distribution.manifest.list.v2+json",
}
