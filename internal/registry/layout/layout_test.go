package layout

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

const repo = "spectro-packs/archive/nginx"

func open(t *testing.T, dir string) *Registry {
	t.Helper()
	r, err := New(manifest.Registry{Name: "local", Type: manifest.TypeLayout, Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func art(t *testing.T, content string) *artifact.Artifact {
	t.Helper()
	a, err := artifact.New(artifact.Bytes("", []byte(content)), "nginx-1.0.0.tar.gz", artifact.Options{ContentDigest: "v1:x"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func push(t *testing.T, r *Registry, tag, content string) *artifact.Artifact {
	t.Helper()
	a := art(t, content)
	if _, err := r.Push(t.Context(), repo, tag, a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	return a
}

// inLayout is a path inside the layout that the tests write.
func inLayout(dir string, names ...string) string {
	return filepath.Join(append([]string{dir, filepath.FromSlash(repo)}, names...)...)
}

func blobFile(dir string, d digest.Digest) string {
	return inLayout(dir, "blobs", "sha256", d.Encoded())
}

func TestPushIsReadBack(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), filepath.Join(t.TempDir(), "not", "yet")
	r := open(t, dir)
	if _, _, err := r.Manifest(ctx, repo, "1.0.0"); !errors.Is(err, registry.ErrNotFound) || !errors.Is(err, registry.ErrNoRepository) {
		t.Errorf("before anything is there: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("reading created the folder: %v", err)
	}
	var progress int64
	a := art(t, "layer")
	sent, err := r.Push(ctx, repo, "1.0.0", a, registry.Hint{Progress: func(n int64) { progress += n }})
	if want := int64(len("layer{}")) + a.Manifest.Size; err != nil || sent != want || progress != want {
		t.Errorf("sent %d, progress %d, %v; want %d", sent, progress, err, want)
	}
	for _, ref := range []string{"1.0.0", a.Manifest.Digest.String()} {
		desc, raw, err := r.Manifest(ctx, repo, ref)
		if err != nil || desc.Digest != a.Manifest.Digest || string(raw) != string(a.Bytes) || desc.MediaType != a.Manifest.MediaType {
			t.Errorf("%s: %+v %v", ref, desc, err)
		}
	}
	if content, err := readBlob(ctx, r, a.Layer.Descriptor); err != nil || content != "layer" {
		t.Errorf("layer %q, %v", content, err)
	}
	for _, ref := range []string{"2.0.0", "", digest.FromString("x").String(), a.Layer.Digest.String()} {
		if _, _, err := r.Manifest(ctx, repo, ref); !errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrNoRepository) {
			t.Errorf("%q, which is no manifest of a repository that is there: %v", ref, err)
		}
	}
	if sent, err := r.Push(ctx, repo, "1.0.0", a, registry.Hint{}); err != nil || sent != 0 {
		t.Errorf("the same again: sent %d, %v", sent, err)
	}
}

func readBlob(ctx context.Context, r *Registry, desc ocispec.Descriptor) (string, error) {
	rc, err := r.Blob(ctx, repo, desc)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(rc)
	return string(content), errors.Join(err, rc.Close())
}

func TestPushWithoutTagIsReadByDigest(t *testing.T) {
	t.Parallel()
	r, a := open(t, t.TempDir()), artifact.Empty()
	for range 2 {
		if _, err := r.Push(t.Context(), repo, "", a, registry.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	desc, raw, err := r.Manifest(t.Context(), repo, a.Manifest.Digest.String())
	if err != nil || desc.MediaType != ocispec.MediaTypeImageManifest || string(raw) != string(a.Bytes) {
		t.Errorf("%+v %s %v", desc, raw, err)
	}
	if tags, err := r.Tags(t.Context(), repo); err != nil || len(tags) != 0 {
		t.Errorf("tags %q, %v", tags, err)
	}
}

func TestManifestThatOnlyAnotherOneNames(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	push(t, open(t, dir), "1.0.0", "x")
	child := artifact.Empty()
	if err := os.WriteFile(blobFile(dir, child.Manifest.Digest), child.Bytes, 0o600); err != nil {
		t.Fatal(err)
	}
	desc, raw, err := open(t, dir).Manifest(t.Context(), repo, child.Manifest.Digest.String())
	if err != nil || desc.MediaType != child.Manifest.MediaType || string(raw) != string(child.Bytes) {
		t.Errorf("%+v %s %v", desc, raw, err)
	}
}

func TestTagsAndRepositoriesAreListed(t *testing.T) {
	t.Parallel()
	ctx, dir := t.Context(), t.TempDir()
	r := open(t, dir)
	if tags, err := r.Tags(ctx, repo); err != nil || len(tags) != 0 {
		t.Errorf("tags of nothing: %q, %v", tags, err)
	}
	if repos, err := r.Repositories(ctx, "spectro-packs/archive"); err != nil || len(repos) != 0 {
		t.Errorf("repositories of nothing: %q, %v", repos, err)
	}
	for _, tag := range []string{"1.10.0", "1.9.0", "nightly"} {
		push(t, r, tag, tag)
	}
	// Names of packs that are also names inside a layout.
	odd := []string{"spectro-packs/archive/blobs", "spectro-packs/archive/index.json", "spectro-packs/archive/oci-layout"}
	for _, name := range odd {
		if _, err := r.Push(ctx, name, "1.0.0", art(t, "x"), registry.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.MkdirAll(filepath.Join(dir, "spectro-packs", "archive", "plain", "oci-layout"), 0o750); err != nil {
		t.Fatal(err)
	}
	if tags, err := r.Tags(ctx, repo); err != nil || !slices.Equal(tags, []string{"1.10.0", "1.9.0", "nightly"}) {
		t.Errorf("tags %q, %v", tags, err)
	}
	if repos, err := r.Repositories(ctx, "spectro-packs/archive"); err != nil || !slices.Equal(repos, slices.Sorted(slices.Values(append(odd, repo)))) {
		t.Errorf("repositories %q, %v", repos, err)
	}
}

func TestOverwriteKeepsTheOldManifestByDigest(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	old := push(t, r, "1.0.0", "old")
	a := push(t, r, "1.0.0", "new")
	if desc, _, err := r.Manifest(t.Context(), repo, "1.0.0"); err != nil || desc.Digest != a.Manifest.Digest {
		t.Errorf("tag points to %s, %v; want %s", desc.Digest, err, a.Manifest.Digest)
	}
	if desc, _, err := r.Manifest(t.Context(), repo, old.Manifest.Digest.String()); err != nil || desc.MediaType != old.Manifest.MediaType {
		t.Errorf("the old one by its digest: %+v, %v", desc, err)
	}
}

func TestBeforeTagStopsAPush(t *testing.T) {
	t.Parallel()
	dir, stop := t.TempDir(), errors.New("moved meanwhile")
	r, a := open(t, dir), art(t, "x")
	_, err := r.Push(t.Context(), repo, "1.0.0", a, registry.Hint{BeforeTag: func(context.Context) error {
		if _, err := os.Stat(blobFile(dir, a.Layer.Digest)); err != nil {
			t.Errorf("called before the layer was there: %v", err)
		}
		if _, err := os.Stat(blobFile(dir, a.Manifest.Digest)); err == nil {
			t.Error("called after the manifest was written")
		}
		if _, _, err := r.Manifest(t.Context(), repo, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
			t.Errorf("the layout cannot be read meanwhile: %v", err)
		}
		return stop
	}})
	if err != stop { //nolint:errorlint // as it is
		t.Errorf("error %v, want %v as it is", err, stop)
	}
	if tags, err := r.Tags(t.Context(), repo); err != nil || len(tags) != 0 {
		t.Errorf("tags %q, %v", tags, err)
	}
}

func TestLayerThatIsNotWhatItWas(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{"other bytes": "LAYER", "shorter": "lay", "longer": "layers"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, a := t.TempDir(), art(t, "layer")
			a.Layer.Open = func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(content)), nil }
			if _, err := open(t, dir).Push(t.Context(), repo, "1.0.0", a, registry.Hint{}); !errors.Is(err, registry.ErrDigest) {
				t.Errorf("error %v, want %v", err, registry.ErrDigest)
			}
			if _, err := os.Stat(blobFile(dir, a.Layer.Digest)); err == nil {
				t.Error("the blob is there")
			}
			leftovers(t, dir)
		})
	}
}

// A push that cannot read its source must not advise to remove its target.
func TestDamagedSourceIsNotTheTarget(t *testing.T) {
	t.Parallel()
	from, to := t.TempDir(), t.TempDir()
	source := open(t, from)
	a := push(t, source, "1.0.0", "layer")
	if err := write600(blobFile(from, a.Layer.Digest), "LAYER"); err != nil {
		t.Fatal(err)
	}
	a.Layer.Open = func() (io.ReadCloser, error) { return source.Blob(t.Context(), repo, a.Layer.Descriptor) }
	_, err := open(t, to).Push(t.Context(), repo, "1.0.0", a, registry.Hint{})
	var e *registry.Error
	if !errors.As(err, &e) || !strings.HasPrefix(e.Ref, to) || !strings.Contains(e.Hint, from) || strings.Contains(e.Hint, to) {
		t.Errorf("%v, hint %q", err, e.Hint)
	}
}

func TestCancelledCallsDoNothing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, filepath.Join(dir, "registry"))
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("interrupted")
	cancel(cause)
	_, pushed := r.Push(ctx, repo, "1.0.0", art(t, "x"), registry.Hint{})
	_, _, read := r.Manifest(ctx, repo, "1.0.0")
	_, blob := r.Blob(ctx, repo, art(t, "x").Layer.Descriptor)
	_, tags := r.Tags(ctx, repo)
	for op, err := range map[string]error{"push": pushed, "manifest": read, "blob": blob, "tags": tags} {
		if !errors.Is(err, cause) {
			t.Errorf("%s: %v, want %v", op, err, cause)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "registry")); err == nil {
		t.Error("a cancelled push made a folder")
	}
}

func TestPushCancelledOnTheWay(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	_, err := open(t, dir).Push(ctx, repo, "1.0.0", art(t, strings.Repeat("x", 1<<20)), registry.Hint{Progress: func(int64) { cancel() }})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	leftovers(t, dir)
}

// leftovers fails where a temporary file is still there.
func leftovers(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, _ fs.DirEntry, err error) error {
		if filepath.Base(p) == tempFile {
			t.Errorf("temporary file %s stays", p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// everyTagReads reads each version, to the last byte, and returns the tags.
func everyTagReads(t *testing.T, dir string) []string {
	t.Helper()
	r := open(t, dir)
	tags, err := r.Tags(t.Context(), repo)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range tags {
		desc, raw, err := r.Manifest(t.Context(), repo, tag)
		if err != nil {
			t.Fatalf("%s: %v", tag, err)
		}
		info, err := artifact.Inspect(desc, raw)
		if err != nil {
			t.Fatalf("%s: %v", tag, err)
		}
		if _, err := readBlob(t.Context(), r, info.Layer); err != nil {
			t.Errorf("%s: %v", tag, err)
		}
	}
	return tags
}
