package executor

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// TestWhatBelongsIsBounded: a registry may list as much as it likes.
func TestWhatBelongsIsBounded(t *testing.T) {
	t.Parallel()
	_, tg := stocked(t, "a:"+sidecar+".sig")
	desc, raw, err := tg.Manifest(t.Context(), "team/spectro-packs/archive/a", sidecar+".sig")
	if err != nil {
		t.Fatal(err)
	}
	c := &copied{source: tg, repository: "team/spectro-packs/archive/a", name: "a", version: "1.0.0"}
	left := int64(2*len(raw) - 1)
	if s, err := c.beside(sidecar+".sig", desc).take(t.Context(), &left); err != nil || len(s.manifests) != 1 || s.list != nil {
		t.Errorf("one manifest: %+v, %v", s, err)
	}
	if _, err := c.beside(sidecar+".sig", desc).take(t.Context(), &left); !errors.Is(err, registry.ErrCorrupt) || !strings.Contains(err.Error(), "more than 33554432 bytes") {
		t.Errorf("more than there is room for: %v", err)
	}
	desc.Digest = ocispec.DescriptorEmptyJSON.Digest
	if _, err := c.beside(sidecar, desc).take(t.Context(), &left); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("what is no manifest: %v", err)
	}
}

// TestVersionsOfOneManifestShareWhatBelongsToIt: a layout has each tag once.
func TestVersionsOfOneManifestShareWhatBelongsToIt(t *testing.T) {
	t.Parallel()
	a := artifact.Empty()
	version := func(v string) *copied {
		return &copied{
			name: "a", version: v, raw: a.Bytes, seen: seen{present: true, info: artifact.Info{Manifest: a.Manifest}},
			carried: []besides{{tag: sidecar + ".sig", desc: a.Manifest, manifests: []*artifact.Artifact{a}}},
		}
	}
	files, err := layoutFiles("a", []*copied{version("1.0.0"), version("1.1.0")})
	if err != nil || len(files) != 4 || files[1].Path != "a/index.json" { // the mark, the index, manifest, config
		t.Fatalf("%d files, %v", len(files), err)
	}
	var index ocispec.Index
	if err := json.Unmarshal(files[1].data, &index); err != nil {
		t.Fatal(err)
	}
	tags := make([]string, len(index.Manifests))
	for i, d := range index.Manifests {
		tags[i] = d.Annotations[ocispec.AnnotationRefName]
	}
	if got, want := strings.Join(tags, " "), "1.0.0 "+sidecar+".sig 1.1.0"; got != want {
		t.Errorf("tags %q, want %q", got, want)
	}
}
