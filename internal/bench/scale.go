package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/bench/catalog"
)

const (
	scalePacks  = 10_000
	scaleShards = 4
)

// cost is what one or several processes took together.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // of the largest process
	requests  int
}

// scale compares one run on 10,000 small packs with four shards of it at once,
// on the same machine: what scaling out costs altogether, and each of them.
func (b *bench) scale(ctx context.Context) ([]row, error) {
	dir := filepath.Join(b.work, "scale")
	if _, err := catalog.Write(dir, catalog.Options{Packs: scalePacks, Seed: 1, Small: true}); err != nil {
		return nil, err
	}
	layouts := filepath.Join(b.work, "scale-layouts")
	rows, err := b.scaleSteps(ctx, "a layout", nil, func(name string) error {
		return b.manifest("scale.yaml", dir, "{name: r, type: layout, path: "+filepath.Join(layouts, name)+"}")
	})
	err = errors.Join(err, os.RemoveAll(layouts))
	if err == nil {
		err = b.fresh(ctx, func(one *server) error {
			return b.fresh(ctx, func(four *server) error {
				more, err := b.scaleSteps(ctx, "a registry", []*server{one, four}, func(name string) error {
					return b.manifest("scale.yaml", dir, oci("r", map[string]*server{"one": one, "four": four}[name].Host))
				})
				rows = append(rows, more...)
				return err
			})
		})
	}
	return rows, errors.Join(err, os.RemoveAll(dir))
}

// scaleSteps publishes the catalog, and compares it twice with what is there:
// by one process, and by shards to a place of their own.
func (b *bench) scaleSteps(ctx context.Context, to string, servers []*server, use func(name string) error) ([]row, error) {
	var rows []row
	for _, step := range []struct {
		name string
		args []string
	}{
		{"cold to " + to, []string{"apply", "--yes", "-q"}},
		{"compared with " + to + ", every file read", []string{"plan", "-q", "--no-cache"}},
		{"compared with " + to + ", stat cache", []string{"plan", "-q"}},
	} {
		var costs [2]cost
		for i, name := range []string{"one", "four"} {
			if err := use(name); err != nil {
				return nil, err
			}
			shards := 1
			if i == 1 {
				shards = scaleShards
			}
			before := 0
			if servers != nil {
				before = servers[i].requests()
			}
			var err error
			if costs[i], err = b.sharded(ctx, shards, step.args...); err != nil {
				return nil, err
			}
			if servers != nil {
				costs[i].requests = servers[i].requests() - before
			}
		}
		rows = append(rows, row{fmt.Sprintf("%d small packs %s", scalePacks, step.name), costs[0].String(), costs[1].String(), fmt.Sprintf("%.1f× the CPU time", float64(costs[1].cpu)/float64(costs[0].cpu)), ""})
	}
	return rows, nil
}

// sharded runs a command in so many shards at once.
func (b *bench) sharded(ctx context.Context, shards int, args ...string) (cost, error) {
	samples := make([]sample, shards)
	g, ctx := errgroup.WithContext(ctx)
	start := time.Now()
	for i := range shards {
		g.Go(func() (err error) {
			samples[i], err = b.packs(ctx, "scale.yaml", slices.Concat(args, []string{fmt.Sprintf("--shard=%d/%d", i, shards)})...)
			return err
		})
	}
	err := g.Wait()
	c := cost{wall: time.Since(start)}
	for _, s := range samples {
		c.cpu += s.CPU
		c.peak = max(c.peak, s.PeakBytes)
	}
	return c, err
}

func (c cost) String() string {
	text := fmt.Sprintf("%s, CPU %s, peak %s", seconds(c.wall), seconds(c.cpu), megabytes(c.peak))
	if c.requests > 0 {
		text += fmt.Sprintf(", %d requests", c.requests)
	}
	return text
}

// requests is how many the server has answered since it started.
func (s *server) requests() int { return int(s.log.n.Load()) }
