package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/packs-cli/packs/internal/render"
)

// app is the world outside, as every command is given it.
type app struct {
	name    string // how the program is called: packs, or kubectl packs
	in      io.Reader
	out     io.Writer
	err     *console
	env     func(string) (string, bool)
	now     func() time.Time
	stop    <-chan struct{} // closed by the first interrupt
	inTerm  render.Stream
	outTerm render.Stream
	errTerm render.Stream
	global  globalFlags
	limit   context.Context //nolint:containedctx // of the one command that runs; nil without --timeout
	release func()          // frees limit
}

// Main runs one command line and returns its exit code. A first interrupt lets
// nothing new start, a second one ends what is in flight.
func Main(ctx context.Context, args []string, in io.Reader, out, errOut io.Writer, env func(string) (string, bool)) (code int) {
	a := &app{
		name: programName(args[0]), in: in, out: out, err: &console{w: errOut}, env: env, now: time.Now,
		inTerm: streamOf(in), outTerm: streamOf(out), errTerm: streamOf(errOut),
	}
	defer func() {
		if r := recover(); r != nil {
			a.explain(fmt.Errorf("internal error, which is a mistake in %s itself: %v\n%s", a.name, r, debug.Stack()))
			code = exitFailed
		}
	}()
	ctx, stop, release := watchInterrupts(ctx, a.err)
	defer release()
	a.stop = stop
	err := a.run(ctx, args[1:])
	a.explain(err)
	return exitCode(err)
}

func (a *app) run(ctx context.Context, args []string) error {
	root := newRootCmd(a)
	root.SetArgs(joinBetween(args))
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	if ran, err := a.runPlugin(ctx, root, args); ran {
		return err
	}
	if err := checkCommand(root, args); err != nil {
		return err
	}
	err := a.timedOut(root.ExecuteContext(ctx))
	if stopErr := a.global.profile.stop(); stopErr != nil {
		return errors.Join(err, stopErr)
	}
	return err
}

// programName is what usage texts call the program. kubectl runs kubectl-NAME as
// `kubectl NAME`, where an underscore in the file name stands for a dash.
func programName(arg0 string) string {
	base := strings.TrimSuffix(filepath.Base(arg0), ".exe")
	if plugin, ok := strings.CutPrefix(base, "kubectl-"); ok && plugin != "" {
		return "kubectl " + strings.ReplaceAll(strings.ReplaceAll(plugin, "-", " "), "_", "-")
	}
	return "packs"
}

func (a *app) outStyle() render.Style {
	return render.NewStyle(a.outTerm, a.env, a.global.noColor, a.name)
}

func (a *app) errStyle() render.Style {
	return render.NewStyle(a.errTerm, a.env, a.global.noColor, a.name)
}

// logger writes what -v asks for to stderr. Warnings are always written.
func (a *app) logger() *slog.Logger {
	level := slog.LevelWarn - slog.Level(4*min(a.global.verbose, 3))
	return slog.New(slog.NewTextHandler(a.err, &slog.HandlerOptions{Level: level}))
}

// notice writes a word about what was done to stderr, unless -q is given.
func (a *app) notice(format string, args ...any) {
	if !a.global.quiet {
		_, _ = fmt.Fprintln(a.err, render.Clean(fmt.Sprintf(format, args...)))
	}
}
