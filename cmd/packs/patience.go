package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

// patience is how long a command puts up with registries.
type patience struct {
	retries    uint
	timeout    duration
	request    duration
	retryAfter duration
}

const (
	defaultRetries = 5
	timeoutFlag    = "timeout"
)

func (p *patience) add(fs *pflag.FlagSet) {
	p.request, p.retryAfter = duration(time.Minute), duration(2*time.Minute)
	fs.UintVar(&p.retries, "retries", defaultRetries, "how often what fails at a registry is tried again, `N` times at most")
	fs.Var(&p.timeout, timeoutFlag, "end the whole command after this `TIME`, as 30m or 1h30m (default none)")
	fs.Var(&p.request, "request-timeout", "give a request up when no byte of it moves for this `TIME`")
	fs.Var(&p.retryAfter, "max-retry-after", "wait at most this `TIME` where a registry asks for a pause")
}

func (p *patience) tell(o *executor.Options) {
	o.Retries, o.RequestTimeout, o.MaxRetryAfter = int(min(p.retries, 1000)), time.Duration(p.request), time.Duration(p.retryAfter)
	if p.retries == 0 {
		o.Retries = -1
	}
}

// duration is the value of a flag: a time above 0; 0 where the flag is not given.
type duration time.Duration

// String returns the time in its shortest form; "" where there is none.
func (d *duration) String() string {
	if *d == 0 {
		return ""
	}
	return shortDuration(time.Duration(*d))
}

// shortDuration leaves out zero parts: 2m, not 2m0s.
func shortDuration(d time.Duration) string {
	switch {
	case d >= time.Hour && d%time.Hour == 0:
		return fmt.Sprintf("%dh", d/time.Hour)
	case d >= time.Minute && d%time.Minute == 0:
		return fmt.Sprintf("%dm", d/time.Minute)
	}
	return d.String()
}

// Type names the kind of value in usage texts.
func (d *duration) Type() string { return "time" }

// Set checks and keeps a time.
func (d *duration) Set(v string) error {
	t, err := time.ParseDuration(v)
	if err != nil || t <= 0 {
		return errors.New("want a time above 0, as 90s, 30m or 1h30m")
	}
	*d = duration(t)
	return nil
}

// timedOutError ends a command that took longer than --timeout.
type timedOutError struct{ after time.Duration }

// Error says so.
func (e *timedOutError) Error() string {
	return fmt.Sprintf("--timeout %s is over", shortDuration(e.after))
}

// limitTime gives a command that has --timeout its end.
func (a *app) limitTime(cmd *cobra.Command) {
	f := cmd.Flags().Lookup(timeoutFlag)
	if f == nil {
		return
	}
	limit, ok := f.Value.(*duration)
	if !ok || *limit == 0 {
		return
	}
	after := time.Duration(*limit)
	ctx, cancel := context.WithTimeoutCause(cmd.Context(), after, &timedOutError{after})
	a.limit, a.release = ctx, cancel
	cmd.SetContext(ctx)
}

// timedOut tells why a command was ended where that was its --timeout, and not
// somebody who interrupted it.
func (a *app) timedOut(err error) error {
	var over *timedOutError
	if a.limit == nil {
		return err
	}
	defer a.release()
	if exitCode(err) != exitInterrupted || !errors.As(context.Cause(a.limit), &over) {
		return err
	}
	if errors.Is(err, executor.ErrInterrupted) || errors.Is(err, context.DeadlineExceeded) {
		return exit(&faultsError{[]render.Fault{{
			What: over.Error(), Hint: "run the same again: what is done is not done twice", Code: render.CodeOf(executor.ErrInterrupted),
		}}}, exitFailed)
	}
	return exit(errors.Join(err, over), exitFailed)
}
