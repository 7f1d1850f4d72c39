package executor_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"sync/atomic"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/bench/catalog"
	"github.com/packs-cli/packs/manifest"
)

// Not parallel: these tests read the counters of the whole process.

// smallCatalog is a world with n small packs.
func smallCatalog(t *testing.T, n int) *world {
	t.Helper()
	w := newWorld(t, "one")
	if _, err := catalog.Write(w.dir, catalog.Options{Packs: n, Seed: 1, Small: true}); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		name, version := fmt.Sprintf("pack-%05d", i/2), fmt.Sprintf("1.%d.0", i%2)
		w.catalog.Packs = append(w.catalog.Packs, manifest.Pack{
			Name: name, Version: version, Path: name + "-" + version, Dir: filepath.Join(w.dir, name+"-"+version),
			Targets: []manifest.Target{{Registry: "one", OnChange: manifest.OnChangeFail}},
		})
	}
	return w
}

// TestAllocationsOfAnUnchangedPackAreFew counts, so that a regression is seen
// whatever the machine: hashing three files, one look at the registry, a line
// of the plan.
func TestAllocationsOfAnUnchangedPackAreFew(t *testing.T) { //nolint:paralleltest // reads counters of the process
	const packs, most = 200, 500
	w := smallCatalog(t, packs)
	w.apply(executor.Options{})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	p := w.plan(executor.Options{})
	runtime.ReadMemStats(&after)
	if p.Summary.Unchanged != packs {
		t.Fatalf("summary %+v", p.Summary)
	}
	if n := (after.Mallocs - before.Mallocs) / packs; n > most {
		t.Errorf("%d allocations for each unchanged pack, at most %d are wanted", n, most)
	}
}

// TestMemoryDoesNotGrowWithThePacks compares what stays in memory of a plan of
// few packs and of many: the plan itself, and no archive or inventory.
func TestMemoryDoesNotGrowWithThePacks(t *testing.T) { //nolint:paralleltest // reads counters of the process
	const few, many, most = 50, 550, 6 << 10
	live := func(n int) uint64 {
		w := smallCatalog(t, n)
		e := w.executor(executor.Options{})
		p, err := e.Plan(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		runtime.KeepAlive(p)
		return m.HeapAlloc
	}
	small, large := live(few), live(many)
	if large > small && (large-small)/(many-few) > most {
		t.Errorf("%d bytes stay in memory for each pack, at most %d are wanted", (large-small)/(many-few), most)
	}
}

// TestABigPackStreams publishes a pack that is larger than the memory it may use.
func TestABigPackStreams(t *testing.T) { //nolint:paralleltest // reads counters of the process
	const size, budget, most = 32 << 20, 2 << 20, 24 << 20
	w := newWorld(t, "one")
	p := w.pack("big", "1.0.0", "x: 1\n")
	noise := make([]byte, size)
	rng := rand.New(rand.NewPCG(1, 1))
	for i := 0; i < len(noise); i += 8 {
		copy(noise[i:], fmt.Appendf(nil, "%08x", rng.Uint32()))
	}
	if err := os.WriteFile(filepath.Join(p.Dir, "image.bin"), noise, 0o600); err != nil {
		t.Fatal(err)
	}
	noise = nil
	defer debug.SetGCPercent(debug.SetGCPercent(10)) // so that what is in use is hardly more than what is needed
	runtime.GC()
	var base runtime.MemStats
	runtime.ReadMemStats(&base)
	var peak atomic.Uint64
	r := w.apply(executor.Options{MemoryBudget: budget, TempDir: t.TempDir(), Ahead: true, OnEvent: func(executor.Event) {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		if m.HeapInuse > peak.Load() {
			peak.Store(m.HeapInuse)
		}
	}})
	if r.Err() != nil {
		t.Fatal(r.Err())
	}
	if grown := int64(peak.Load()) - int64(base.HeapInuse); grown > most {
		t.Errorf("%d MB of memory for a pack of %d MB", grown>>20, size>>20)
	}
}
