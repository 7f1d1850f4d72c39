// Command chaos publishes a catalog through fault proxies to two real registry
// servers and to a layout, kills the program again and again, runs two at once
// now and then, and proves at the end that nothing was lost and nothing is
// wrong. All the time it watches that no tag points to missing or wrong content.
//
//	go run ./internal/chaos -packs 500 -kills 20
//
// Faults, kills and the catalog come from a seed, which it prints.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/signal"
	"path/filepath"
	"time"
)

type config struct {
	packs, kills int
	seed         uint64
	rate         float64
	large        bool
	oras         int    // versions that oras pulls at the end; 0: all
	bin          string // folder of packs, oras and registry
	work         string // folder for everything that is written
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) (err error) {
	c := config{}
	flags := flag.NewFlagSet("chaos", flag.ContinueOnError)
	flags.IntVar(&c.packs, "packs", 500, "packs in the catalog")
	flags.IntVar(&c.kills, "kills", 20, "how often it is killed")
	flags.Uint64Var(&c.seed, "seed", 0, "seed of faults, kills and the catalog; 0: any")
	flags.Float64Var(&c.rate, "rate", 0.1, "share of requests that meet a fault")
	flags.BoolVar(&c.large, "large", false, "packs of usual sizes rather than small ones")
	flags.IntVar(&c.oras, "oras", 0, "versions that oras pulls at the end; 0: all")
	flags.StringVar(&c.bin, "bin", ".bin", "folder with packs, oras and registry")
	flags.StringVar(&c.work, "work", "", "folder to work in; a temporary one by default")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if c.seed == 0 {
		c.seed = rand.Uint64()
	}
	if c.bin, err = filepath.Abs(c.bin); err != nil {
		return err
	}
	if c.work, err = os.MkdirTemp(c.work, "packs-chaos-"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(c.work)) }()
	began := time.Now()
	w, err := newWorld(ctx, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()
	result, err := w.play(ctx)
	if err != nil {
		return fmt.Errorf("seed %d: %w", c.seed, err)
	}
	result.took = time.Since(began)
	if err := result.write(out, &c); err != nil {
		return err
	}
	return result.verdict(c.seed)
}
