package manifest_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports: a catalog is read without network and without a command line.
func TestImports(t *testing.T) {
	t.Parallel()
	goTool, err := exec.LookPath("go")
	if err != nil {
		t.Skip("go is not on PATH")
	}
	for _, pkg := range []string{"manifest", "schema"} {
		out, err := exec.CommandContext(t.Context(), goTool, "list", "-deps", "github.com/packs-cli/packs/"+pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		deps := strings.Fields(string(out))
		if len(deps) < 20 {
			t.Fatalf("%s: only %d packages", pkg, len(deps))
		}
		for _, forbidden := range []string{"net/http", "github.com/spf13/cobra", "oras.land/oras-go/v2"} {
			if slices.Contains(deps, forbidden) {
				t.Errorf("%s imports %s", pkg, forbidden)
			}
		}
		for _, dep := range deps {
			if strings.HasPrefix(dep, "github.com/aws/") {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}
