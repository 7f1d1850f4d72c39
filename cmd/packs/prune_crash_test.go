package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
)

// pruneWorld is a catalog whose packs are published, and most of whose versions
// are retired then.
type pruneWorld struct {
	dir, registry string // registry: its entry in packs.yaml
	packs         int
	doomed, kept  int // versions of each pack
}

func newPruneWorld(t *testing.T, registry string) *pruneWorld {
	t.Helper()
	w := &pruneWorld{dir: t.TempDir(), registry: registry, packs: 4, doomed: 6, kept: 2}
	for p := range w.packs {
		for v := range w.doomed + w.kept {
			dir := filepath.Join(w.dir, "packs", fmt.Sprintf("p%d-%s", p, w.version(v)))
			text := fmt.Sprintf(`{"name": "p%d", "displayName": "P", "version": %q, "layer": "addon"}`, p, w.version(v))
			if err := os.MkdirAll(dir, 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, "pack.json"), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	w.catalog(t, "packs/*", "")
	if out, err := w.run(t, "apply", "--yes").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	var retired strings.Builder
	retired.WriteString("retired:\n")
	for p := range w.packs {
		fmt.Fprintf(&retired, "  - {name: p%d, versions: \"<2\"}\n", p)
	}
	w.catalog(t, "packs/*-2.*", retired.String())
	return w
}

// version is 1.N.0 for those that are retired later, 2.N.0 for the others.
func (w *pruneWorld) version(v int) string {
	if v < w.doomed {
		return fmt.Sprintf("1.%d.0", v)
	}
	return fmt.Sprintf("2.%d.0", v-w.doomed)
}

func (w *pruneWorld) catalog(t *testing.T, path, more string) {
	t.Helper()
	text := "apiVersion: packs/v1\nkind: Catalog\nregistries:\n  - " + w.registry + "\npacks:\n  - path: " + path + "\n" + more
	if err := os.WriteFile(filepath.Join(w.dir, "packs.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// run returns packs itself, in a process of its own.
func (w *pruneWorld) run(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0]) // this test binary: see TestMain
	cmd.Args = append([]string{"packs"}, args...)
	cmd.Dir = w.dir
	cmd.Env = append(os.Environ(), "PACKS_CACHE_DIR="+filepath.Join(w.dir, "cache"))
	return cmd
}

// maxKills is how many prunes are killed before one may end. Those that are killed
// early get nowhere, and there may be many of them.
const maxKills = 12

// killPrunes starts prunes and kills each as soon as something is changed, then
// lets one end. It returns how many were killed.
func (w *pruneWorld) killPrunes(t *testing.T, state func() int) (killed int) {
	t.Helper()
	args := []string{"prune", "--yes", "-q", "--dangerous-allow-prune-over", "1000"}
	for range maxKills {
		before := state()
		cmd := w.run(t, args...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- cmd.Wait() }()
		for len(ended) == 0 && state() == before {
			runtime.Gosched()
		}
		if err := cmd.Process.Kill(); err != nil { // kill -9
			t.Logf("it was quicker: %v", err)
		}
		if err := <-ended; err != nil {
			killed++
		}
	}
	if out, err := w.run(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	return killed
}

// oras runs oras and returns the lines that it prints.
func oras(t *testing.T, args ...string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), registrytest.Tool(t, "oras"), args...).CombinedOutput()
	if err != nil {
		t.Fatalf("oras %q: %v\n%s", args, err, out)
	}
	return strings.Fields(string(out))
}

var keptTags = []string{"2.0.0", "2.1.0"}

// TestPruneKilledAtTheServer kills prunes of a real registry server, and lets oras
// say what is left.
func TestPruneKilledAtTheServer(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	w := newPruneWorld(t, fmt.Sprintf("{name: r, type: oci, host: %q, limits: {concurrency: 1}}", s.Host))
	tags := func() (n int) {
		_ = filepath.WalkDir(s.Storage, func(path string, _ fs.DirEntry, _ error) error { // races with the server
			if strings.HasSuffix(path, "/current/link") {
				n++
			}
			return nil
		})
		return n
	}
	if killed := w.killPrunes(t, tags); killed == 0 {
		t.Error("no prune was killed in its middle")
	}
	for p := range w.packs {
		ref := fmt.Sprintf("%s/spectro-packs/archive/p%d", s.Host, p)
		if got := oras(t, "repo", "tags", "--plain-http", ref); !slices.Equal(got, keptTags) {
			t.Errorf("p%d: tags %q, want %q", p, got, keptTags)
		}
		for _, tag := range keptTags {
			oras(t, "pull", "--plain-http", ref+":"+tag, "-o", filepath.Join(t.TempDir(), tag))
		}
	}
}

// TestPruneKilledInALayout kills prunes of a layout, and lets oras say what is
// left. No file stays that nothing names.
func TestPruneKilledInALayout(t *testing.T) {
	t.Parallel()
	w := newPruneWorld(t, "{name: r, type: layout, path: ./registry}")
	root := filepath.Join(w.dir, "registry", "spectro-packs", "archive")
	files := func() (n int) {
		_ = filepath.WalkDir(root, func(string, fs.DirEntry, error) error { n++; return nil }) // races with the process
		return n
	}
	if killed := w.killPrunes(t, files); killed == 0 {
		t.Error("no prune was killed in its middle")
	}
	for p := range w.packs {
		layout := filepath.Join(root, fmt.Sprint("p", p))
		if got := oras(t, "repo", "tags", "--oci-layout", layout); !slices.Equal(got, keptTags) {
			t.Errorf("p%d: tags %q, want %q", p, got, keptTags)
		}
		for _, tag := range keptTags {
			oras(t, "pull", "--oci-layout", layout+":"+tag, "-o", filepath.Join(t.TempDir(), tag))
		}
		blobs, err := os.ReadDir(filepath.Join(layout, "blobs", "sha256"))
		if want := 2*w.kept + 1; err != nil || len(blobs) != want { // manifests, layers and their config
			t.Errorf("p%d: %d blobs, want %d, %v", p, len(blobs), want, err)
		}
	}
}
