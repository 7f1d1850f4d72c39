package artifact

import (
	"bytes"
	"io"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/content/memory"
)

// TestManifestsAreThoseOfORAS compares with what the library of oras itself
// writes for the same content, time of creation and annotations.
func TestManifestsAreThoseOfORAS(t *testing.T) {
	t.Parallel()
	layer := Bytes("", []byte("x"))
	tests := []struct {
		name    string
		o       Options
		version oras.PackManifestVersion
		kind    string // artifactType
	}{
		{"oras-1.0", Options{Shape: Shape10}, oras.PackManifestVersion1_0, ""},
		{"oras-1.0 with a content digest", Options{Shape: Shape10, ContentDigest: "v1:sha256:aa"}, oras.PackManifestVersion1_0, ""},
		{"oras-1.1", Options{Shape: Shape11}, oras.PackManifestVersion1_1, oras.MediaTypeUnknownArtifact},
		{"oras-1.1 with a content digest", Options{Shape: Shape11, ContentDigest: "v1:sha256:aa"}, oras.PackManifestVersion1_1, oras.MediaTypeUnknownArtifact},
	}
	for _, tt := range tests {
		ours, err := New(layer, Title("x", "1.0.0"), tt.o)
		if err != nil {
			t.Fatal(err)
		}
		compareWithORAS(t, tt.name, ours, []ocispec.Descriptor{ours.Layer.Descriptor}, tt.version, tt.kind, tt.o.ContentDigest)
	}
	compareWithORAS(t, "empty", Empty(), nil, oras.PackManifestVersion1_0, "", "")
}

func compareWithORAS(t *testing.T, name string, ours *Artifact, layers []ocispec.Descriptor, version oras.PackManifestVersion, kind, contentDigest string) {
	t.Helper()
	annotations := map[string]string{ocispec.AnnotationCreated: "1970-01-01T00:00:00Z"}
	if contentDigest != "" {
		annotations[AnnotationContentDigest] = contentDigest
	}
	store := memory.New()
	theirs, err := oras.PackManifest(t.Context(), store, version, kind, oras.PackManifestOptions{Layers: layers, ManifestAnnotations: annotations})
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	raw, err := content.FetchAll(t.Context(), store, theirs)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if !bytes.Equal(raw, ours.Bytes) || theirs.Digest != ours.Manifest.Digest {
		t.Errorf("%s: manifest\n%s\nORAS writes\n%s", name, ours.Bytes, raw)
	}
	config, err := ours.Config.Open()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	defer config.Close()
	mine, err := io.ReadAll(config)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	if b, err := content.FetchAll(t.Context(), store, ours.Config.Descriptor); err != nil || !bytes.Equal(b, mine) {
		t.Errorf("%s: config blob %s, ORAS has %s, %v", name, mine, b, err)
	}
}
