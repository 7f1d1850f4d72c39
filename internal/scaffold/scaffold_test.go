package scaffold_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/packs-cli/packs/internal/scaffold"
	"github.com/packs-cli/packs/manifest"
)

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

// TestWhatInitWritesIsRight puts packs below folders with awkward names: the
// catalog must name all of them and nothing else.
func TestWhatInitWritesIsRight(t *testing.T) {
	t.Parallel()
	layouts := map[string][]string{
		"at the top":    {"a", "b", "deep/er/c"},
		"below folders": {"packs/a", "packs/x/b", "vendor/c"},
		"odd names":     {"{a}/x", "[b]/x", "c*d?/x", "e f/x", "${HOME}/x", "#g/x", "!h/x", "- i/x", "yes/x", "1.0/x", "ü/x", `q"r/x`, "'s'/x"},
		"none":          {},
	}
	for name, folders := range layouts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			for i, f := range folders {
				write(t, filepath.Join(dir, filepath.FromSlash(f), "pack.json"),
					`{"name":"p`+string(rune('a'+i))+`","displayName":"X","version":"1.0.0","layer":"addon"}`)
			}
			broken := filepath.Join(dir, "broken # [x]: y")
			write(t, filepath.Join(broken, "pack.json"), "{\n\"name\": \"a\x01b\"}")
			c, err := scaffold.Init(dir)
			if err != nil {
				t.Fatal(err)
			}
			got, err := manifest.Load(c.File, manifest.LoadOptions{})
			if err != nil {
				text, _ := os.ReadFile(c.File)
				t.Fatalf("%v\n%s", err, text)
			}
			var paths []string
			for _, p := range got.Packs {
				paths = append(paths, p.Path)
			}
			slices.Sort(paths)
			slices.Sort(folders)
			if !slices.Equal(paths, folders) {
				t.Errorf("packs are %q, want %q", paths, folders)
			}
			if c.Packs != len(folders) || len(c.LeftOut) != 1 {
				t.Errorf("found %d, left out %v", c.Packs, c.LeftOut)
			}
		})
	}
}

func TestInitWritesAllOrNothing(t *testing.T) {
	t.Parallel()
	for _, existing := range []string{"packs.yaml", "packs.schema.json"} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, existing), "mine")
		if _, err := scaffold.Init(dir); !errors.Is(err, fs.ErrExist) {
			t.Errorf("error %v, want fs.ErrExist", err)
		}
		if got := names(t, dir); len(got) != 1 {
			t.Errorf("with %s there, the folder holds %q", existing, got)
		}
	}
}

func TestInitLeavesNoTemporaryFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := scaffold.Init(dir); err != nil {
		t.Fatal(err)
	}
	if got := names(t, dir); !slices.Equal(got, []string{"packs.schema.json", "packs.yaml"}) {
		t.Errorf("the folder holds %q", got)
	}
}

func TestInitInsideAPack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "pack.json"), "{}")
	if _, err := scaffold.Init(dir); !errors.Is(err, scaffold.ErrInsidePack) {
		t.Errorf("error %v, want ErrInsidePack", err)
	}
}
