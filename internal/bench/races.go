package main

import (
	"context"
	"path/filepath"
	"runtime/debug"
	"time"
)

// contender is one way to publish the catalog to a host.
type contender func(ctx context.Context, host string) (time.Duration, error)

func (b *bench) byPacks(ctx context.Context, host string) (time.Duration, error) {
	s, err := b.apply(ctx, host)
	return s.Wall, err
}

func (b *bench) byLoop(workers int) contender {
	return func(ctx context.Context, host string) (time.Duration, error) {
		s, err := b.runLoop(ctx, host, workers)
		return s.Wall, err
	}
}

func (b *bench) byReplay(ctx context.Context, host string) (time.Duration, error) {
	return replay(ctx, host, b.ready, 16)
}

// race runs the contenders in turn, each against a registry of its own that is
// empty, and returns their times by contender.
func (b *bench) race(ctx context.Context, latency time.Duration, contenders ...contender) ([][]time.Duration, error) {
	results := make([][]time.Duration, len(contenders))
	for range b.runs {
		for i, c := range contenders {
			err := b.fresh(ctx, func(s *server) error {
				ctx, cancel := context.WithCancel(ctx)
				defer cancel()
				host, err := s.Host, error(nil)
				if latency > 0 {
					if host, err = delayed(ctx, s.Host, latency); err != nil {
						return err
					}
				}
				took, err := c(ctx, host)
				results[i] = append(results[i], took)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

func (b *bench) cold(ctx context.Context) (rows []row, err error) {
	if b.ready, err = readyMadeFrom(filepath.Join(b.work, "layout")); err != nil {
		return nil, err
	}
	// The kernel counts this program's memory to that of those it starts.
	defer func() { b.ready = nil; debug.FreeOSMemory() }()
	r, err := b.race(ctx, 0, b.byPacks, b.byLoop(1), b.byLoop(16), b.byReplay)
	if err != nil {
		return nil, err
	}
	ours := seconds(median(r[0]))
	return []row{
		{"cold publish, against the loop", ours, seconds(median(r[1])), times(ratios(r[1], r[0])), "≥ 12×"},
		{"cold publish, against the loop under xargs -P16", ours, seconds(median(r[2])), times(ratios(r[2], r[0])), "≥ 5×"},
		{"cold publish, against the bare replay", ours, seconds(median(r[3])), times(ratios(r[0], r[3])) + " of it", "≤ 1.5×"},
	}, nil
}

func (b *bench) slowNetwork(ctx context.Context) ([]row, error) {
	r, err := b.race(ctx, b.latency, b.byPacks, b.byLoop(1))
	if err != nil {
		return nil, err
	}
	return []row{{
		"cold publish with round trips of " + b.latency.String(), seconds(median(r[0])), seconds(median(r[1])),
		times(ratios(r[1], r[0])), "≥ 35×",
	}}, nil
}

func (b *bench) unchanged(ctx context.Context) ([]row, error) {
	var loop, plain, cached []time.Duration
	err := b.fresh(ctx, func(s *server) error {
		if _, err := b.apply(ctx, s.Host); err != nil {
			return err
		}
		// The loop has a base path of its own, so that neither touches the other's tags.
		if _, err := b.runLoop(ctx, s.Host+"/loop", 1); err != nil {
			return err
		}
		for range b.runs {
			l, err := b.runLoop(ctx, s.Host+"/loop", 1)
			if err != nil {
				return err
			}
			p, err := b.packs(ctx, "oci.yaml", "plan", "--no-cache")
			if err != nil {
				return err
			}
			c, err := b.packs(ctx, "oci.yaml", "plan")
			if err != nil {
				return err
			}
			loop, plain, cached = append(loop, l.Wall), append(plain, p.Wall), append(cached, c.Wall)
		}
		return nil
	})
	return []row{
		{"nothing changed, every file read", seconds(median(plain)), seconds(median(loop)), times(ratios(loop, plain)), "≥ 40×"},
		{"nothing changed, stat cache", seconds(median(cached)), seconds(median(loop)), times(ratios(loop, cached)), "≥ 80×"},
	}, err
}
