package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/executor"
)

// watchInterrupts turns the first interrupt into the closing of stop and the
// second one into the end of the context; a third one ends the program as if
// nobody watched. SIGTERM, by which Kubernetes and CI end programs, and SIGHUP,
// when the terminal goes away, are interrupts as ctrl-C is.
func watchInterrupts(parent context.Context, w io.Writer) (ctx context.Context, stop <-chan struct{}, release func()) {
	ctx, cancel := context.WithCancelCause(parent)
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	if !signal.Ignored(syscall.SIGHUP) { // nohup asks to stay
		signal.Notify(signals, syscall.SIGHUP)
	}
	stopped, done := make(chan struct{}), make(chan struct{})
	g := new(errgroup.Group)
	g.Go(func() error {
		select {
		case <-signals:
			_, _ = fmt.Fprintln(w, "interrupted: nothing new starts, what is in flight ends; once more to leave at once")
			close(stopped) // after the word, so that it does not run into what follows
		case <-done:
			return nil
		}
		select {
		case <-signals:
			signal.Stop(signals)
			cancel(executor.ErrInterrupted)
		case <-done:
		}
		return nil
	})
	return ctx, stopped, func() {
		signal.Stop(signals)
		close(done)
		_ = g.Wait() // its function returns nil
		cancel(nil)
	}
}
