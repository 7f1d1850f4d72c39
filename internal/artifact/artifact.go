// Package artifact knows what a pack looks like in a registry: which manifest
// it has, what its config blob is, and how to recognise artifacts that other
// tools pushed. It does no I/O but on the bytes it is given.
package artifact

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// Media types and annotations of the two shapes. Palette's documents require
// what ORAS v1.0.0 writes; the newer shape is for registries without Palette.
const (
	// MediaTypeConfig10 is the config media type that ORAS v1.0.0 writes.
	MediaTypeConfig10 = "application/vnd.unknown.config.v1+json"
	// TypeUnknown is the artifactType that ORAS v1.1 and newer write by default.
	TypeUnknown = "application/vnd.unknown.artifact.v1"
	// AnnotationContentDigest holds the content digest of the pack: a hint that
	// spares a pull, never a proof.
	AnnotationContentDigest = "com.github.packs-cli.packs.content-digest"
)

// MaxManifest is the largest manifest that is read, in bytes. Registries
// refuse larger ones; 4 MiB is the limit that the OCI distribution
// specification recommends.
const MaxManifest = 4 << 20

// Shape is the form of a manifest.
type Shape string

// The shapes that packs writes. Another shape that was read is "".
const (
	Shape10 Shape = "oras-1.0" // what `oras push` v1.0.0 writes, and Palette reads
	Shape11 Shape = "oras-1.1" // what newer oras versions write by default
)

// Title is the bare file name of a pack's archive: NAME-VERSION.tar.gz.
func Title(name, version string) string { return name + "-" + version + ".tar.gz" }

// Blob is content that can be opened more than once. Its size and digest are
// those of the descriptor.
type Blob struct {
	ocispec.Descriptor
	Open func() (io.ReadCloser, error)
}

// Artifact is a pack ready to be pushed: a manifest and the blobs it names.
type Artifact struct {
	Manifest ocispec.Descriptor // of Bytes
	Bytes    []byte             // the manifest as it is pushed
	Config   Blob
	Layer    *Blob  // nil for the empty artifact at the base path
	Others   []Blob // further blobs that the manifest names: packs have none, signatures may
}

// Options says how to write a manifest.
type Options struct {
	Shape         Shape  // "" means Shape10
	ContentDigest string // written as an annotation unless empty
}

// New builds the artifact of a pack from its archive. The same archive and
// options give the same bytes: created is the epoch.
func New(layer Blob, title string, o Options) (*Artifact, error) {
	layer.MediaType = ocispec.MediaTypeImageLayer // "tar" although the bytes are gzip: as ORAS v1.0.0 writes it
	layer.Annotations = map[string]string{ocispec.AnnotationTitle: title}
	return build(&layer, o)
}

// Empty is the artifact without layers that makes a registry create the base
// path repository. Its digest is constant.
func Empty() *Artifact {
	a, err := build(nil, Options{})
	if err != nil {
		panic(err) // constant input: cannot fail
	}
	return a
}

func build(layer *Blob, o Options) (*Artifact, error) {
	m := ocispec.Manifest{
		Versioned:   specs.Versioned{SchemaVersion: 2},
		MediaType:   ocispec.MediaTypeImageManifest,
		Layers:      []ocispec.Descriptor{},
		Annotations: map[string]string{ocispec.AnnotationCreated: time.Unix(0, 0).UTC().Format(time.RFC3339)},
	}
	config := jsonBlob(MediaTypeConfig10)
	switch o.Shape {
	case Shape10, "":
	case Shape11:
		m.ArtifactType = TypeUnknown
		config = jsonBlob(ocispec.MediaTypeEmptyJSON)
		config.Data = []byte(emptyJSON)
	default:
		return nil, fmt.Errorf("artifact shape %q: want %s or %s", o.Shape, Shape10, Shape11)
	}
	m.Config = config.Descriptor
	if layer != nil {
		m.Layers = append(m.Layers, layer.Descriptor)
	}
	if o.ContentDigest != "" {
		m.Annotations[AnnotationContentDigest] = o.ContentDigest
	}
	raw, err := json.Marshal(m)
	if err != nil {
		return nil, fmt.Errorf("write manifest: %w", err)
	}
	desc := ocispec.Descriptor{MediaType: m.MediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))}
	return &Artifact{Manifest: desc, Bytes: raw, Config: config, Layer: layer}, nil
}

const emptyJSON = "{}"

func jsonBlob(mediaType string) Blob {
	return Blob{
		Descriptor: ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromString(emptyJSON), Size: int64(len(emptyJSON))},
		Open: func() (io.ReadCloser, error) {
			return io.NopCloser(bytes.NewReader([]byte(emptyJSON))), nil
		},
	}
}

// Bytes returns a blob of bytes in memory.
func Bytes(mediaType string, b []byte) Blob {
	return Blob{
		Descriptor: ocispec.Descriptor{MediaType: mediaType, Digest: digest.FromBytes(b), Size: int64(len(b))},
		Open:       func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil },
	}
}
