package examples_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/schema"
)

// TestCatalogs loads every example and checks it against the schema that
// editors complete from.
func TestCatalogs(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*/packs.yaml")
	if err != nil || len(files) < 3 {
		t.Fatalf("found %v: %v", files, err)
	}
	for _, file := range files {
		t.Run(filepath.Dir(file), func(t *testing.T) {
			t.Parallel()
			c, err := manifest.Load(file, manifest.LoadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if len(c.Packs) == 0 || len(c.Registries) == 0 || len(c.Remarks) != 0 {
				t.Errorf("%d packs, %d registries, remarks %v", len(c.Packs), len(c.Registries), c.Remarks)
			}
			e, err := executor.New(c, executor.Options{}) // opens every registry, contacts none
			if err != nil {
				t.Fatal(err)
			}
			if err := e.Close(); err != nil {
				t.Error(err)
			}
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var document any
			if err := yaml.Unmarshal(text, &document); err != nil {
				t.Fatal(err)
			}
			if err := schema.Validate(schema.Packs, document); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestWalkThroughs runs the scripts of the examples against test servers.
func TestWalkThroughs(t *testing.T) {
	t.Parallel()
	registrytest.Tool(t, "registry")
	registrytest.Tool(t, "oras")
	for name, want := range map[string][]string{
		"ecr": {
			"+ create     packs/spectro-packs/archive ", "+ create     packs/spectro-packs/archive/hello-page ",
			"3 repositories created, 3 versions pushed", "ok    permissions",
		},
		"harbor":  {"+ create     platform ", "+ create     platform/spectro-packs/archive ", "3 versions pushed", "ok    project      project platform takes pushes"},
		"palette": {"registered.", "packs-harbor  basic  synced", "Palette: 3 versions visible."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := script(t, filepath.Join(name, "run.sh"))
			want := append([]string{"Applied: no changes; 3 versions"}, want...)
			if name != "palette" { // which reads the packs in place of oras
				want = append(want, "hello-page-1.1.0/manifests/hello-page.yaml")
			}
			for _, part := range want {
				if !strings.Contains(out, part) {
					t.Errorf("the output lacks %q:\n%s", part, out)
				}
			}
		})
	}
}

// script runs a script of an example and returns what it printed.
func script(t *testing.T, file string) string {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", file)
	cmd.Env = append(os.Environ(), "TMPDIR="+t.TempDir(), "NO_COLOR=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", file, err, out)
	}
	return string(out)
}
