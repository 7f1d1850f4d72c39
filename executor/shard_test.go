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
	"github.com/packs-cli/packs/plan"
)

// TestShardsAreTheWholeTogether compares the plans of all shards with the one
// of the whole: each action is in exactly one of them.
func TestShardsAreTheWholeTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a", "b")
	w.catalog.Registries[1].BasePathRepository = true // a layout has none all the same
	for i := range 30 {
		w.pack(fmt.Sprintf("pack-%d", i/2), fmt.Sprintf("1.%d.0", i%2), "x")
	}
	whole := strings.Split(kinds(w.plan(executor.Options{})), "\n")
	const shards = 4
	var parts []string
	for i := range shards {
		shard := plan.Shard{Index: i, Count: shards}
		p := w.plan(executor.Options{Shard: shard})
		if p.Shard == nil || *p.Shard != shard {
			t.Errorf("the plan of shard %v says %v", shard, p.Shard)
		}
		for _, a := range p.Actions {
			if !shard.HasPack(a.Name) {
				t.Errorf("shard %v plans %s", shard, a.Name)
			}
		}
		parts = append(parts, strings.Split(kinds(p), "\n")...)
	}
	slices.Sort(whole)
	slices.Sort(parts)
	if !slices.Equal(whole, parts) {
		t.Errorf("the whole plans\n%s\nits shards\n%s", strings.Join(whole, "\n"), strings.Join(parts, "\n"))
	}
}

// TestTheBasePathBelongsToOneShard: also where no pack of the shard goes to
// that registry, and to no other.
func TestTheBasePathBelongsToOneShard(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.onServer("r")
	w.pack("whoami", "1.0.0", "x") // shard 1/2; the base path's is 0/2
	want := []string{"create-repository @ r", "push whoami@1.0.0 r"}
	for i := range want {
		if got := kinds(w.plan(executor.Options{Shard: plan.Shard{Index: i, Count: 2}})); got != want[i] {
			t.Errorf("shard %d/2 plans %q, want %q", i, got, want[i])
		}
	}
	for i := range want {
		since := len(s.Requests())
		r := w.apply(executor.Options{Shard: plan.Shard{Index: 1 - i, Count: 2}})
		if r.Err() != nil || len(r.Items) != 1 || r.Shard == nil || r.Shard.Index != 1-i {
			t.Errorf("shard %d/2: %v %+v", 1-i, r.Err(), r)
		}
		if i == 0 && slices.ContainsFunc(s.Requests()[since:], ofBasePath) {
			t.Errorf("shard 1/2 asked for the base path: %v", s.Requests()[since:])
		}
	}
	if got := kinds(w.plan(executor.Options{})); got != "unchanged whoami@1.0.0 r" {
		t.Errorf("after both the whole plans %q", got)
	}
}

func ofBasePath(r registrytest.Request) bool {
	return strings.HasPrefix(r.Path, "/v2/spectro-packs/archive/manifests/")
}

// TestOverwriteMayNameAPackOfAnotherShard: all shards get the same options.
func TestOverwriteMayNameAPackOfAnotherShard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "a")
	w.pack("whoami", "1.0.0", "x")
	w.pack("nginx", "1.0.0", "x")
	for i := range 2 {
		w.apply(executor.Options{Shard: plan.Shard{Index: i, Count: 2}})
	}
	w.write(w.catalog.Packs[0].Dir+"/values.yaml", "other")
	for i, want := range []string{"unchanged nginx@1.0.0 a", "overwrite whoami@1.0.0 a"} {
		o := executor.Options{Shard: plan.Shard{Index: i, Count: 2}, Overwrite: []string{"whoami@1.0.0"}}
		if got := kinds(w.plan(o)); got != want {
			t.Errorf("shard %d/2 plans %q, want %q", i, got, want)
		}
	}
}

// TestAnEmptyShardDoesNothing, and contacts nobody.
func TestAnEmptyShardDoesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.onServer("far")
	w.pack("whoami", "1.0.0", "x")
	since := len(s.Requests())
	r := w.apply(executor.Options{Shard: plan.Shard{Index: 1, Count: 8}}) // the base path's is 0/8, whoami's is 7/8
	if r.Err() != nil || len(r.Items) != 0 {
		t.Errorf("%v %+v", r.Err(), r.Items)
	}
	for _, req := range s.Requests()[since:] {
		if req.Method != http.MethodGet || req.Path != "/v2/" {
			t.Errorf("it asked %v", req)
		}
	}
}

// TestShardsOfAMigration: what is copied is split as packs on disk are, by pins
// as by listings.
func TestShardsOfAMigration(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.onServer("old")
	site := w.onServer("site")
	filled(t, w, "nginx@1.0.0", "nginx@1.1.0", "whoami@1.0.0", "argo-cd@2.0.0", "kubernetes@1.0.0", "hello-page@1.0.0")
	w.from(manifest.From{})
	whole := strings.Split(kinds(w.plan(executor.Options{})), "\n")
	const shards = 3
	var parts []string
	for i := range shards {
		parts = append(parts, strings.Split(kinds(w.plan(executor.Options{Shard: plan.Shard{Index: i, Count: shards}})), "\n")...)
	}
	slices.Sort(whole)
	slices.Sort(parts)
	if !slices.Equal(whole, parts) {
		t.Errorf("the whole plans\n%s\nits shards\n%s", strings.Join(whole, "\n"), strings.Join(parts, "\n"))
	}
	site.Reset()
	pushed := 0
	for i := range shards {
		r := w.apply(executor.Options{Shard: plan.Shard{Index: i, Count: shards}})
		if r.Err() != nil {
			t.Error(r.Err())
		}
		pushed += r.Summary.Pushed
	}
	written := make(map[string]bool)
	for _, r := range site.Requests() {
		if r.Method == http.MethodPut && strings.Contains(r.Path, "/manifests/") {
			if written[r.Path] {
				t.Errorf("%s was written twice", r.Path)
			}
			written[r.Path] = true
		}
	}
	if pushed != 6 || len(written) != 7 { // the base path, too
		t.Errorf("%d versions pushed, manifests %v", pushed, written)
	}
}
