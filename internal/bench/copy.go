package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// regsync is the program that copies registries in the same way: it lists the
// source, asks both sides, and copies by digest.
const regsync = "regsync"

// syncConfig lets regsync work as hard as packs: an entry for each repository, 16
// of them at once, and its limit of requests for each host does not hold it back.
// Unlike packs it is told the repositories, and need not ask the source for them.
func (b *bench) syncConfig(source, target string) ([]byte, error) {
	repositories, err := filepath.Glob(filepath.Join(b.work, "layout", "spectro-packs", "archive", "*"))
	if err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "version: 1\ndefaults: {parallel: 16, interval: 60m}\ncreds:\n")
	for _, host := range []string{source, target} {
		text = fmt.Appendf(text, "  - {registry: %q, tls: disabled, reqConcurrent: 64}\n", host)
	}
	text = append(text, "sync:\n"...)
	for _, r := range repositories {
		name := "/spectro-packs/archive/" + filepath.Base(r)
		text = fmt.Appendf(text, "  - {source: %q, target: %q, type: repository}\n", source+name, target+name)
	}
	return text, nil
}

// copies races packs against regsync: from one registry to another that is
// empty, and then once more with nothing to do.
func (b *bench) copies(ctx context.Context) ([]row, error) {
	var cold, idle [2][]time.Duration
	err := b.fresh(ctx, func(source *server) error {
		if _, err := b.apply(ctx, source.Host); err != nil {
			return err
		}
		for range b.runs {
			for i, copyTo := range []copier{b.copyByPacks, b.copyByRegsync} {
				err := b.fresh(ctx, func(target *server) error {
					for _, times := range []*[]time.Duration{&cold[i], &idle[i]} {
						took, err := copyTo(ctx, source.Host, target.Host)
						if err != nil {
							return err
						}
						*times = append(*times, took)
					}
					return nil
				})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	return []row{
		{"copy to another registry, against regsync", seconds(median(cold[0])), seconds(median(cold[1])), times(ratios(cold[1], cold[0])), "> 1×"},
		{"copy, nothing to do, against regsync", seconds(median(idle[0])), seconds(median(idle[1])), times(ratios(idle[1], idle[0])), "> 1×"},
	}, nil
}

// copier copies all packs from one host to another.
type copier func(ctx context.Context, source, target string) (time.Duration, error)

func (b *bench) copyByPacks(ctx context.Context, source, target string) (time.Duration, error) {
	env := []string{"PACKS_CACHE_DIR=" + filepath.Join(b.work, "cache"), "HOME=" + b.work}
	s, err := measure(ctx, b.work, env, b.program("packs"), "copy", source, target, "--yes", "-q")
	return s.Wall, err
}

func (b *bench) copyByRegsync(ctx context.Context, source, target string) (time.Duration, error) {
	config, err := b.syncConfig(source, target)
	if err != nil {
		return 0, err
	}
	file := filepath.Join(b.work, "regsync.yaml")
	if err := os.WriteFile(file, config, 0o600); err != nil {
		return 0, err
	}
	s, err := measure(ctx, b.work, []string{"HOME=" + b.work}, b.program(regsync), "once", "-c", file, "-v", "warn")
	return s.Wall, err
}
