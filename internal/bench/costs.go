package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/packs-cli/packs/internal/bench/catalog"
)

// three publishes to three registries at once and compares the CPU time with
// that of one.
func (b *bench) three(ctx context.Context) ([]row, error) {
	var one, all []time.Duration
	for range b.runs {
		err := b.fresh(ctx, func(s1 *server) error {
			return b.fresh(ctx, func(s2 *server) error {
				return b.fresh(ctx, func(s3 *server) error {
					if err := b.manifest("three.yaml", b.catalog, oci("a", s1.Host), oci("b", s2.Host), oci("c", s3.Host)); err != nil {
						return err
					}
					s, err := b.packs(ctx, "three.yaml", "apply", "--yes", "-q")
					all = append(all, s.CPU)
					return err
				})
			})
		})
		if err != nil {
			return nil, err
		}
		err = b.fresh(ctx, func(s *server) error {
			s1, err := b.apply(ctx, s.Host)
			one = append(one, s1.CPU)
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return []row{{
		"three registries at once, CPU time against one", seconds(median(all)), seconds(median(one)), times(ratios(all, one)), "≤ 1.6×",
	}}, nil
}

// many measures how time and memory grow from 1,000 to 10,000 small packs.
func (b *bench) many(ctx context.Context) ([]row, error) {
	cost := make(map[int][2]sample)
	for _, n := range []int{1_000, 10_000} {
		s, err := b.small(ctx, n)
		if err != nil {
			return nil, err
		}
		cost[n] = s
	}
	growth := func(i int) string {
		return fmt.Sprintf("%.1f× for 10× the packs", float64(cost[10_000][i].Wall)/float64(cost[1_000][i].Wall))
	}
	peak := func(i int) string {
		return fmt.Sprintf("peak %s, with 1,000: %s", megabytes(cost[10_000][i].PeakBytes), megabytes(cost[1_000][i].PeakBytes))
	}
	return []row{
		{"10,000 small packs cold to a layout", seconds(cost[10_000][0].Wall), peak(0), growth(0), "linear, < 100 MB"},
		{"10,000 small packs, nothing changed", seconds(cost[10_000][1].Wall), peak(1), growth(1), "linear, < 100 MB"},
	}, nil
}

// small publishes n small packs to a layout, and then again.
func (b *bench) small(ctx context.Context, n int) (s [2]sample, err error) {
	dir, err := os.MkdirTemp(b.work, "small-")
	if err != nil {
		return s, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	packs := filepath.Join(dir, "packs")
	if _, err := catalog.Write(packs, catalog.Options{Packs: n, Seed: 1, Small: true}); err != nil {
		return s, err
	}
	if err := b.manifest("small.yaml", packs, "{name: r, type: layout, path: "+filepath.Join(dir, "layout")+"}"); err != nil {
		return s, err
	}
	for i := range s {
		if s[i], err = b.packs(ctx, "small.yaml", "apply", "--yes", "-q"); err != nil {
			return s, err
		}
	}
	return s, nil
}

// big publishes one pack of 2 GB.
func (b *bench) big(ctx context.Context) ([]row, error) {
	dir := filepath.Join(b.work, "big")
	if _, err := catalog.Write(dir, catalog.Options{Packs: 1, Seed: 1, Small: true}); err != nil {
		return nil, err
	}
	if err := noise(filepath.Join(dir, "pack-00000-1.0.0", "image.bin"), 2<<30); err != nil {
		return nil, err
	}
	var s sample
	err := b.fresh(ctx, func(srv *server) error {
		if err := b.manifest("big.yaml", dir, oci("r", srv.Host)); err != nil {
			return err
		}
		var err error
		s, err = b.packs(ctx, "big.yaml", "apply", "--yes", "-q")
		return err
	})
	return []row{{"one pack of 2 GB", seconds(s.Wall), "", "peak " + megabytes(s.PeakBytes), "< 100 MB"}}, errors.Join(err, os.RemoveAll(dir))
}

func noise(path string, size int64) (err error) {
	f, err := os.Create(path) //nolint:gosec // below our own folder
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = io.CopyN(f, rand.Reader, size)
	return err
}

// start measures how long the program takes to say its version and its help.
func (b *bench) start(ctx context.Context) ([]row, error) {
	const runs = 20
	var rows []row
	for _, args := range [][]string{{"version"}, {"--help"}} {
		var took []time.Duration
		for range runs {
			s, err := measure(ctx, b.work, nil, b.program("packs"), args...)
			if err != nil {
				return nil, err
			}
			took = append(took, s.Wall)
		}
		rows = append(rows, row{"packs " + args[0], fmt.Sprintf("%d ms", median(took).Milliseconds()), "", "", "< 30 ms"})
	}
	info, err := os.Stat(b.program("packs"))
	if err != nil {
		return nil, err
	}
	return append(rows, row{"size of the stripped program", megabytes(info.Size()), "", "", "< 25 MB"}), nil
}
