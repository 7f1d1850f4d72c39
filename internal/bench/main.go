// Command bench races packs against the loop that people use without it: tar
// and oras push, one pack after another, on the same packs and the same real
// registry server, interleaved in one run. It prints a Markdown table.
//
//	go run ./internal/bench -packs 220 -runs 3
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

type config struct {
	packs, runs int
	latency     time.Duration
	bin         string // folder of the pinned programs
	work        string // folder for everything that is written: a tmpfs, best
	only        string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	var c config
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&c.packs, "packs", 220, "packs in the catalog")
	flags.IntVar(&c.runs, "runs", 3, "runs of each pair")
	flags.DurationVar(&c.latency, "latency", 50*time.Millisecond, "round trip of the slow network")
	flags.StringVar(&c.bin, "bin", ".bin", "folder with packs, oras and registry")
	flags.StringVar(&c.work, "work", "/dev/shm", "folder to work in; a tmpfs keeps the disk out of the figures")
	flags.StringVar(&c.only, "only", "", "run only the scenario of that name")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.bin, err = filepath.Abs(c.bin); err != nil {
		return err
	}
	if c.work, err = os.MkdirTemp(c.work, "packs-bench-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.work)) }()
	b, err := prepare(ctx, c)
	if err != nil {
		return err
	}
	head := fmt.Sprintf("%d packs, %d files, %.1f MB; %d run(s) each, medians\n\n| work | packs | against | ratio | goal |\n|---|---|---|---|---|\n",
		b.generated.Packs, b.generated.Files, float64(b.generated.Bytes)/1e6, c.runs)
	if _, err := io.WriteString(out, head); err != nil {
		return err
	}
	for _, s := range scenarios {
		if c.only != "" && c.only != s.name {
			continue
		}
		rows, err := s.run(b, ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
		for _, r := range rows {
			if _, err := fmt.Fprintf(out, "| %s | %s | %s | %s | %s |\n", r.work, r.packs, r.against, r.ratio, r.goal); err != nil {
				return err
			}
		}
	}
	return nil
}
