package layout

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/bundle"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// tarred puts a folder into a tar file, as `tar -C DIR -cf FILE .` does.
func tarred(t *testing.T, dir string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "layouts.tar")
	if err := os.WriteFile(file, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func openBundle(t *testing.T, file string) *Bundle {
	t.Helper()
	b, err := NewBundle(manifest.Registry{Name: "bundle", Type: manifest.TypeLayout, Path: file, ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

// TestABundleIsReadAsItsFolderIs compares all answers of the two.
func TestABundleIsReadAsItsFolderIs(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	dir := t.TempDir()
	r := open(t, dir)
	const base = "spectro-packs/archive"
	for _, p := range []struct{ name, version string }{{"nginx", "1.0.0"}, {"nginx", "1.1.0"}, {"argo", "2.0.0"}} {
		if _, err := r.Push(ctx, base+"/"+p.name, p.version, art(t, p.name+p.version), registry.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	b := openBundle(t, tarred(t, dir))
	want, err := r.Repositories(ctx, base)
	if got, gotErr := b.Repositories(ctx, base); err != nil || gotErr != nil || !slices.Equal(got, want) {
		t.Errorf("repositories %q (%v), want %q (%v)", got, gotErr, want, err)
	}
	for _, repository := range want {
		tags, err := b.Tags(ctx, repository)
		if err != nil || len(tags) == 0 {
			t.Fatal(tags, err)
		}
		for _, tag := range tags {
			desc, raw, err := r.Manifest(ctx, repository, tag)
			gotDesc, gotRaw, gotErr := b.Manifest(ctx, repository, tag)
			if err != nil || gotErr != nil || gotDesc.Digest != desc.Digest || !bytes.Equal(raw, gotRaw) {
				t.Errorf("%s:%s is %v (%v), want %v (%v)", repository, tag, gotDesc, gotErr, desc, err)
			}
			if _, raw, err := b.Manifest(ctx, repository, desc.Digest.String()); err != nil || !bytes.Equal(raw, gotRaw) {
				t.Errorf("%s@%s: %v", repository, desc.Digest, err)
			}
			info, err := artifact.Inspect(desc, raw)
			if err != nil {
				t.Fatal(err)
			}
			layer := info.Layer
			rc, err := b.Blob(ctx, repository, layer)
			if err != nil {
				t.Fatal(err)
			}
			if got, err := io.ReadAll(rc); err != nil || int64(len(got)) != layer.Size {
				t.Errorf("layer of %s:%s: %d bytes, %v", repository, tag, len(got), err)
			}
			if err := rc.Close(); err != nil {
				t.Error(err)
			}
		}
	}
	if none, err := b.Tags(ctx, base+"/nope"); err != nil || len(none) > 0 {
		t.Errorf("no repository: %v, %v", none, err)
	}
	if _, _, err := b.Manifest(ctx, base+"/nope", "1"); !errors.Is(err, registry.ErrNoRepository) || !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("no repository: %v", err)
	}
	if _, _, err := b.Manifest(ctx, base+"/nginx", "9.9.9"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("no version: %v", err)
	}
	if none, err := b.Repositories(ctx, "elsewhere"); err != nil || len(none) > 0 {
		t.Errorf("no base path: %v, %v", none, err)
	}
	var e *registry.Error
	if _, err := b.Push(ctx, base+"/nginx", "3.0.0", art(t, "x"), registry.Hint{}); !errors.Is(err, registry.ErrNoWrites) || !errors.As(err, &e) || e.Hint == "" {
		t.Errorf("push: %v", err)
	}
}

// TestABrokenBundleIsNotRead: not even what is right in it.
func TestABrokenBundleIsNotRead(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	file := filepath.Join(t.TempDir(), "x.tar")
	for name, text := range map[string]string{"is broken": "nothing", "is compressed": "\x1f\x8b" + strings.Repeat("x", 2000)} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		b := openBundle(t, file)
		for range 2 { // it is said each time
			_, err := b.Repositories(ctx, "spectro-packs/archive")
			var e *registry.Error
			if !errors.Is(err, bundle.ErrBroken) || !strings.Contains(err.Error(), name) || !errors.As(err, &e) || !strings.Contains(e.Hint, "copy the bundle here again") {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	b := openBundle(t, filepath.Join(t.TempDir(), "none.tar"))
	if _, err := b.Tags(ctx, "x"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}
