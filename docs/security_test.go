package docs_test

import (
	"cmp"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var promised = regexp.MustCompile("`([a-z/]+): ((?:Test|Fuzz)[A-Za-z0-9]+|[a-z_]+\\.txtar)`")

// TestPromisesHaveTests looks for each test that security.md names.
func TestPromisesHaveTests(t *testing.T) {
	t.Parallel()
	text := read(t, "security.md")
	found := promised.FindAllStringSubmatch(text, -1)
	if len(found) < 40 {
		t.Fatalf("only %d tests were found: this test no longer sees them", len(found))
	}
	sources := make(map[string]string) // of the tests, by folder
	for _, m := range found {
		folder, name := filepath.Join("..", filepath.FromSlash(m[1])), m[2]
		if strings.HasSuffix(name, ".txtar") {
			if _, err := os.Stat(filepath.Join(folder, "testdata", "script", name)); err != nil {
				t.Errorf("%s: %v", m[0], err)
			}
			continue
		}
		if _, known := sources[folder]; !known {
			sources[folder] = testSources(t, folder)
		}
		if !strings.Contains(sources[folder], "\nfunc "+name+"(") {
			t.Errorf("%s: there is no such test", m[0])
		}
	}
	for _, line := range strings.Split(text, "\n") {
		if cells := strings.Split(line, " | "); len(cells) == 2 && !strings.HasSuffix(line, " | test |") && !promised.MatchString(cells[1]) {
			t.Errorf("no test stands behind: %s", line)
		}
	}
}

func testSources(t *testing.T, folder string) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, file := range files {
		all.WriteString("\n" + read(t, file))
	}
	return all.String()
}

// TestSilencedFindingsHaveReasons: where gosec is told to be silent, it is told
// why. For nolint the linter itself asks.
func TestSilencedFindingsHaveReasons(t *testing.T) {
	t.Parallel()
	seen := 0
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && path != ".." && strings.HasPrefix(d.Name(), ".") {
			return cmp.Or(err, fs.SkipDir)
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		for i, line := range strings.Split(read(t, path), "\n") {
			_, after, found := strings.Cut(line, "#nosec")
			if !found {
				continue
			}
			seen++
			if !silenced.MatchString(after) {
				t.Errorf("%s:%d: want #nosec G123 -- and the reason, not #nosec%s", path, i+1, after)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if seen < 5 {
		t.Errorf("only %d were found: this test no longer sees them", seen)
	}
}

var silenced = regexp.MustCompile(`^ G\d+( G\d+)* -- \S.{9,}`)
