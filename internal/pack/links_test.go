package pack

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		links map[string]string
		want  string // part of the error, "" for none
	}{
		"beside":             {map[string]string{"l": "values.yaml"}, ""},
		"up and down":        {map[string]string{"a/b/l": "../../values.yaml"}, ""},
		"down and up":        {map[string]string{"l": "a/../values.yaml"}, ""},
		"a folder":           {map[string]string{"l": "a/b/"}, ""},
		"the pack itself":    {map[string]string{"l": ".", "a/l": ".."}, ""},
		"to nothing":         {map[string]string{"l": "nothing/here"}, ""},
		"odd slashes":        {map[string]string{"l": ".//a//./b"}, ""},
		"through a link":     {map[string]string{"a/x": "b", "l": "a/x/../values.yaml"}, ""},
		"a colon inside":     {map[string]string{"l": "ab:c"}, ""},
		"out":                {map[string]string{"l": "../values.yaml"}, "leads out"},
		"out by depth":       {map[string]string{"a/l": "../../values.yaml"}, "leads out"},
		"out and in again":   {map[string]string{"l": "../pack/values.yaml"}, "leads out"},
		"out past a missing": {map[string]string{"l": "a/../../x"}, "leads out"},
		"absolute":           {map[string]string{"l": "/etc/passwd"}, "leads out"},
		"drive":              {map[string]string{"l": "c:/x"}, "leads out"},
		"relative on drive":  {map[string]string{"l": "C:x"}, "leads out"},
		"backslashes":        {map[string]string{"l": `..\x`}, "leads out"},
		"out by a link":      {map[string]string{"a/up": "..", "l": "a/up/../x"}, "leads out"},
		"out by two links":   {map[string]string{"a/b/up": "../..", "m": "a/b/up", "l": "m/.."}, "leads out"},
		"itself":             {map[string]string{"l": "l"}, "in a circle"},
		"a circle":           {map[string]string{"l": "m", "m": "a/n", "a/n": "../l"}, "in a circle"},
		"below itself":       {map[string]string{"l": "l/x"}, "in a circle"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var files []File
			for path, target := range tt.links {
				files = append(files, linkFile(path, target))
			}
			err := checkLinks(files)
			if tt.want == "" {
				if err != nil {
					t.Errorf("%v; want no error", err)
				}
				return
			}
			if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v; want ErrUnsupported, %q", err, tt.want)
			}
		})
	}
}

func TestManyLinksEnd(t *testing.T) {
	t.Parallel()
	var files []File
	for i := range 60_000 {
		files = append(files, linkFile(fmt.Sprint("l", i), strings.Repeat("a/", 20)+"x"))
	}
	if err := checkLinks(files); !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "too many") {
		t.Errorf("%v; want that there are too many", err)
	}
}

// TestLinksAreJudgedAsTheSystemDoes compares with os.Root, which refuses to
// follow what leads out of it.
func TestLinksAreJudgedAsTheSystemDoes(t *testing.T) {
	t.Parallel()
	names := []string{"l", "m", "d/l", "d/e/m"}
	targets := []string{"f", "../f", "../../f", "d", "e/..", "d/e", "d/../..", "l/../f", "m/../..", "d/l", "./e/m/../f", "../m/f", "d/e/m"}
	for i := range targets {
		for j := range 5 {
			links := map[string]string{"d/e/f": "", "f": "", "d/f": ""}
			for k, name := range names {
				links[name] = "->" + targets[(i*(k+1)+j*(k%2)+k)%len(targets)]
			}
			compareWithRoot(t, links, names)
		}
	}
}

func compareWithRoot(t *testing.T, links map[string]string, names []string) {
	t.Helper()
	dir := tree(t, links)
	root, err := os.OpenRoot(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer root.Close()
	walk := linkWalk{links: make(map[string]string)}
	for _, name := range names {
		walk.links[name] = strings.TrimPrefix(links[name], "->")
	}
	for _, name := range names {
		_, err := root.Stat(filepath.FromSlash(name))
		ours := walk.follow(&File{Path: name, Target: walk.links[name]})
		// A link that leads to nothing is no error here, and what lies beyond a
		// file that is no folder is not looked at by the system.
		refused := err != nil && strings.Contains(err.Error(), "escapes")
		if refused && ours == nil || ours != nil && err == nil {
			t.Errorf("%s in %v: system says %v, we say %v", name, walk.links, err, ours)
		}
	}
}

func TestListGoesOnWhereReadRefuses(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{"out": "->../x", "charts/circle": "->circle", IgnoreFile: "*.bak\n", "x.bak": "", "\xff": ""}))
	if err := errors.Join(os.MkdirAll(filepath.Join(dir, "hollow", "deeper"), 0o700), mkfifo(filepath.Join(dir, "pipe"))); err != nil {
		t.Skip("cannot be made here:", err)
	}
	list, err := List(context.Background(), dir, 100)
	if err != nil || list.IgnoreErr != nil {
		t.Fatal(err, list)
	}
	var got strings.Builder
	for _, e := range list.Entries {
		fmt.Fprintf(&got, "%s %v x=%v ->%s out=%v empty=%v %v\n", e.Path, e.Mode.Type(), e.Executable, e.Target, e.Escapes, e.Empty, e.Err)
	}
	odd := ErrUnsupported.Error()
	want := `bin d--------- x=false -> out=false empty=false <nil>
bin/run.sh ---------- x=true -> out=false empty=false <nil>
charts d--------- x=false -> out=false empty=false <nil>
charts/.helmignore ---------- x=false -> out=false empty=false <nil>
charts/a-1.0.0.tgz ---------- x=false -> out=false empty=false <nil>
charts/circle L--------- x=false ->circle out=true empty=false <nil>
empty ---------- x=false -> out=false empty=false <nil>
hollow d--------- x=false -> out=false empty=false <nil>
hollow/deeper d--------- x=false -> out=false empty=true <nil>
link L--------- x=false ->values.yaml out=false empty=false <nil>
out L--------- x=false ->../x out=true empty=false <nil>
pack.json ---------- x=false -> out=false empty=false <nil>
pipe p--------- x=false -> out=false empty=false ` + odd + `: a named pipe is neither file, folder nor link
values.yaml ---------- x=false -> out=false empty=false <nil>
` + "\ufffd ---------- x=false -> out=false empty=false " + odd + `: the name is not UTF-8: rename it
`
	if got.String() != want {
		t.Errorf("listed\n%s\nwant\n%s", got.String(), want)
	}
	if _, err := List(context.Background(), dir, 3); !errors.Is(err, ErrTooLarge) {
		t.Errorf("more than 3 entries: %v", err)
	}
	if _, err := List(context.Background(), filepath.Join(dir, "none"), 3); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}
