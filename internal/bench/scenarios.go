package main

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/packs-cli/packs/internal/bench/catalog"
)

//go:embed loop.sh
var loopScript []byte

type bench struct {
	config
	generated catalog.Generated
	catalog   string      // folder of pack folders
	loop      string      // the script
	ready     []readyMade // only while they are replayed
}

type row struct{ work, packs, against, ratio, goal string }

type scenario struct {
	name string
	run  func(b *bench, ctx context.Context) ([]row, error)
}

var scenarios = []scenario{
	{"cold", (*bench).cold},
	{"latency", (*bench).slowNetwork},
	{"unchanged", (*bench).unchanged},
	{"three", (*bench).three},
	{"many", (*bench).many},
	{"scale", (*bench).scale},
	{"big", (*bench).big},
	{"copy", (*bench).copies},
	{"start", (*bench).start},
}

func (c *config) program(name string) string { return filepath.Join(c.bin, name) }

func prepare(ctx context.Context, c config) (*bench, error) {
	b := &bench{config: c, catalog: filepath.Join(c.work, "packs"), loop: filepath.Join(c.work, "loop.sh")}
	if err := os.WriteFile(b.loop, loopScript, 0o700); err != nil { //nolint:gosec // a script is run
		return nil, err
	}
	var err error
	if b.generated, err = catalog.Write(b.catalog, catalog.Options{Packs: c.packs, Seed: 1}); err != nil {
		return nil, err
	}
	layout := filepath.Join(c.work, "layout")
	if err := b.manifest("layout.yaml", b.catalog, "{name: r, type: layout, path: "+layout+"}"); err != nil {
		return nil, err
	}
	_, err = b.packs(ctx, "layout.yaml", "apply", "--yes", "-q")
	return b, err
}

// manifest writes a packs.yaml with the given registries for the packs below dir.
func (b *bench) manifest(file, dir string, registries ...string) error {
	text := "apiVersion: packs/v1\nkind: Catalog\nregistries:\n"
	for _, r := range registries {
		text += "  - " + r + "\n"
	}
	text += "packs:\n  - path: " + dir + "/**\n"
	return os.WriteFile(filepath.Join(b.work, file), []byte(text), 0o600)
}

func (b *bench) packs(ctx context.Context, file string, args ...string) (sample, error) {
	env := []string{"PACKS_CACHE_DIR=" + filepath.Join(b.work, "cache"), "HOME=" + b.work}
	return measure(ctx, b.work, env, b.program("packs"), append([]string{"-f", file}, args...)...)
}

func (b *bench) runLoop(ctx context.Context, host string, workers int) (sample, error) {
	return measure(ctx, b.work, []string{"ORAS=" + b.program("oras"), "HOME=" + b.work}, b.loop, host, b.catalog, fmt.Sprint(workers))
}

// fresh runs fn against an empty registry server.
func (b *bench) fresh(ctx context.Context, fn func(*server) error) error {
	dir, err := os.MkdirTemp(b.work, "server-")
	if err != nil {
		return err
	}
	s, err := startServer(ctx, b.program("registry"), dir)
	if err != nil {
		return err
	}
	return errors.Join(fn(s), s.stop())
}

func oci(name, host string) string {
	return fmt.Sprintf("{name: %s, type: oci, host: %q}", name, host)
}

// apply publishes the whole catalog to a host.
func (b *bench) apply(ctx context.Context, host string) (sample, error) {
	if err := b.manifest("oci.yaml", b.catalog, oci("r", host)); err != nil {
		return sample{}, err
	}
	return b.packs(ctx, "oci.yaml", "apply", "--yes", "-q")
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }

func times(r []float64) string { return fmt.Sprintf("%.1f×", median(r)) }

func megabytes(n int64) string { return fmt.Sprintf("%d MB", n/1e6) }
