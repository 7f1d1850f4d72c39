package pack_test

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/pack"
)

// tree writes files below a new folder: text by path; a path that ends in /
// is an empty folder, a text that begins with -> a link.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		var err error
		target, isLink := strings.CutPrefix(text, "-> ")
		switch {
		case strings.HasSuffix(name, "/"):
			err = os.MkdirAll(path, 0o755)
		case isLink:
			err = os.Symlink(target, path)
		default:
			err = os.WriteFile(path, []byte(text), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestList(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"pack.json": "{}", ".DS_Store": "x", ".git/config": "x", ".packsignore": "*.bak\n", "a.bak": "x",
		"docs/": "", "b/c.txt": "abc", "b/in": "-> ../pack.json", "b/out": "-> ../../x", "b/up": "-> up", "hidden/only.bak": "x",
	})
	if err := os.Chmod(filepath.Join(dir, "b", "c.txt"), 0o755); err != nil {
		t.Fatal(err)
	}
	l, err := pack.List(t.Context(), dir, 100)
	if err != nil || l.IgnoreErr != nil {
		t.Fatal(err, l)
	}
	var got []string
	for _, e := range l.Entries {
		got = append(got, fmt.Sprintf("%s %s %d x=%t escapes=%t empty=%t %q %v", e.Path, e.Mode.Type(), e.Size, e.Executable, e.Escapes, e.Empty, e.Target, e.Err))
	}
	want := []string{
		`b d--------- 0 x=false escapes=false empty=false "" <nil>`,
		`b/c.txt ---------- 3 x=true escapes=false empty=false "" <nil>`,
		`b/in L--------- 0 x=false escapes=false empty=false "../pack.json" <nil>`,
		`b/out L--------- 0 x=false escapes=true empty=false "../../x" <nil>`,
		`b/up L--------- 0 x=false escapes=true empty=false "up" <nil>`,
		`docs d--------- 0 x=false escapes=false empty=true "" <nil>`,
		`hidden d--------- 0 x=false escapes=false empty=true "" <nil>`,
		`pack.json ---------- 2 x=false escapes=false empty=false "" <nil>`,
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestListLimits(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"pack.json": "{}", "a/b": "x", "a/c": "x", strings.Repeat("d/", 300): ""})
	if _, err := pack.List(t.Context(), dir, 4); !errors.Is(err, pack.ErrTooLarge) {
		t.Errorf("for more entries than allowed: %v, want ErrTooLarge", err)
	}
	l, err := pack.List(t.Context(), dir, 1000)
	if err != nil {
		t.Fatal(err)
	}
	deepest := l.Entries[len(l.Entries)-2] // before pack.json
	if !errors.Is(deepest.Err, pack.ErrTooLarge) || strings.Count(deepest.Path, "/") > 210 {
		t.Errorf("the deepest entry is %d folders down: %v", strings.Count(deepest.Path, "/"), deepest.Err)
	}
	if _, err := pack.List(t.Context(), filepath.Join(dir, "none"), 10); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("for a folder that is not there: %v", err)
	}
}

func TestListBadIgnoreFile(t *testing.T) {
	t.Parallel()
	l, err := pack.List(t.Context(), tree(t, map[string]string{"pack.json": "{}", ".packsignore": "[a\n"}), 10)
	if err != nil {
		t.Fatal(err)
	}
	if l.IgnoreErr == nil || len(l.Entries) != 1 {
		t.Errorf("got %v and %d entries, want an error and one", l.IgnoreErr, len(l.Entries))
	}
}
