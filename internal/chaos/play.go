package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/registrytest"
)

const (
	maxRounds   = 20              // undisturbed runs until one must have done everything
	twins       = 4               // every so many kills, two programs run at once
	longestRun  = 3 * time.Minute // of one program
	longestWait = 15 * time.Second
)

// play kills the program again and again, then lets it finish, while all tags
// are watched, and looks at what came of it.
func (w *world) play(ctx context.Context) (*result, error) {
	r := &result{versions: len(w.versions), registries: len(w.sites)}
	watched, stop := context.WithCancel(ctx)
	defer stop()
	g, watched := errgroup.WithContext(watched)
	for i, s := range w.sites {
		watcher := &watcher{world: w, site: s, rng: rand.New(rand.NewPCG(w.seed, uint64(i))), seen: make(map[string]bool)}
		g.Go(func() error { return watcher.watch(watched, r) })
	}
	err := w.killAndFinish(ctx, r)
	stop()
	if watchErr := g.Wait(); watchErr != nil && !errors.Is(watchErr, context.Canceled) {
		err = errors.Join(err, watchErr)
	}
	if err != nil {
		return nil, err
	}
	return r, w.check(ctx, r)
}

func (w *world) killAndFinish(ctx context.Context, r *result) error {
	rng := rand.New(rand.NewPCG(w.seed, 1<<32))
	for n := 1; n <= w.kills; n++ {
		count := 1
		if n%twins == 0 {
			count = 2
			r.twins++
		}
		g, started := new(errgroup.Group), make([]*program, count)
		for i := range started {
			p, err := w.start(ctx)
			if err != nil {
				return err
			}
			started[i] = p
			moment := w.moment(rng)
			g.Go(func() error { return w.killAt(p, moment, r) })
		}
		if err := g.Wait(); err != nil {
			return err
		}
	}
	for n := range maxRounds {
		p, err := w.start(ctx)
		if err != nil {
			return err
		}
		code, err := p.end(r)
		switch {
		case err != nil:
			return err
		case code == 0:
			r.rounds = n + 1
			return nil
		case code != 1:
			return fmt.Errorf("exit code %d:\n%s", code, p.said.Bytes())
		}
	}
	return fmt.Errorf("not done after %d undisturbed runs", maxRounds)
}

// moment is when to kill: after some time, or after some more writes.
type moment struct {
	after  time.Duration
	writes int // that the registries have been asked for; 0: whenever the time is over
}

func (w *world) moment(rng *rand.Rand) moment {
	if rng.IntN(3) == 0 {
		return moment{after: time.Duration(rng.IntN(1000)) * time.Millisecond}
	}
	// A whole run takes about ten writes for each version and registry pair.
	return moment{after: longestWait, writes: w.asked() + 1 + rng.IntN(max(len(w.versions)/max(w.kills, 1)*8, 1))}
}

// asked counts the writes that the proxies have seen.
func (w *world) asked() int {
	n := 0
	for _, s := range w.sites {
		n += s.proxy.Asked("PUT") + s.proxy.Asked("POST")
	}
	return n
}

// program is packs apply, running.
type program struct {
	cmd  *exec.Cmd
	said bytes.Buffer
	done chan struct{} // closed when it has ended
}

func (w *world) start(ctx context.Context) (*program, error) {
	p := &program{done: make(chan struct{})}
	p.cmd = w.packs(ctx, "apply", "--yes", "--no-color", "-v", "--request-timeout", "1s")
	p.cmd.Stdout, p.cmd.Stderr = &p.said, &p.said
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is asked of its state
		close(p.done)
	}()
	return p, nil
}

// packs is a command line of the program under test.
func (w *world) packs(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, filepath.Join(w.bin, "packs"), args...)
	cmd.Dir = w.work
	cmd.Env = []string{
		"TMPDIR=" + w.temp, "PACKS_CACHE_DIR=" + w.cache, "HOME=" + w.work, "CHAOS_PASSWORD=" + registrytest.Password,
	}
	return cmd
}

// killAt kills a program at a moment, unless it has ended by then.
func (w *world) killAt(p *program, m moment, r *result) error {
	deadline := time.NewTimer(m.after)
	defer deadline.Stop()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for waiting := true; waiting; {
		select {
		case <-p.done:
			code, err := p.end(r)
			if err == nil && code != 0 && code != 1 {
				err = fmt.Errorf("exit code %d:\n%s", code, p.said.Bytes())
			}
			return err
		case <-deadline.C:
			waiting = false
		case <-tick.C:
			waiting = m.writes == 0 || w.asked() < m.writes
		}
	}
	if err := p.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	r.killed(m.writes > 0 && w.asked() >= m.writes)
	_, err := p.end(r)
	return err
}

// end waits for a program and counts its retries.
func (p *program) end(r *result) (code int, err error) {
	select {
	case <-p.done:
	case <-time.After(longestRun):
		_ = p.cmd.Process.Kill()
		<-p.done
		return 0, fmt.Errorf("packs apply did not end within %v:\n%s", longestRun, p.said.Bytes())
	}
	r.retried(bytes.Count(p.said.Bytes(), []byte("trying again")))
	return p.cmd.ProcessState.ExitCode(), nil
}
