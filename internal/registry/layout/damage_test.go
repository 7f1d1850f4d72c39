package layout

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

func write600(name, content string) error { return os.WriteFile(name, []byte(content), 0o600) }

func TestDamagedLayoutsAreToldApart(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		damage func(dir string, a *artifact.Artifact) error
		want   string
	}{
		"half an index": {func(dir string, _ *artifact.Artifact) error {
			return write600(inLayout(dir, "index.json"), `{"schemaVersion":2,"manifests":[{`)
		}, "index.json"},
		"half a marker": {func(dir string, _ *artifact.Artifact) error {
			return write600(inLayout(dir, "oci-layout"), `{"imageLay`)
		}, "oci-layout"},
		"index is a folder": {func(dir string, _ *artifact.Artifact) error {
			return errors.Join(os.Remove(inLayout(dir, "index.json")), os.Mkdir(inLayout(dir, "index.json"), 0o750))
		}, "not a regular file"},
		"missing manifest": {func(dir string, a *artifact.Artifact) error {
			return os.Remove(blobFile(dir, a.Manifest.Digest))
		}, "which is missing"},
		"manifest cut off": {func(dir string, a *artifact.Artifact) error {
			return os.Truncate(blobFile(dir, a.Manifest.Digest), 10)
		}, "has 10 bytes"},
		"manifest with other bytes": {func(dir string, a *artifact.Artifact) error {
			return write600(blobFile(dir, a.Manifest.Digest), strings.Repeat("x", len(a.Bytes)))
		}, "have the digest"},
		"manifest is a folder": {func(dir string, a *artifact.Artifact) error {
			return errors.Join(os.Remove(blobFile(dir, a.Manifest.Digest)), os.Mkdir(blobFile(dir, a.Manifest.Digest), 0o750))
		}, "not a regular file"},
		"manifest of 1 GB": {func(dir string, _ *artifact.Artifact) error {
			return write600(inLayout(dir, "index.json"), `{"schemaVersion":2,"manifests":[`+strings.Replace(listed("x", "1.0.0", ""), `"size":1`, `"size":1000000000`, 1)+`]}`)
		}, "at most"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			a := push(t, r, "1.0.0", "x")
			if err := tt.damage(dir, a); err != nil {
				t.Fatal(err)
			}
			_, _, err := r.Manifest(t.Context(), repo, "1.0.0")
			var re *registry.Error
			if !errors.Is(err, registry.ErrCorrupt) || !errors.As(err, &re) || re.Hint == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want ErrCorrupt with %q and a hint", err, tt.want)
			}
			if errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%v: what is damaged is not missing", err)
			}
		})
	}
}

func TestDamagedBlobs(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	layer := push(t, r, "1.0.0", "layer").Layer
	for name, content := range map[string]string{"other bytes": "LAYER", "shorter": "lay", "longer": "layers"} {
		if err := write600(blobFile(dir, layer.Digest), content); err != nil {
			t.Fatal(err)
		}
		if got, err := readBlob(t.Context(), r, layer.Descriptor); !errors.Is(err, registry.ErrDigest) || !errors.Is(err, registry.ErrCorrupt) {
			t.Errorf("%s: %q, %v; want ErrDigest and ErrCorrupt", name, got, err)
		}
		push(t, r, "1.0.0", "layer") // mends it
		everyTagReads(t, dir)
	}
	if err := os.Remove(blobFile(dir, layer.Digest)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.Blob(t.Context(), repo, layer.Descriptor); !errors.Is(err, registry.ErrNotFound) || !errors.Is(err, registry.ErrCorrupt) {
		t.Errorf("missing blob: %v", err)
	}
	for _, d := range []digest.Digest{"", "x", "sha256:../../../x", "md5:00"} {
		bad := layer.Descriptor
		bad.Digest = d
		if _, err := r.Blob(t.Context(), repo, bad); err == nil {
			t.Errorf("digest %q is accepted", d)
		}
	}
}

func TestBlobThatChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	layer := push(t, r, "1.0.0", "layer").Layer
	for name, change := range map[string]func() error{
		"cut off": func() error { return os.Truncate(blobFile(dir, layer.Digest), 2) },
		"grown":   func() error { return write600(blobFile(dir, layer.Digest), "layer and more") },
	} {
		push(t, r, "1.0.0", "layer")
		rc, err := r.Blob(t.Context(), repo, layer.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		if err := change(); err != nil {
			t.Fatal(err)
		}
		if _, err := io.Copy(io.Discard, rc); !errors.Is(err, registry.ErrDigest) {
			t.Errorf("%s: %v, want ErrDigest", name, err)
		}
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestFolderOfSomebodyElse must find everything as it was.
func TestFolderOfSomebodyElse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ file, content, want string }{
		"other things":       {"README.md", "mine", `holds "README.md"`},
		"an index alone":     {"index.json", `{"schemaVersion":2,"manifests":[]}`, "no file oci-layout"},
		"a layout to come":   {"oci-layout", `{"imageLayoutVersion":"9.9.9"}`, `"9.9.9"`},
		"a marker of air":    {"oci-layout", ``, "oci-layout"},
		"a marker of weight": {"oci-layout", strings.Repeat(" ", 1<<20), "more than"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			if err := errors.Join(os.MkdirAll(inLayout(dir), 0o750), write600(inLayout(dir, tt.file), tt.content)); err != nil {
				t.Fatal(err)
			}
			_, pushed := r.Push(t.Context(), repo, "1.0.0", art(t, "x"), registry.Hint{})
			_, _, read := r.Manifest(t.Context(), repo, "1.0.0")
			_, tags := r.Tags(t.Context(), repo)
			for op, err := range map[string]error{"push": pushed, "manifest": read, "tags": tags} {
				var re *registry.Error
				if !errors.As(err, &re) || re.Hint == "" || !strings.Contains(err.Error(), tt.want) {
					t.Errorf("%s: %v, want %q and a hint", op, err, tt.want)
				}
			}
			names, err := os.ReadDir(inLayout(dir))
			if err != nil || len(names) != 1 {
				t.Errorf("the folder holds %v, %v; want only %s", names, err, tt.file)
			}
		})
	}
}

