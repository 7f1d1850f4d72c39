package executor

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

var sidecar = "sha256-" + strings.Repeat("a", 64)

// stocked opens a layout with those tags, NAME:TAG, and returns its only target.
func stocked(t *testing.T, tags ...string) (*Executor, *target) {
	t.Helper()
	c := &manifest.Catalog{File: "packs.yaml", Dir: t.TempDir(), Registries: []manifest.Registry{
		{Name: "r", Type: manifest.TypeLayout, Path: filepath.Join(t.TempDir(), "r"), RepositoryPrefix: "team"},
	}}
	e, tg := opened(t, c)
	for _, ref := range tags {
		name, tag, _ := strings.Cut(ref, ":")
		if _, err := tg.Push(t.Context(), "team/spectro-packs/archive/"+name, tag, artifact.Empty(), registry.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	return e, tg
}

func opened(t *testing.T, c *manifest.Catalog) (*Executor, *target) {
	t.Helper()
	e, err := New(c, Options{Registries: []string{c.Registries[0].Name}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e, e.targets[0]
}

// inventoried lists an inventory: "NAME 1.0.0 1.1.0 +1" with the number of sidecars.
func inventoried(inv *inventory) string {
	lines := make([]string, 0, len(inv.repositories))
	for i := range inv.repositories {
		s := &inv.repositories[i]
		line := strings.Join(append([]string{s.name}, s.versions...), " ")
		if len(s.sidecars) > 0 {
			line += fmt.Sprintf(" +%d", len(s.sidecars))
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

func TestInventoryOfALayout(t *testing.T) {
	t.Parallel()
	e, tg := stocked(t, "b:1.10.0", "b:1.9.0", "b:nightly", "a:1.0.0", "b:"+sidecar, "b:"+sidecar+".sig", "b:"+sidecar+".att", "UPPER:1.0.0", "a/deeper:1.0.0")
	inv, err := e.inventory(t.Context(), tg)
	if err != nil || !inv.complete() {
		t.Fatalf("%v, gaps %v", err, inv.gaps)
	}
	if got, want := inventoried(inv), "a 1.0.0\nb 1.9.0 1.10.0 nightly +3"; got != want {
		t.Errorf("inventory\n%s\nwant\n%s", got, want)
	}
	if got := inv.repositories[1].repository; got != "team/spectro-packs/archive/b" {
		t.Errorf("repository %s", got)
	}
}

func TestInventoryOfNothing(t *testing.T) {
	t.Parallel()
	e, tg := stocked(t)
	if inv, err := e.inventory(t.Context(), tg); err != nil || !inv.complete() || len(inv.repositories) != 0 {
		t.Errorf("%+v, %v", inv, err)
	}
}

// TestInventoryByNames is of a registry that shows no catalog: what packs.yaml
// names is looked for.
func TestInventoryByNames(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/v2/spectro-packs/archive/a/tags/list":
			_, _ = fmt.Fprint(w, `{"tags":["1.0.0","../evil","1.0.0"]}`)
		case "/v2/spectro-packs/archive/broken/tags/list":
			w.WriteHeader(http.StatusForbidden)
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(s.Close)
	c := &manifest.Catalog{
		File: "packs.yaml", Dir: t.TempDir(),
		Registries: []manifest.Registry{{Name: "r", Type: manifest.TypeOCI, Host: strings.TrimPrefix(s.URL, "http://"), PlainHTTP: true}},
		Packs:      []manifest.Pack{{Name: "a", Version: "1.0.0", Path: "a"}, {Name: "broken", Version: "1.0.0", Path: "b"}},
		From:       []manifest.From{{Registry: "r", Names: []string{"glob-*", "gone"}, Only: manifest.Only{Names: []string{"a"}}}},
		Retired:    []manifest.Retired{{Name: "gone"}},
	}
	e, tg := opened(t, c)
	inv, err := e.inventory(t.Context(), tg)
	if err != nil {
		t.Fatal(err)
	}
	if got, want := inventoried(inv), "a 1.0.0\nbroken"; got != want {
		t.Errorf("inventory\n%s\nwant\n%s", got, want)
	}
	if len(inv.gaps) != 2 || !errors.Is(inv.gaps[0], registry.ErrNotListed) || !errors.Is(inv.gaps[1], registry.ErrDenied) {
		t.Errorf("gaps %v", inv.gaps)
	}
	if inv.repositories[1].err == nil {
		t.Error("the repository that cannot be read has no error")
	}
}

func TestInventoryOfARegistryThatIsDown(t *testing.T) {
	t.Parallel()
	c := &manifest.Catalog{
		File: "packs.yaml", Dir: t.TempDir(),
		Registries: []manifest.Registry{{Name: "r", Type: manifest.TypeOCI, Host: "127.0.0.1:1", PlainHTTP: true}},
	}
	e, tg := opened(t, c)
	if _, err := e.inventory(t.Context(), tg); !errors.Is(err, registry.ErrUnreachable) {
		t.Errorf("%v, want ErrUnreachable", err)
	}
}

func TestInventoryIsInterrupted(t *testing.T) {
	t.Parallel()
	e, tg := stocked(t, "a:1.0.0")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := e.inventory(ctx, tg); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want it canceled", err)
	}
}

func TestSidecarTags(t *testing.T) {
	t.Parallel()
	yes := []string{sidecar, sidecar + ".sig", sidecar + ".sbom", "sha512-" + strings.Repeat("0", 128)}
	no := []string{"1.0.0", "sha256-abc", sidecar + "0", "sha256-" + strings.Repeat("A", 64), "x" + sidecar, sidecar + "-sig"}
	if i := slices.IndexFunc(yes, func(s string) bool { return !isSidecar(s) }); i >= 0 {
		t.Errorf("%s is none", yes[i])
	}
	if i := slices.IndexFunc(no, isSidecar); i >= 0 {
		t.Errorf("%s is one", no[i])
	}
}
