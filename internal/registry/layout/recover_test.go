package layout

import (
	"errors"
	"os"
	"slices"
	"testing"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// TestIndexIsMadeAnewFromManifests breaks index.json of a layout that holds a
// version, one that was replaced by another, and one whose layer is gone.
func TestIndexIsMadeAnewFromManifests(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	put := func(tag, content string) *artifact.Artifact {
		t.Helper()
		a, err := artifact.New(artifact.Bytes("", []byte(content)), artifact.Title("nginx", tag), artifact.Options{ContentDigest: "v1:x"})
		if err == nil {
			_, err = r.Push(t.Context(), repo, tag, a, registry.Hint{})
		}
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
	put("1.0.0", "one")
	old := put("2.0.0", "two")
	replaced := put("2.0.0", "two, changed")
	broken := put("3.0.0", "three")
	if err := errors.Join(os.Remove(blobFile(dir, broken.Layer.Digest)), write600(inLayout(dir, "index.json"), `{"schemaVersion":2,"manif`)); err != nil {
		t.Fatal(err)
	}
	var damaged *registry.DamagedError
	if _, err := r.Observe(t.Context(), repo, "1.0.0"); !errors.As(err, &damaged) || damaged.Digest != "" {
		t.Errorf("before: %v, want that it is damaged", err)
	}
	put("4.0.0", "four")
	tags, err := r.Tags(t.Context(), repo)
	// 2.0.0 could be either of two: it is for whoever has the pack to say.
	if want := []string{"1.0.0", "4.0.0"}; err != nil || !slices.Equal(tags, want) {
		t.Errorf("tags %v, %v; want %v", tags, err, want)
	}
	for _, a := range []*artifact.Artifact{old, replaced} {
		if _, _, err := r.Manifest(t.Context(), repo, a.Manifest.Digest.String()); err != nil {
			t.Errorf("by its digest: %v", err)
		}
	}
	if _, err := os.Stat(inLayout(dir, damagedIndex)); err != nil {
		t.Errorf("the damaged index is not kept: %v", err)
	}
	for _, tag := range tags {
		if _, err := r.Observe(t.Context(), repo, tag); err != nil {
			t.Errorf("%s: %v", tag, err)
		}
	}
}