func TestUnfinishedLayoutIsFinished(t *testing.T) {
	t.Parallel()
	for name, made := range map[string][]string{
		"folder":       {""},
		"lock":         {lockFile},
		"part of file": {lockFile, tempFile, "blobs"},
		"no index":     {lockFile, "blobs/sha256", "oci-layout"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			for _, name := range made {
				full := inLayout(dir, filepath.FromSlash(name))
				err := os.MkdirAll(inLayout(dir), 0o750)
				switch {
				case strings.HasPrefix(name, "blobs") || name == "":
					err = errors.Join(err, os.MkdirAll(full, 0o750))
				case name == "oci-layout":
					err = errors.Join(err, write600(full, `{"imageLayoutVersion":"1.0.0"}`))
				default:
					err = errors.Join(err, write600(full, ""))
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			if _, _, err := r.Manifest(t.Context(), repo, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("read: %v, want not found", err)
			}
			push(t, r, "1.0.0", "x")
			if tags := everyTagReads(t, dir); len(tags) != 1 {
				t.Errorf("tags %q", tags)
			}
			leftovers(t, dir)
		})
	}
}

func TestNothingOutsideThePathIsTouched(t *testing.T) {
	t.Parallel()
	tests := map[string]func(dir, outside string) error{
		"repository": func(dir, outside string) error {
			return errors.Join(os.MkdirAll(filepath.Dir(inLayout(dir)), 0o750), os.Symlink(outside, inLayout(dir)))
		},
		"blobs": func(dir, outside string) error {
			return errors.Join(os.MkdirAll(inLayout(dir), 0o750), os.Symlink(outside, inLayout(dir, "blobs")))
		},
		"lock": func(dir, outside string) error {
			return errors.Join(os.MkdirAll(inLayout(dir), 0o750), os.Symlink(filepath.Join(outside, "lock"), inLayout(dir, lockFile)))
		},
	}
	for name, link := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir, outside := t.TempDir(), t.TempDir()
			if err := link(dir, outside); err != nil {
				t.Skipf("links cannot be made here: %v", err)
			}
			if _, err := open(t, dir).Push(t.Context(), repo, "1.0.0", art(t, "x"), registry.Hint{}); err == nil {
				t.Error("a link out of the folder is followed")
			}
			if names, err := os.ReadDir(outside); err != nil || len(names) != 0 {
				t.Errorf("outside are %v, %v", names, err)
			}
		})
	}
	for _, name := range []string{"../x", "/x", "a/../../x"} {
		if _, err := open(t, t.TempDir()).Push(t.Context(), name, "1.0.0", art(t, "x"), registry.Hint{}); err == nil {
			t.Errorf("repository %q is accepted", name)
		}
	}
	for _, tag := range []string{"a/b", "a:b", "..", strings.Repeat("x", 129)} {
		if _, err := open(t, t.TempDir()).Push(t.Context(), repo, tag, art(t, "x"), registry.Hint{}); err == nil {
			t.Errorf("tag %q is accepted", tag)
		}
	}
}

func TestPathsThatAreNoFolder(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "file")
	if err := errors.Join(write600(file, ""), write600(filepath.Join(dir, "spectro-packs"), "")); err != nil {
		t.Fatal(err)
	}
	for name, path := range map[string]string{"the path": file, "above the path": filepath.Join(file, "below"), "below the path": dir} {
		_, pushed := open(t, path).Push(t.Context(), repo, "1.0.0", art(t, "x"), registry.Hint{})
		_, _, read := open(t, path).Manifest(t.Context(), repo, "1.0.0")
		for op, err := range map[string]error{"push": pushed, "read": read} {
			var re *registry.Error
			if !errors.As(err, &re) || !strings.Contains(re.Hint, "name a folder") {
				t.Errorf("%s is a file, %s: %v", name, op, err)
			}
		}
	}
	for _, path := range []string{"", "dist/registry"} {
		if _, err := New(manifest.Registry{Type: manifest.TypeLayout, Path: path}); err == nil {
			t.Errorf("path %q is accepted", path)
		}
	}
}
