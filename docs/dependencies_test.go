package docs_test

import (
	"encoding/json"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

var (
	dependencyRow = regexp.MustCompile("(?m)^\\| `([^`]+)` \\| ([^|]+) \\| ([^|]+) \\|$")
	quoted        = regexp.MustCompile("`([^`]+)`")
)

// TestDependenciesAreExplained keeps dependencies.md, go.mod and the imports of
// the program equal.
func TestDependenciesAreExplained(t *testing.T) {
	t.Parallel()
	modules := directModules(t)
	importers := importersOf(t, modules)
	var explained []string
	for _, row := range dependencyRow.FindAllStringSubmatch(read(t, "dependencies.md"), -1) {
		module, why, where := row[1], row[2], strings.TrimSpace(row[3])
		explained = append(explained, module)
		if len(why) < 15 {
			t.Errorf("%s: %q is no reason", module, why)
		}
		got := slices.Sorted(maps.Keys(importers[module]))
		switch where {
		case "throughout":
			if len(got) == 0 {
				t.Errorf("%s: only tests import it: write %q", module, "tests")
			}
			continue
		case "tests":
			where = ""
		}
		var want []string
		for _, m := range quoted.FindAllStringSubmatch(where, -1) {
			want = append(want, m[1])
		}
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s: imported by `%s`, dependencies.md names `%s`", module, strings.Join(got, "`, `"), strings.Join(want, "`, `"))
		}
	}
	if !slices.Equal(explained, modules) {
		t.Errorf("dependencies.md explains, in this order:\n%s\ngo.mod requires:\n%s", strings.Join(explained, "\n"), strings.Join(modules, "\n"))
	}
}

// directModules are the modules that go.mod requires without "// indirect".
func directModules(t *testing.T) []string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), goTool(t), "mod", "edit", "-json")
	cmd.Dir = ".."
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Require []struct {
			Path     string
			Indirect bool
		}
	}
	if err := json.Unmarshal(out, &file); err != nil {
		t.Fatal(err)
	}
	var modules []string
	for _, r := range file.Require {
		if !r.Indirect {
			modules = append(modules, r.Path)
		}
	}
	if len(modules) < 20 {
		t.Fatalf("only %d modules: this test no longer sees them", len(modules))
	}
	return modules
}

// importersOf returns the folders that import each module, in files for every
// system, but for tests and what they are made of.
func importersOf(t *testing.T, modules []string) map[string]map[string]bool {
	t.Helper()
	importers := make(map[string]map[string]bool)
	err := filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != ".." && strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || matches("./"+below(path), forTests) {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
		if err != nil {
			return err
		}
		folder := below(filepath.Dir(path))
		for _, spec := range file.Imports {
			imported, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				return err
			}
			if module := moduleOf(imported, modules); module != "" {
				if importers[module] == nil {
					importers[module] = make(map[string]bool)
				}
				importers[module][folder] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return importers
}

// below is a path as seen from the top of the module, with slashes.
func below(path string) string {
	return strings.TrimPrefix(filepath.ToSlash(path), "../")
}

// moduleOf is the longest module path that a package path starts with.
func moduleOf(imported string, modules []string) string {
	best := ""
	for _, m := range modules {
		if (imported == m || strings.HasPrefix(imported, m+"/")) && len(m) > len(best) {
			best = m
		}
	}
	return best
}
