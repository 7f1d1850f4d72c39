package executor_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// retire makes the catalog retire versions of a pack, and drop those that it lists.
func (w *world) retire(name, versions string, drop ...string) {
	w.catalog.Retired = append(w.catalog.Retired, manifest.Retired{Name: name, Versions: versions, Reason: "old"})
	w.catalog.Packs = slices.DeleteFunc(w.catalog.Packs, func(p manifest.Pack) bool { return p.Name == name && slices.Contains(drop, p.Version) })
}

// did lists the deletes of a report: "done a@1.0.0 r".
func did(r *executor.Report) []string {
	var all []string
	for _, it := range r.Items {
		if it.Action == plan.Delete || it.Action == plan.DeleteRepository {
			all = append(all, string(it.Status)+" "+it.Name+"@"+it.Version+" "+it.Registry)
		}
	}
	return all
}

func (w *world) prune(o executor.Options) *executor.Report {
	w.t.Helper()
	o.Prune = true
	e := w.executor(o)
	p, err := e.PlanPrune(w.t.Context())
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := e.Apply(w.t.Context(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

func TestPruneDeletesInEveryRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.pack("x", "1.0.0", "1\n")
	w.pack("x", "2.0.0", "2\n")
	w.pack("y", "1.0.0", "3\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.retire("x", "<2", "1.0.0")
	if r := w.apply(executor.Options{}); r.Summary.Deleted != 0 || r.Summary.Skipped != 2 {
		t.Errorf("without Prune: %+v", r.Summary)
	}
	r := w.prune(executor.Options{})
	if got, want := did(r), []string{"done x@1.0.0 a", "done x@1.0.0 b"}; !slices.Equal(got, want) || r.Err() != nil {
		t.Errorf("%q, want %q; %v", got, want, r.Err())
	}
	for _, it := range r.Items {
		if it.Digest != "" || !strings.HasPrefix(it.Previous, "sha256:") {
			t.Errorf("digest %q, previous %q", it.Digest, it.Previous)
		}
	}
	if p := w.plan(executor.Options{Prune: true}); p.Summary.Pending() {
		t.Errorf("after it:\n%s", kinds(p))
	}
	if r := w.prune(executor.Options{}); len(r.Items) != 0 {
		t.Errorf("once more: %q", did(r))
	}
}

func TestPruneLeavesRegistriesThatAreNotMeant(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "open", "source", "manual")
	w.pack("x", "1.0.0", "1\n")
	w.pack("x", "2.0.0", "2\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.catalog.Registries[1].ReadOnly = true
	w.catalog.Registries[2].Manual = true
	w.retire("x", "<2", "1.0.0")
	if got, want := did(w.prune(executor.Options{})), []string{"done x@1.0.0 open"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	if got, want := did(w.prune(executor.Options{Registries: []string{"manual"}})), []string{"done x@1.0.0 manual"}; !slices.Equal(got, want) {
		t.Errorf("named: %q, want %q", got, want)
	}
	w.catalog.Registries[1].ReadOnly = false
	if got, want := did(w.prune(executor.Options{})), []string{"done x@1.0.0 source"}; !slices.Equal(got, want) {
		t.Errorf("what was readOnly: %q, want %q", got, want)
	}
}

func TestShardsPruneTheirOwnRepositories(t *testing.T) {
	t.Parallel()
	const shards = 3
	w := newWorld(t, "r")
	names := []string{"a", "b", "c", "d", "e", "f"}
	for _, name := range names {
		w.pack(name, "1.0.0", "1\n")
		w.pack(name, "2.0.0", "2\n")
	}
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	for _, name := range names {
		w.retire(name, "<2", "1.0.0")
	}
	var all []string
	for i := range shards {
		s := plan.Shard{Index: i, Count: shards}
		for _, it := range w.prune(executor.Options{Shard: s}).Items {
			if !s.HasPack(it.Name) {
				t.Errorf("shard %v deletes %s", s, it.Name)
			}
			all = append(all, it.Name)
		}
	}
	slices.Sort(all)
	if !slices.Equal(all, names) {
		t.Errorf("all shards delete of %q, want %q", all, names)
	}
}

// TestFailedPushKeepsOlderVersions lets one version fail to be published: what it
// would replace stays, all else goes.
func TestFailedPushKeepsOlderVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := registrytest.Start(t, registrytest.Options{})
	front := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPut && strings.HasSuffix(r.URL.Path, "/x/manifests/2.0.0") {
			rw.WriteHeader(http.StatusForbidden)
			return
		}
		(&httputil.ReverseProxy{Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", s.Host
			p.Out.Host = p.In.Host
		}}).ServeHTTP(rw, r)
	}))
	t.Cleanup(front.Close)
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "r", Type: manifest.TypeOCI, Host: strings.TrimPrefix(front.URL, "http://"), PlainHTTP: true,
	})
	for _, name := range []string{"x", "y"} {
		w.pack(name, "1.0.0", "1\n")
		w.pack(name, "3.0.0", "3\n")
	}
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.pack("x", "2.0.0", "2\n")
	w.pack("y", "2.0.0", "2\n")
	w.retire("x", "1.0.0 || >2.5", "1.0.0", "3.0.0")
	w.retire("y", "1.0.0", "1.0.0")
	r := w.apply(executor.Options{Prune: true})
	if got, want := did(r), []string{"skipped x@1.0.0 r", "done x@3.0.0 r", "done y@1.0.0 r"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, it := range r.Items {
		if it.Action == plan.Delete && it.Status == executor.StatusSkipped && it.Reason != "kept: x@2.0.0, which is newer, is not published as it should be" {
			t.Errorf("reason %q", it.Reason)
		}
	}
	if r.Summary.Failed != 1 || r.Summary.Pushed != 1 {
		t.Errorf("%+v", r.Summary)
	}
}

