package manifest_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

// TestHostileFiles: what is no catalog is refused with a word, and at once.
func TestHostileFiles(t *testing.T) {
	t.Parallel()
	laughs := "x-a: &a [l, l, l, l, l, l, l, l, l]\n"
	for c := 'b'; c <= 'i'; c++ {
		laughs += fmt.Sprintf("x-%c: &%c [%s]\n", c, c, strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*%c, ", c-1), 9), ", "))
	}
	merges := "x-0: &m0 {k0: v}\n"
	for i := 1; i < 3000; i++ {
		merges += fmt.Sprintf("x-%d: &m%d {<<: *m%d, k%d: v}\n", i, i, i-1, i)
	}
	tests := []struct {
		name, text, want string
		is               error
	}{
		{"empty", "", "holds no catalog: it is empty", nil},
		{"comments", "# nothing\n", "holds no catalog: it is empty", nil},
		{"only a mark", "\xef\xbb\xbf", "holds no catalog: it is empty", nil},
		{"null", "~\n", "holds no catalog: it is empty", nil},
		{"list", "[a]\n", "packs.yaml:1:1: the catalog must be a mapping (key: value), not a list", nil},
		{"text", "hello\n", `packs.yaml:1:1: the catalog must be a mapping (key: value), not the text "hello"`, nil},
		{"binary", "\x7fELF\x02\x01\x01\x00\x00", "packs.yaml:1:8: is a binary file: it holds a NUL byte", nil},
		{"gzip", "\x1f\x8b\x08\x08\xff\xfe", "packs.yaml:1:2: is not UTF-8: byte 0x8b cannot stand here", nil},
		{"Latin-1", head + "x-a: caf\xe9\n", "packs.yaml:3:9: is not UTF-8: byte 0xe9 cannot stand here", nil},
		{"UTF-16", "\xff\xfea\x00p\x00i\x00", "is text in UTF-16 or UTF-32, not in UTF-8 (save it as UTF-8)", nil},
		{"control character", head + "x-a: \x01\n", "is no YAML: control characters are not allowed", nil},
		{"too long", strings.Repeat("#", 1<<20+1), "is larger than 1024 KiB, the limit for a catalog", manifest.ErrTooLarge},
		{"billion laughs", head + laughs + local + "packs: []\n", "aliases stand for more than 100000 values", manifest.ErrTooLarge},
		{"laughs of keys", head + merges + local + "packs: []\n", "aliases stand for more than 100000 values", manifest.ErrTooLarge},
		{"deep flow", head + "x-a: " + strings.Repeat("[", 20000), "is nested too deeply", manifest.ErrTooLarge},
		{"deep enough", head + "x-a: " + strings.Repeat("[", 100) + strings.Repeat("]", 100), "is nested too deeply: more than 64 levels", manifest.ErrTooLarge},
		{"merge cycle", head + "x-a: &a {<<: *a}\n", "alias *a is inside of its own anchor", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(t.TempDir(), "packs.yaml")
			put(t, file, tt.text)
			c, err := manifest.Load(file, manifest.LoadOptions{})
			var invalid *manifest.InvalidError
			if !errors.As(err, &invalid) || len(invalid.Problems) != 1 || !strings.Contains(err.Error(), tt.want) || c != nil {
				t.Errorf("error %v, want one problem: %s", err, tt.want)
			}
			if tt.is != nil && !errors.Is(err, tt.is) {
				t.Errorf("errors.Is does not find %q", tt.is)
			}
		})
	}
}

// TestHugeFile: 100 MB, of which TestReadFileStops says how much is read.
func TestHugeFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "packs.yaml")
	put(t, file, head)
	if err := os.Truncate(file, 100<<20); err != nil {
		t.Fatal(err)
	}
	if _, err := manifest.Load(file, manifest.LoadOptions{}); !errors.Is(err, manifest.ErrTooLarge) {
		t.Errorf("error %v", err)
	}
}

func TestUTF8MarkAndWindowsLines(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	put(t, filepath.Join(dir, "a", "pack.json"), packJSON("a", "1.0.0"))
	put(t, filepath.Join(dir, "packs.yaml"), "\xef\xbb\xbf"+strings.ReplaceAll(head+local+"packs:\n  - path: a\n    name: b\n", "\n", "\r\n"))
	_, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{})
	if err == nil || !strings.Contains(err.Error(), "packs.yaml:9:11: name \"b\" differs") {
		t.Errorf("error %v", err)
	}
}

// TestManyMistakes: a report ends somewhere.
func TestManyMistakes(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString(local + "packs:\n")
	for range 5000 {
		b.WriteString("  - {path: a, naem: x}\n")
	}
	_, err := mistakes(t, b.String(), manifest.LoadOptions{})
	var invalid *manifest.InvalidError
	if !errors.As(err, &invalid) || len(invalid.Problems) != 1001 || !strings.Contains(invalid.Problems[1000].Message, "more than 1000 mistakes") {
		t.Errorf("%d problems", len(invalid.Problems))
	}
}
