package executor_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// TestDamagedLayoutsAreMended breaks a layout in every way that a lost disk or a
// careless hand does, and applies again: the plan tells what is damaged, apply
// mends it, and a version that is in no catalog any more stays.
func TestDamagedLayoutsAreMended(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		damage func(repo string, manifestFile, layerFile string) error
		want   string
	}{
		"half an index": {func(repo, _, _ string) error {
			index := filepath.Join(repo, "index.json")
			info, err := os.Stat(index)
			return errors.Join(err, os.Truncate(index, info.Size()/2))
		}, "index.json is no image index, perhaps half-written"},
		"an empty index":        {func(repo, _, _ string) error { return os.Truncate(filepath.Join(repo, "index.json"), 0) }, "half-written"},
		"no manifest":           {func(_, m, _ string) error { return os.Remove(m) }, "which is missing"},
		"half a manifest":       {func(_, m, _ string) error { return os.Truncate(m, 10) }, "has 10 bytes"},
		"another manifest":      {func(_, m, _ string) error { return flip(m) }, "have the digest"},
		"no layer":              {func(_, _, l string) error { return os.Remove(l) }, "is missing"},
		"half a layer":          {func(_, _, l string) error { return os.Truncate(l, 10) }, "has 10 bytes"},
		"a layer that is empty": {func(_, _, l string) error { return os.Truncate(l, 0) }, "has 0 bytes"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "local")
			w.pack("a", "1.0.0", "old: 1\n")
			mine := w.pack("a", "2.0.0", "new: 1\n")
			r := w.apply(executor.Options{})
			if r.Err() != nil {
				t.Fatal(r.Err())
			}
			repo := filepath.Join(w.catalog.Registries[0].Path, "spectro-packs", "archive", "a")
			manifestFile := blobOf(repo, r.Items[1].Digest)
			if err := tt.damage(repo, manifestFile, layerOf(t, repo, manifestFile)); err != nil {
				t.Fatal(err)
			}
			w.catalog.Packs = []manifest.Pack{*mine} // the source of the other is gone
			p := w.plan(executor.Options{})
			if a := p.Actions[0]; a.Kind != plan.Push || !strings.Contains(a.Reason, "damaged") || !strings.Contains(a.Reason, tt.want) {
				t.Errorf("%s: %s, want a push for %q", a.Kind, a.Reason, tt.want)
			}
			if r := w.apply(executor.Options{}); r.Err() != nil || r.Summary.Pushed != 1 {
				t.Fatalf("%+v, %v", r.Summary, r.Err())
			}
			if p := w.plan(executor.Options{}); p.Summary.Unchanged != 1 {
				t.Errorf("after it was mended: %s", kinds(p))
			}
			e := w.executor(executor.Options{Pulling: true, Registries: []string{"local"}})
			for _, version := range []string{"1.0.0", "2.0.0"} {
				if _, err := e.Pull(t.Context(), executor.PullRequest{Registry: "local", Name: "a", Version: version, Dir: t.TempDir()}); err != nil {
					t.Errorf("%s: %v", version, err)
				}
			}
		})
	}
}

// TestDamagedContentIsNotReplacedByOther has a pack that changed since it was
// published: what is damaged was something else.
func TestDamagedContentIsNotReplacedByOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "local")
	p := w.pack("a", "1.0.0", "x: 1\n")
	r := w.apply(executor.Options{})
	repo := filepath.Join(w.catalog.Registries[0].Path, "spectro-packs", "archive", "a")
	if err := os.Remove(blobOf(repo, r.Items[0].Digest)); err != nil {
		t.Fatal(err)
	}
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	r = w.apply(executor.Options{})
	if r.Summary.Conflict != 1 || !strings.Contains(r.Items[0].Error, "--overwrite a@1.0.0") || !errors.Is(r.Items[0].Err, executor.ErrConflict) {
		t.Errorf("%+v", r.Items[0])
	}
	if r = w.apply(executor.Options{Overwrite: []string{"a@1.0.0"}}); r.Summary.Overwritten != 1 {
		t.Errorf("%+v", r.Items[0])
	}
	if p := w.plan(executor.Options{}); p.Summary.Unchanged != 1 {
		t.Errorf("in the end: %s", kinds(p))
	}
}

func blobOf(repo, digest string) string {
	_, hex, _ := strings.Cut(digest, ":")
	return filepath.Join(repo, "blobs", "sha256", hex)
}

// layerOf finds the layer that a manifest names.
func layerOf(t *testing.T, repo, manifestFile string) string {
	t.Helper()
	_, layers, _ := strings.Cut(read(t, manifestFile), `"layers"`)
	var found string
	err := filepath.WalkDir(filepath.Join(repo, "blobs"), func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.Contains(layers, filepath.Base(path)) {
			found = path
		}
		return err
	})
	if err != nil || found == "" {
		t.Fatalf("no layer: %v", err)
	}
	return found
}

// flip changes one byte of a file.
func flip(path string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	b[len(b)/2] ^= 1
	return errors.Join(os.Chmod(path, 0o644), os.WriteFile(path, b, 0o644))
}
