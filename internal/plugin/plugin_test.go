package plugin

import (
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

// programs writes empty programs into folders of a new PATH.
func programs(t *testing.T, folders ...[]string) (path string, dirs []string) {
	t.Helper()
	for _, names := range folders {
		dir := t.TempDir()
		for _, name := range names {
			mode := os.FileMode(0o755)
			if rest, plain := strings.CutPrefix(name, "!"); plain {
				name, mode = rest, 0o644
			}
			if runtime.GOOS == "windows" {
				name += ".exe"
			}
			if err := os.WriteFile(filepath.Join(dir, name), nil, mode); err != nil {
				t.Fatal(err)
			}
		}
		dirs = append(dirs, dir)
	}
	return strings.Join(dirs, string(filepath.ListSeparator)), dirs
}

func TestFind(t *testing.T) {
	t.Parallel()
	path, dirs := programs(t, []string{"packs-a", "packs-a-b", "packs-my_tool", "!packs-plain"}, []string{"packs-a", "packs-c"})
	tests := []struct {
		args string
		want string // folder/file, "" for none
		rest string
	}{
		{"a", "0/packs-a", ""},
		{"a x y", "0/packs-a", "x y"},
		{"a b x", "0/packs-a-b", "x"},
		{"a --flag b", "0/packs-a", "--flag b"},
		{"c", "1/packs-c", ""},
		{"my-tool", "0/packs-my_tool", ""},
		{"plain", "", ""},
		{"none", "", ""},
		{"--flag a", "", ""},
		{"../" + "a", "", ""},
	}
	for _, tt := range tests {
		program, rest, ok := Find("relative"+string(filepath.ListSeparator)+path, strings.Fields(tt.args))
		want := ""
		if tt.want != "" {
			n, file, _ := strings.Cut(tt.want, "/")
			want = filepath.Join(dirs[n[0]-'0'], file)
		}
		if got := strings.TrimSuffix(program, ".exe"); got != want || ok != (want != "") || strings.Join(rest, " ") != tt.rest {
			t.Errorf("%q: %q, %q, %v, want %q, %q", tt.args, got, rest, ok, want, tt.rest)
		}
	}
}

func TestListTellsWhatIsNeverRun(t *testing.T) {
	t.Parallel()
	path, _ := programs(t, []string{"packs-a", "packs-plan", "other", "packs-"}, []string{"packs-a", "packs-x_y-z"})
	var got []string
	for _, p := range List(path, func(word string) bool { return word == "plan" }) {
		line := strings.Join(p.Command, " ")
		for _, w := range p.Warnings {
			what, _, _ := strings.Cut(w, ":")
			line += ": " + what
		}
		got = append(got, line)
	}
	want := []string{"a", "plan: is never run", "a: is never run", "x-y z"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