func TestPruneByAge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "r")
	for _, v := range []string{"1.0.0", "1.1.0", "2.0.0", "2.1.0"} {
		w.pack("x", v, v+"\n")
	}
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.catalog.Packs = w.catalog.Packs[2:]
	w.catalog.Prune = &manifest.Prune{NewerThan: 24 * time.Hour}
	if r := w.prune(executor.Options{}); len(r.Items) != 0 {
		t.Errorf("what was pushed just now goes: %q", did(r))
	}
	later := func() time.Time { return time.Now().Add(48 * time.Hour) }
	if got, want := did(w.prune(executor.Options{Now: later})), []string{"done x@1.0.0 r", "done x@1.1.0 r"}; !slices.Equal(got, want) {
		t.Errorf("two days later: %q, want %q", got, want)
	}
}

func TestPruneRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "r")
	w.pack("x", "1.0.0", "1\n")
	var input *executor.InputError
	refused := func(o executor.Options, want string) {
		t.Helper()
		o.Prune = true
		if _, err := executor.New(w.catalog, o); !errors.As(err, &input) || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %q", err, want)
		}
	}
	refused(executor.Options{Packs: []string{"x"}}, "prune: what shall go is worked out from the whole of packs.yaml")
	w.catalog.Broken = []manifest.Pack{{Path: "packs/broken"}}
	refused(executor.Options{}, "packs/broken cannot be read as a pack")
	w.catalog.Broken = nil
	w.catalog.Prune = &manifest.Prune{NewerThan: time.Hour}
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{Name: "far", Type: manifest.TypeOCI, Host: "127.0.0.1:1", PlainHTTP: true})
	w.catalog.Packs[0].Targets = append(w.catalog.Packs[0].Targets, manifest.Target{Registry: "far"})
	refused(executor.Options{}, "registry far, of type oci, does not tell")
}

// TestPruneOfAnUnreachableRegistry keeps what cannot be seen, and says so.
func TestPruneOfAnUnreachableRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "r")
	w.pack("x", "1.0.0", "1\n")
	w.pack("x", "2.0.0", "2\n")
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.retire("x", "<2", "1.0.0")
	path := w.catalog.Registries[0].Path + "/spectro-packs/archive/x/index.json"
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	w.write(path, "{")
	r := w.prune(executor.Options{})
	if r.Summary.Failed != 1 || r.Summary.Deleted != 0 || len(r.Items) != 1 || r.Items[0].Action != plan.Unknown {
		t.Errorf("%+v", r.Items)
	}
	w.write(path, string(raw))
	if r := w.prune(executor.Options{}); r.Summary.Deleted != 1 {
		t.Errorf("%+v", r.Items)
	}
}
