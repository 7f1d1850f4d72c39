package changed_test

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/changed"
	"github.com/packs-cli/packs/internal/pack"
)

// checkout is a git work tree that a test writes.
type checkout struct {
	t   *testing.T
	dir string
}

// newCheckout has two packs and a packs.yaml on main, and is on the branch work.
func newCheckout(t *testing.T) *checkout {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	c := &checkout{t, t.TempDir()}
	c.git("init", "-q", "-b", "main")
	c.write("packs.yaml", "packs")
	c.write("certs/ca.pem", "ca")
	for _, name := range []string{"a", "b"} {
		c.meta("packs/"+name+"-1.0.0", name, "1.0.0")
		c.write("packs/"+name+"-1.0.0/values.yaml", name)
		c.write("packs/"+name+"-1.0.0/.packsignore", "*.bak\n")
		c.write("packs/"+name+"-1.0.0/old.bak", "old")
	}
	c.commit()
	c.git("switch", "-q", "-c", "work")
	return c
}

func (c *checkout) git(args ...string) {
	c.t.Helper()
	gitIn(c.t, c.dir, args...)
}

func gitIn(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir, "-c", "user.name=Test", "-c", "user.email=test@example.com", "-c", "protocol.file.allow=always"}, args...)...)
	cmd.Env = append(cmd.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func (c *checkout) write(name, text string) {
	c.t.Helper()
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

func (c *checkout) meta(folder, name, version string) {
	c.t.Helper()
	c.write(folder+"/pack.json", fmt.Sprintf(`{"name": %q, "version": %q}`, name, version))
}

func (c *checkout) remove(name string) {
	c.t.Helper()
	if err := os.RemoveAll(filepath.Join(c.dir, name)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *checkout) commit() {
	c.t.Helper()
	c.git("add", "-A", "-f")
	c.git("commit", "-q", "-m", "commit", "--allow-empty")
}

// catalog is what lies below packs now.
func (c *checkout) catalog() changed.Catalog {
	c.t.Helper()
	cat := changed.Catalog{File: filepath.Join(c.dir, "packs.yaml"), Files: []string{filepath.Join(c.dir, "certs", "ca.pem")}}
	entries, err := os.ReadDir(filepath.Join(c.dir, "packs"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		c.t.Fatal(err)
	}
	for _, e := range entries {
		dir := filepath.Join(c.dir, "packs", e.Name())
		meta, err := pack.ReadMeta(dir)
		if err != nil {
			continue
		}
		cat.Packs = append(cat.Packs, changed.Pack{Dir: dir, Name: meta.Name, Version: meta.Version, Archive: !e.IsDir()})
	}
	return cat
}

// change is what a test does, and what comes of it.
type change struct {
	name     string
	do       func(c *checkout)
	selected []string // base names of folders
	because  string
	deleted  []string
	differ   map[string]string // folder to files, with blanks
}

var changes = []change{
	{name: "nothing", do: func(*checkout) {}},
	{
		name: "an edited file", do: func(c *checkout) { c.write("packs/a-1.0.0/values.yaml", "x") },
		selected: []string{"a-1.0.0"}, differ: map[string]string{"a-1.0.0": "values.yaml"},
	},
	{
		name: "a committed edit", do: func(c *checkout) { c.write("packs/a-1.0.0/values.yaml", "x"); c.commit() },
		selected: []string{"a-1.0.0"}, differ: map[string]string{"a-1.0.0": "values.yaml"},
	},
	{
		name: "an edit that was taken back", do: func(c *checkout) {
			c.write("packs/a-1.0.0/values.yaml", "x")
			c.commit()
			c.write("packs/a-1.0.0/values.yaml", "a")
			c.commit()
		},
	},
	{
		name: "a new file", do: func(c *checkout) { c.write("packs/b-1.0.0/docs/new.md", "x") },
		selected: []string{"b-1.0.0"}, differ: map[string]string{"b-1.0.0": "docs/new.md"},
	},
	{
		name: "a removed file", do: func(c *checkout) { c.remove("packs/b-1.0.0/values.yaml") },
		selected: []string{"b-1.0.0"}, differ: map[string]string{"b-1.0.0": "values.yaml"},
	},
	{
		name: "an executable bit", do: func(c *checkout) {
			if err := os.Chmod(filepath.Join(c.dir, "packs/a-1.0.0/values.yaml"), 0o755); err != nil {
				c.t.Fatal(err)
			}
		},
		selected: []string{"a-1.0.0"}, differ: map[string]string{"a-1.0.0": "values.yaml"},
	},
	{
		name: "a file that is left out", do: func(c *checkout) { c.write("packs/a-1.0.0/old.bak", "x"); c.write("packs/a-1.0.0/.DS_Store", "x") },
		selected: []string{"a-1.0.0"},
	},
	{
		name: "an ignore file that leaves out less", do: func(c *checkout) { c.write("packs/a-1.0.0/.packsignore", "") },
		selected: []string{"a-1.0.0"}, differ: map[string]string{"a-1.0.0": "old.bak"},
	},
	{
		name: "an ignore file that leaves out more", do: func(c *checkout) { c.write("packs/a-1.0.0/.packsignore", "*.bak\nvalues.yaml\n") },
		selected: []string{"a-1.0.0"}, differ: map[string]string{"a-1.0.0": "values.yaml"},
	},
	{
		name: "a file that git ignores", do: func(c *checkout) {
			c.write(".git/info/exclude", "secret\n")
			c.write("packs/a-1.0.0/secret", "x")
		},
	},
	{
		name: "a new version in a new folder", do: func(c *checkout) {
			c.meta("packs/a-1.1.0", "a", "1.1.0")
			c.write("packs/a-1.1.0/values.yaml", "x")
		},
		selected: []string{"a-1.1.0"},
	},
	{
		name: "a new version in its folder", do: func(c *checkout) {
			c.meta("packs/a-1.0.0", "a", "1.1.0")
			c.write("packs/a-1.0.0/values.yaml", "x")
		},
		selected: []string{"a-1.0.0"},
	},
	{
		name: "a renamed folder", do: func(c *checkout) { c.git("mv", "packs/a-1.0.0", "packs/renamed") },
		selected: []string{"renamed"}, deleted: []string{"packs/a-1.0.0"},
	},
	{
		name: "a renamed folder with an edit", do: func(c *checkout) {
			c.git("mv", "packs/a-1.0.0", "packs/renamed")
			c.write("packs/renamed/values.yaml", "x")
		},
		selected: []string{"renamed"}, deleted: []string{"packs/a-1.0.0"}, differ: map[string]string{"renamed": "values.yaml"},
	},
	{
		name: "a copied folder", do: func(c *checkout) {
			c.meta("packs/copy", "a", "1.0.0")
			c.write("packs/copy/values.yaml", "x")
		},
		selected: []string{"copy"}, // two folders with one version: another rule
	},
	{
		name: "a deleted pack", do: func(c *checkout) { c.remove("packs/a-1.0.0") },
		deleted: []string{"packs/a-1.0.0"},
	},
	{
		name: "packs.yaml", do: func(c *checkout) { c.write("packs.yaml", "x") },
		selected: []string{"a-1.0.0", "b-1.0.0"}, because: "packs.yaml",
	},
	{
		name: "a file that packs.yaml names", do: func(c *checkout) { c.write("certs/ca.pem", "x") },
		selected: []string{"a-1.0.0", "b-1.0.0"}, because: "certs/ca.pem",
	},
	{name: "another file", do: func(c *checkout) { c.write("README.md", "x") }},
	{
		name: "what main did since", do: func(c *checkout) {
			c.git("switch", "-q", "main")
			c.write("packs/b-1.0.0/values.yaml", "x")
			c.commit()
			c.git("switch", "-q", "work")
		},
	},
	{
		name: "a name with a blank and an umlaut", do: func(c *checkout) { c.write("packs/a-1.0.0/ä b\tc.md", "x") },
		selected: []string{"a-1.0.0"}, differ: map[string]string{"a-1.0.0": "ä b\tc.md"},
	},
	{
		name: "a link in place of a file", do: func(c *checkout) {
			c.remove("packs/a-1.0.0/values.yaml")
			if err := os.Symlink("pack.json", filepath.Join(c.dir, "packs/a-1.0.0/values.yaml")); err != nil {
				c.t.Skip("no links here:", err)
			}
		},
		selected: []string{"a-1.0.0"}, differ: map[string]string{"a-1.0.0": "values.yaml"},
	},
}

func TestChanges(t *testing.T) {
	t.Parallel()
	for _, c := range changes {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newCheckout(t)
			c.do(w)
			d, err := changed.Since(t.Context(), w.dir, "main")
			if err != nil {
				t.Fatal(err)
			}
			cat := w.catalog()
			s, err := d.Select(t.Context(), cat)
			if err != nil {
				t.Fatal(err)
			}
			var selected, deleted []string
			for _, i := range s.Packs {
				selected = append(selected, filepath.Base(cat.Packs[i].Dir))
			}
			for _, p := range s.Deleted {
				deleted = append(deleted, p.Path)
			}
			if !slices.Equal(selected, c.selected) || s.Because != c.because || !slices.Equal(deleted, c.deleted) {
				t.Errorf("selected %v because of %q, deleted %v; want %v, %q, %v", selected, s.Because, deleted, c.selected, c.because, c.deleted)
			}
			checkHistory(t, d, cat, c)
		})
	}
}

func checkHistory(t *testing.T, d *changed.Diff, cat changed.Catalog, c change) {
	t.Helper()
	h, err := d.History(t.Context(), cat.Packs)
	if err != nil {
		t.Fatal(err)
	}
	differ := make(map[string]string)
	for i, files := range h.Changed {
		differ[filepath.Base(cat.Packs[i].Dir)] = strings.Join(files, " ")
	}
	if !maps.Equal(differ, c.differ) {
		t.Errorf("files differ: %v, want %v", differ, c.differ)
	}
	if !slices.Equal(h.Versions["a"], []string{"1.0.0"}) || !slices.Equal(h.Versions["b"], []string{"1.0.0"}) || len(h.Versions) != 2 {
		t.Errorf("main has versions %v", h.Versions)
	}
}

// TestTouches asks for single files and folders.
func TestTouches(t *testing.T) {
	t.Parallel()
	c := newCheckout(t)
	c.write("packs/a-1.0.0/values.yaml", "x")
	c.remove("packs/b-1.0.0")
	d, err := changed.Since(t.Context(), filepath.Join(c.dir, "packs", "a-1.0.0"), "main")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"packs/a-1.0.0": true, "packs/a-1.0.0/values.yaml": true, "packs/a-1.0.0/pack.json": false, "packs/b-1.0.0": true,
		"packs/b-1.0.0/pack.json": true, "packs.yaml": false, ".": true, "..": false, "certs": false, "packs/a-1.0": false,
	} {
		if got := d.Touches(filepath.Join(c.dir, path)); got != want {
			t.Errorf("Touches(%q) = %t, want %t", path, got, want)
		}
	}
}
