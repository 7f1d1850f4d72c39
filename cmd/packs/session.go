package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// session is one run on one catalog.
type session struct {
	*app
	catalog  *manifest.Catalog
	exec     *executor.Executor
	progress progress
}

// progress shows what a run does, on stderr.
type progress interface {
	io.Writer // log lines, so that they do not run into it
	Event(e executor.Event)
	Close()
}

// request says what a session works on.
type request struct {
	catalogFlags
	selectFlags
	allowExec bool
	noCache   bool
	patience  patience
	source    bool // whether the result tells the git commit
	options   executor.Options
	listeners []func(executor.Event)
}

// load reads the catalog of a command that contacts registries, and shows its
// remarks.
func (a *app) load(file string, o manifest.LoadOptions) (*manifest.Catalog, error) {
	c, err := manifest.Load(file, o)
	if errors.Is(err, fs.ErrNotExist) && !isInvalid(err) {
		return nil, exit(&usageError{
			message: fmt.Sprintf("there is no %s", file),
			hint:    "`packs init` finds packs and writes one; -f names another file",
		}, exitInput)
	}
	if err != nil {
		return c, exit(err, exitInput)
	}
	a.shoutAt(c, o.Registries)
	if !a.global.quiet {
		return c, render.Remarks(a.err, a.errStyle(), c.Remarks)
	}
	return c, nil
}

func isInvalid(err error) bool {
	var invalid *manifest.InvalidError
	return errors.As(err, &invalid)
}

// open reads the catalog and prepares a run. Nothing is contacted.
func (a *app) open(ctx context.Context, q *request) (*session, error) {
	lo := q.loadOptions(a)
	lo.Registries = q.registries
	c, err := a.load(q.file, lo)
	if err != nil {
		return nil, err
	}
	return a.begin(ctx, q, c)
}

// begin prepares a run on a catalog that was read already. Nothing is contacted.
func (a *app) begin(ctx context.Context, q *request, c *manifest.Catalog) (*session, error) {
	s := &session{app: a, catalog: c, progress: a.newProgress()}
	o := q.options
	o.Registries, o.Packs, o.AllowExec = q.registries, q.packs, q.allowExec
	o.Tool, o.Env, o.Now, o.Stop, o.Logger = toolVersion(), a.env, a.now, a.stop, a.logger()
	q.patience.tell(&o)
	if !q.noCache {
		o.CacheDir = a.cacheDir()
	}
	if q.source {
		o.Source = a.gitSource(ctx, c)
	}
	o.OnEvent = func(e executor.Event) {
		s.progress.Event(e)
		for _, listen := range q.listeners {
			listen(e)
		}
	}
	var err error
	if s.exec, err = executor.New(c, o); err != nil {
		return nil, err
	}
	a.err.show(s.progress)
	return s, nil
}

// close ends the session; it may be called twice.
func (s *session) close() error {
	s.progress.Close()
	s.err.show(nil)
	return s.exec.Close()
}

// plan works out what to do. The progress is gone when it returns.
func (s *session) plan(ctx context.Context) (*plan.Plan, error) {
	p, err := s.exec.Plan(ctx)
	s.progress.Close()
	if err != nil {
		return nil, err
	}
	return p, s.markUntracked(ctx, p)
}

// newProgress returns bars on a terminal, lines elsewhere, nothing with -q.
func (a *app) newProgress() progress {
	dumb, _ := a.env("TERM")
	switch {
	case a.global.quiet:
		return silent{a.err.w}
	case a.errTerm.Terminal && dumb != "dumb":
		return render.NewBars(a.err.w, a.now)
	}
	return render.NewLines(a.err.w)
}

// silent is the progress of -q.
type silent struct{ io.Writer }

// Event shows nothing.
func (silent) Event(executor.Event) {}

// Close does nothing.
func (silent) Close() {}
