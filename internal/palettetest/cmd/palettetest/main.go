// Command palettetest runs the Palette of package palettetest for a person to
// try things on, until it is interrupted. It prints the environment variables
// that lead packs and scripts to it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/packs-cli/packs/internal/palettetest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "palettetest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) (err error) {
	var o palettetest.Options
	var caFile string
	f := flag.NewFlagSet("palettetest", flag.ContinueOnError)
	f.SetOutput(stderr)
	f.StringVar(&o.Addr, "addr", "127.0.0.1:8086", "loopback address to listen on")
	f.BoolVar(&o.TLS, "tls", false, "serve HTTPS with a certificate of a new CA")
	f.StringVar(&caFile, "ca-file", "", "write the CA there (PEM)")
	f.IntVar(&o.SyncLooks, "sync-looks", 3, "how often a sync is seen in progress before it ends")
	f.IntVar(&o.PageSize, "page-size", 0, "entries of a page (default as asked for)")
	if err := f.Parse(args); err != nil {
		return err
	}
	s, err := palettetest.New(o)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	if caFile != "" && o.TLS {
		pem, err := os.ReadFile(s.CAFile)
		if err != nil {
			return err
		}
		if err := os.WriteFile(caFile, pem, 0o644); err != nil {
			return err
		}
	}
	if _, err := fmt.Fprintf(stdout, "export PALETTE_URL=%s\nexport PALETTE_VIEWER_KEY='%s'\nexport PALETTE_API_KEY='%s'\n", s.URL, palettetest.Viewer, palettetest.TenantAdmin); err != nil {
		return err
	}
	<-ctx.Done()
	return nil
}
