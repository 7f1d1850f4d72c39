package docs_test

import (
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// pattern names a package, or with "/..." at its end what lies below it too.
// Packages of packs begin with "./".
type pattern = string

var (
	network   = []pattern{"net/http", "crypto/tls", "golang.org/x/net/...", "github.com/aws/...", "oras.land/..."}
	programs  = []pattern{"os/exec"}
	terminal  = []pattern{"github.com/spf13/...", "github.com/vbauerster/...", "golang.org/x/term", "./cmd/...", "./internal/render"}
	registry  = []pattern{"./internal/registry/...", "./internal/transport", "./internal/palette/...", "./internal/doctor", "./internal/login"}
	forTests  = []pattern{"./internal/registrytest/...", "./internal/palettetest/...", "./internal/ptytest", "./internal/bench/...", "./internal/chaos"}
	reporting = []pattern{"./internal/lint/...", "./internal/reports", "./internal/scaffold", "./internal/changed"}
)

// reaches says what packages must not reach, by their own imports or those of
// what they import.
var reaches = []struct {
	from []pattern
	not  []pattern
}{
	{[]pattern{"./manifest", "./plan", "./schema"}, slices.Concat(network, programs, terminal, registry, reporting, []pattern{"./executor"})},
	{[]pattern{"./manifest", "./schema"}, []pattern{"./plan"}},
	{[]pattern{"./schema"}, []pattern{"./manifest", "./internal/..."}},
	{[]pattern{"./internal/lint"}, slices.Concat(network, programs, terminal, registry, []pattern{"./executor", "./internal/lint/imagecheck"})},
	{[]pattern{"./internal/pack", "./internal/artifact", "./internal/pins", "./internal/strictjson", "./internal/spool", "./internal/scaffold"}, slices.Concat(network, programs, terminal, registry, []pattern{"./executor", "./manifest", "./plan"})},
	{[]pattern{"./internal/registry"}, slices.Concat(network, programs, terminal, []pattern{"./executor", "./manifest", "./internal/registry/oci"})},
	{[]pattern{"./internal/transport"}, slices.Concat(terminal, reporting, []pattern{"./executor", "./plan", "./internal/registry/..."})},
	{[]pattern{"./internal/registry/..."}, slices.Concat(terminal, reporting, []pattern{"./executor"})},
	{[]pattern{"./executor"}, slices.Concat(terminal, reporting)},
	{[]pattern{"./cmd/packs"}, forTests},
	{[]pattern{"./internal/..."}, []pattern{"./cmd/..."}},
}

// imports says what packages must not import themselves.
var imports = []struct {
	from []pattern
	not  []pattern
}{
	{[]pattern{"./cmd/packs"}, slices.Concat(network, programs, []pattern{
		"archive/...", "compress/...", "github.com/klauspost/...", "github.com/opencontainers/...", "go.yaml.in/...", "sigs.k8s.io/...", "github.com/Masterminds/...",
		"./internal/registry", "./internal/registry/oci", "./internal/registry/harbor", "./internal/registry/layout", "./internal/artifact", "./internal/spool",
	})},
}

// TestImports holds the packages to the layers of CONTRIBUTING.md and
// dependencies.md.
func TestImports(t *testing.T) {
	t.Parallel()
	for _, system := range []string{"linux", "darwin", "windows"} {
		t.Run(system, func(t *testing.T) {
			t.Parallel()
			graph := importGraph(t, system)
			for _, rule := range reaches {
				for _, from := range packagesOf(t, graph, rule.from) {
					way := reachable(graph, from)
					for _, to := range slices.Sorted(maps.Keys(way)) {
						if matches(to, rule.not) && to != from && !matches(to, rule.from) {
							t.Errorf("%s must not reach %s: %s", from, to, strings.Join(trace(way, from, to), " > "))
						}
					}
				}
			}
			for _, rule := range imports {
				for _, from := range packagesOf(t, graph, rule.from) {
					for _, to := range graph[from] {
						if matches(to, rule.not) {
							t.Errorf("%s must not import %s", from, to)
						}
					}
				}
			}
			onlyTestsImportTestCode(t, graph)
		})
	}
}

// onlyTestsImportTestCode: what tests are made of is imported by nothing else
// that is no test.
func onlyTestsImportTestCode(t *testing.T, graph map[string][]string) {
	t.Helper()
	for from, all := range graph {
		for _, to := range all {
			if matches(to, forTests) && !matches(from, forTests) {
				t.Errorf("%s imports %s, which is for tests", from, to)
			}
		}
	}
}

// importGraph returns the imports of every package that the module needs on a
// system, tests left out.
func importGraph(t *testing.T, system string) map[string][]string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), goTool(t), "list", "-deps", "-f", `{{.ImportPath}}{{range .Imports}} {{.}}{{end}}`, "./...")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "GOOS="+system, "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	graph := make(map[string][]string)
	for line := range strings.Lines(string(out)) {
		fields := strings.Fields(line)
		for i, f := range fields {
			fields[i] = strings.Replace(f, "github.com/packs-cli/packs/", "./", 1)
		}
		graph[fields[0]] = fields[1:]
	}
	if len(graph) < 200 {
		t.Fatalf("only %d packages: this test no longer sees them", len(graph))
	}
	return graph
}

// packagesOf returns the packages that match patterns; each must match one.
func packagesOf(t *testing.T, graph map[string][]string, patterns []pattern) []string {
	t.Helper()
	var all []string
	for _, p := range patterns {
		n := len(all)
		for name := range graph {
			if matches(name, []pattern{p}) {
				all = append(all, name)
			}
		}
		if len(all) == n {
			t.Errorf("no package matches %s", p)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func matches(name string, patterns []pattern) bool {
	return slices.ContainsFunc(patterns, func(p pattern) bool {
		top, tree := strings.CutSuffix(p, "/...")
		return name == top || tree && strings.HasPrefix(name, top+"/")
	})
}

// reachable returns the packages that one reaches, each with that by which it
// was first reached.
func reachable(graph map[string][]string, from string) map[string]string {
	by := map[string]string{}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		for _, to := range graph[queue[0]] {
			if _, known := by[to]; !known && to != from {
				by[to] = queue[0]
				queue = append(queue, to)
			}
		}
	}
	return by
}

// trace is the way from one package to another.
func trace(by map[string]string, from, to string) []string {
	way := []string{to}
	for to != from {
		to = by[to]
		way = append(way, to)
	}
	slices.Reverse(way)
	return way
}

// goTool is the go command, which asks go.mod and the build tags.
func goTool(t *testing.T) string {
	t.Helper()
	tool, err := exec.LookPath("go")
	switch {
	case err == nil:
		return tool
	case os.Getenv("CI") == "true":
		t.Fatal("go is not on PATH")
	default:
		t.Skip("go is not on PATH")
	}
	return ""
}
