package main

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/registrytest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var seed = flag.Uint64("seed", 0, "seed of the chaos; 0: one of today")

// TestChaos is the short form of the program. It builds packs, and runs it
// against two registries through all faults.
func TestChaos(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("it takes half a minute")
	}
	bin := t.TempDir()
	for _, tool := range []string{"registry", "oras"} {
		if err := os.Symlink(registrytest.Tool(t, tool), filepath.Join(bin, tool)); err != nil {
			t.Skip(err)
		}
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-o", filepath.Join(bin, "packs"), "../../cmd/packs")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	n := *seed
	if n == 0 {
		n = uint64(time.Now().Unix() / int64((24 * time.Hour).Seconds())) // a failure of today can be repeated today
	}
	var out bytes.Buffer
	err := run(ctx, []string{"-packs", "60", "-kills", "5", "-oras", "10", "-bin", bin, "-work", t.TempDir(), "-seed", fmt.Sprint(n)}, &out)
	if err != nil {
		t.Fatalf("%v\n%s", err, &out)
	}
	for _, want := range []string{fmt.Sprintf("seed %d: 60 packs to 2 registries", n), "180 checked by packs, 20 by oras: lost 0, wrong 0", "temporary files 0 left"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is missing in\n%s", want, &out)
		}
	}
	t.Logf("%s", &out)
}
