package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest/faultproxy"
)

var (
	testNames = regexp.MustCompile(`\bTest[A-Z]\w+`)
	scripts   = regexp.MustCompile(`\b\w+\.txtar\b`)
	functions = regexp.MustCompile(`(?m)^func (Test\w+)\(`)
)

// TestNamedTestsExist holds the pages that name tests to it.
func TestNamedTestsExist(t *testing.T) {
	t.Parallel()
	exist := make(map[string]bool)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case strings.HasSuffix(path, ".txtar"):
			exist[d.Name()] = true
		case strings.HasSuffix(path, "_test.go"):
			for _, m := range functions.FindAllStringSubmatch(read(t, path), -1) {
				exist[m[1]] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range []string{"reliability.md", "compatibility.md"} {
		text := read(t, page)
		names := append(testNames.FindAllString(text, -1), scripts.FindAllString(text, -1)...)
		if len(names) < 20 {
			t.Errorf("%s names only %d tests: this test no longer sees them", page, len(names))
		}
		for _, name := range names {
			if !exist[name] {
				t.Errorf("%s: there is no test %s", page, name)
			}
		}
	}
}

// TestEveryFaultHasARow compares the faults that can be made with the page that
// tells what becomes of them.
func TestEveryFaultHasARow(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("reliability.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, kind := range faultproxy.Kinds() {
		if !strings.Contains(string(text), string(kind)) {
			t.Errorf("reliability.md has no row for %q", kind)
		}
	}
}
