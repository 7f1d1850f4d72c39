package executor_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
)

// onServer gives a world one registry more: a real server.
func (w *world) onServer(name string) *registrytest.Server {
	w.t.Helper()
	s := registrytest.Start(w.t, registrytest.Options{})
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: name, Type: manifest.TypeOCI, Host: s.Host, PlainHTTP: true, BasePathRepository: true,
	})
	return s
}

// requests lists what a server was asked since an index of its log, "GET
// manifests" for example, with how often.
func requests(s *registrytest.Server, since int) map[string]int {
	counts := make(map[string]int)
	for _, r := range s.Requests()[since:] {
		what := "other"
		for _, part := range []string{"manifests", "uploads", "blobs", "tags"} {
			if strings.Contains(r.Path, "/"+part+"/") {
				what = part
				break
			}
		}
		if what == "other" && r.Path == "/v2/" {
			continue // the server being looked for
		}
		counts[r.Method+" "+what]++
	}
	return counts
}

func TestRequestsAreTheFewestThatTheProtocolAllows(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.onServer("r")
	since := len(s.Requests())
	w.pack("a", "1.0.0", "x: 1\n")
	step := func(name string, o executor.Options, want map[string]int) {
		t.Helper()
		since = len(s.Requests())
		if r := w.apply(o); r.Err() != nil {
			t.Fatalf("%s: %v", name, r.Err())
		}
		if got := requests(s, since); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: requests %v, want %v", name, got, want)
		}
	}
	base := &w.catalog.Registries[0].BasePathRepository
	*base = false
	step("first version in an empty registry: 1 + 5", executor.Options{}, map[string]int{
		"GET manifests": 1, "POST uploads": 2, "PUT uploads": 2, "PUT manifests": 1,
	})
	step("nothing changed: 1", executor.Options{}, map[string]int{"GET manifests": 1})
	*base = true
	step("base path missing: HEAD, mount, manifest", executor.Options{}, map[string]int{
		"GET manifests": 1, "HEAD manifests": 1, "POST uploads": 1, "PUT manifests": 1,
	})
	w.pack("a", "1.1.0", "x: 2\n")
	step("a further version: 1 + 3", executor.Options{}, map[string]int{
		"GET manifests": 2, "HEAD manifests": 1, "POST uploads": 1, "PUT uploads": 1, "PUT manifests": 1,
	})
	w.pack("b", "1.0.0", "x: 1\n")
	step("a new pack, config mounted: 1 + 4", executor.Options{Packs: []string{"b"}}, map[string]int{
		"GET manifests": 1, "HEAD manifests": 1, "POST uploads": 2, "PUT uploads": 1, "PUT manifests": 1,
	})
}

func TestManyVersionsOfOnePackAtOnce(t *testing.T) {
	t.Parallel()
	const versions = 40
	w := newWorld(t)
	s := w.onServer("r")
	w.catalog.Registries[0].Limits.Concurrency = versions
	for i := range versions {
		w.pack("a", fmt.Sprintf("1.%d.0", i), fmt.Sprintf("x: %d\n", i))
	}
	since := len(s.Requests())
	r := w.apply(executor.Options{})
	if r.Err() != nil || r.Summary.Pushed != versions {
		t.Fatalf("pushed %d of %d: %v", r.Summary.Pushed, versions, r.Err())
	}
	// The config blob of all versions is uploaded once, and for the base path once or mounted.
	if n := requests(s, since)["PUT uploads"]; n > versions+2 {
		t.Errorf("%d blobs uploaded for %d versions", n, versions)
	}
	if refused := slices.IndexFunc(s.Requests(), func(r registrytest.Request) bool {
		return r.Status >= http.StatusBadRequest && r.Method == http.MethodPut
	}); refused >= 0 {
		t.Errorf("the server refused %v", s.Requests()[refused])
	}
	if again := w.apply(executor.Options{}); again.Summary.Unchanged != versions {
		t.Errorf("the second time: %+v", again.Summary)
	}
}

func TestARegistryThatIsDownDoesNotStopTheOther(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "up")
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "down", Type: manifest.TypeOCI, Host: "127.0.0.1:1", PlainHTTP: true, BasePathRepository: true,
	})
	for i := range 5 {
		w.pack("a", fmt.Sprintf("1.%d.0", i), "x\n")
	}
	r := w.apply(executor.Options{})
	if r.Summary.Pushed != 5 || r.Summary.Failed != 6 {
		t.Errorf("summary %+v, want 5 pushed and 6 failed (5 versions, the base path)", r.Summary)
	}
	for i := range r.Items {
		if it := &r.Items[i]; it.Status == executor.StatusFailed && (it.Registry != "down" || it.Hint == "") {
			t.Errorf("failed item %+v, want registry down and a hint", it)
		}
	}
}
