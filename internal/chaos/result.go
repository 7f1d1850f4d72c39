package main

import (
	"cmp"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/packs-cli/packs/internal/registrytest/faultproxy"
)

// result is what came of a run. Its methods may be called by many goroutines.
type result struct {
	versions, registries int
	twins, rounds        int
	uploads              int // blobs that the registries took
	repeated             int // of them, those that the repository had already
	rewritten            int // tags that were written again
	left                 []string
	took                 time.Duration

	mu                  sync.Mutex
	kills, killsWriting int
	retries, looks      int
	faults              map[faultproxy.Kind]int
	checked, pulled     int // by packs and by oras
	lost, wrong         []string
}

func (r *result) killed(writing bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kills++
	if writing {
		r.killsWriting++
	}
}

func (r *result) retried(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.retries += n
}

func (r *result) looked() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.looks++
}

func (r *result) fault(k faultproxy.Kind, n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.faults == nil {
		r.faults = make(map[faultproxy.Kind]int)
	}
	r.faults[k] += n
}

func (r *result) verified(what string, err error, right bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.checked++
	r.judge(what, err, right)
}

func (r *result) byOras(what string, err error, right bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.pulled++
	r.judge("oras, "+what, err, right)
}

// judge notes what is lost or wrong. The caller holds the lock.
func (r *result) judge(what string, err error, right bool) {
	switch {
	case err != nil:
		r.lost = append(r.lost, fmt.Sprintf("%s: %v", what, err))
	case !right:
		r.wrong = append(r.wrong, what)
	}
}

// write tells the figures.
func (r *result) write(out io.Writer, c *config) error {
	total := 0
	for _, n := range r.faults {
		total += n
	}
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d packs to %d registries and a layout, %.0f %% faults, in %v\n", c.seed, r.versions, r.registries, 100*c.rate, r.took.Round(time.Second))
	fmt.Fprintf(&b, "  killed          %d times, %d of them while it wrote; %d times two ran at once; done after %d more\n", r.kills, r.killsWriting, r.twins, r.rounds)
	fmt.Fprintf(&b, "  faults          %d of %d kinds; operations tried again %d times\n", total, len(r.faults), r.retries)
	fmt.Fprintf(&b, "  uploads         %d blobs, %d of them again; %d tags written again\n", r.uploads, r.repeated, r.rewritten)
	fmt.Fprintf(&b, "  looks at tags   %d, none missing or wrong\n", r.looks)
	fmt.Fprintf(&b, "  at the end      %d checked by packs, %d by oras: lost %d, wrong %d\n", r.checked, r.pulled, len(r.lost), len(r.wrong))
	fmt.Fprintf(&b, "  temporary files %d left\n", len(r.left))
	byCount := slices.SortedFunc(maps.Keys(r.faults), func(a, b faultproxy.Kind) int {
		return cmp.Or(cmp.Compare(r.faults[b], r.faults[a]), cmp.Compare(a, b))
	})
	for _, k := range byCount {
		fmt.Fprintf(&b, "  %6d  %s\n", r.faults[k], k)
	}
	_, err := io.WriteString(out, b.String())
	return err
}

// verdict fails where anything is not as it must be.
func (r *result) verdict(seed uint64) error {
	bad := slices.Concat(r.lost, r.wrong, r.left)
	if len(bad) == 0 {
		return nil
	}
	const most = 10
	return fmt.Errorf("seed %d: %d lost, %d wrong, %d left:\n%s", seed, len(r.lost), len(r.wrong), len(r.left), strings.Join(bad[:min(len(bad), most)], "\n"))
}
