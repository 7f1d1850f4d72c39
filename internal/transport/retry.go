package transport

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"
)

// RetryPolicy says how often whole operations are tried. Zero means the default.
type RetryPolicy struct {
	Tries         int           // of an operation; 6
	Connects      int           // tries that may end without a connection; 4
	Stalls        int           // tries that may end because nothing moved; 2
	ConnectFor    time.Duration // no further try to connect after that; 8 s
	Base, Cap     time.Duration // the wait before try n is chance × min(Cap, Base × 2ⁿ); 200 ms and 15 s
	MaxRetryAfter time.Duration // the longest Retry-After that is waited for; 2 min
	Waits         time.Duration // all waits of one operation together; 5 min
	Budget        int           // further tries that all operations together may take beyond the good replies; 10 × concurrency
	// Throttled is how long an operation goes on, however many tries that takes,
	// while it is refused as one too many; 0: such a try counts as any other.
	Throttled time.Duration
}

func (p *RetryPolicy) setDefaults(concurrency int) {
	if p.Tries <= 0 {
		p.Tries = 6
	}
	if p.Connects <= 0 {
		p.Connects = 4
	}
	if p.Stalls <= 0 {
		p.Stalls = 2
	}
	if p.ConnectFor <= 0 {
		p.ConnectFor = 8 * time.Second
	}
	if p.Base <= 0 {
		p.Base = 200 * time.Millisecond
	}
	if p.Cap <= 0 {
		p.Cap = 15 * time.Second
	}
	if p.MaxRetryAfter <= 0 {
		p.MaxRetryAfter = 2 * time.Minute
	}
	if p.Waits <= 0 {
		p.Waits = 5 * time.Minute
	}
	if p.Budget <= 0 {
		p.Budget = 10 * concurrency
	}
}

// backoff returns the wait after a failed try, counted from 1: exponential with
// full jitter, so that many packs do not come back at the same moment.
func (p *RetryPolicy) backoff(try int, chance float64) time.Duration {
	d := p.Cap
	if try < 32 && p.Base<<try > 0 { // beyond that it would overflow
		d = min(p.Cap, p.Base<<try)
	}
	return time.Duration(chance * float64(d))
}

// AgainError marks an error after which the whole operation can start again,
// though the reply alone would not say so.
type AgainError struct{ Err error }

// Error returns the text of the cause.
func (e *AgainError) Error() string { return e.Err.Error() }

// Unwrap returns the cause.
func (e *AgainError) Unwrap() error { return e.Err }

// GaveUpError is the last error of an operation that was tried more than once,
// or would have been.
type GaveUpError struct {
	Tries int
	Spent bool // no further try, since too many operations of the run took some
	Err   error
}

// Error names the count of tries behind the cause.
func (e *GaveUpError) Error() string {
	times := fmt.Sprintf("%d times", e.Tries)
	if e.Tries == 1 {
		times = "once"
	}
	if e.Spent {
		return fmt.Sprintf("%v (tried %s; too many requests of this run failed to try each again)", e.Err, times)
	}
	return fmt.Sprintf("%v (tried %s)", e.Err, times)
}

// Unwrap returns the cause.
func (e *GaveUpError) Unwrap() error { return e.Err }

// verdict is what an error means for the operation.
type verdict int

const (
	permanent   verdict = iota + 1
	transient           // may pass: try again
	unreachable         // no connection: try again, but not for long
	stalled             // a connection that hangs: each try costs a minute
	lost                // no connection, and none to be expected
)

func judge(err error) verdict {
	var (
		circuit *CircuitError
		gaveUp  *GaveUpError
		again   *AgainError
		status  *StatusError
		conn    *ConnError
	)
	switch {
	case errors.As(err, &circuit), errors.As(err, &gaveUp): // an operation within this one tried enough
		return permanent
	case errors.As(err, &again):
		return transient
	case errors.As(err, &status):
		if status.Temporary() {
			return transient
		}
	case errors.As(err, &conn):
		return conn.verdict()
	}
	return permanent
}

// Retry calls op until it succeeds, fails for good or was tried often enough.
// op is one whole operation: it must be able to start from nothing each time.
func (c *Client) Retry(ctx context.Context, op func(ctx context.Context) error) error {
	r := retrying{client: c, mark: c.circuit.mark(), began: c.cfg.Clock.Now()}
	for {
		err := op(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		r.tries++
		wait, again := r.next(err)
		if !again {
			return r.counted(err)
		}
		c.log.LogAttrs(ctx, slog.LevelInfo, "trying again", slog.String("host", c.cfg.Host), slog.Int("tries", r.tries),
			slog.Duration("wait", wait), slog.String("error", c.redact(err.Error())))
		if err := c.cfg.Clock.Sleep(ctx, wait); err != nil {
			return err
		}
		if c.circuit.since(r.mark) != nil {
			return r.counted(err) // given up meanwhile: our own error says more
		}
	}
}

// retrying is the state of one operation in Retry.
type retrying struct {
	client    *Client
	mark      moment
	began     time.Time
	tries     int
	connects  int
	stalls    int
	throttled int // tries that do not count
	waited    time.Duration
	spent     bool
}

// next decides about another try, and how long to wait before it.
func (r *retrying) next(err error) (wait time.Duration, again bool) {
	p := &r.client.cfg.Retry
	v := judge(err)
	enough := r.tries-r.throttled >= p.Tries
	switch v {
	case permanent:
		return 0, false
	case lost:
		enough = true
	case unreachable:
		r.connects++
		elapsed := r.client.cfg.Clock.Now().Sub(r.began)
		enough = enough || r.connects >= p.Connects || elapsed >= p.ConnectFor
	case stalled:
		r.stalls++
		enough = enough || r.stalls >= p.Stalls
	}
	wait = p.backoff(r.tries, r.client.cfg.Clock.Jitter())
	var status *StatusError
	if errors.As(err, &status) && status.Status == http.StatusTooManyRequests && p.Throttled > 0 {
		r.throttled++
		enough = r.client.cfg.Clock.Now().Sub(r.began) >= p.Throttled
	}
	if status != nil && status.RetryAfter > 0 {
		wait = status.RetryAfter
		if wait > p.MaxRetryAfter {
			return 0, false
		}
	}
	r.waited += wait
	if enough || r.waited > p.Waits {
		r.client.circuit.gaveUp(r.mark, err, v == unreachable || v == lost)
		return 0, false
	}
	if !r.client.budget.take(status) {
		r.spent = true
		return 0, false
	}
	return wait, true
}

// TooLong tells whether a reply asks for a longer wait than the policy allows.
func (c *Client) TooLong(e *StatusError) bool { return e.RetryAfter > c.cfg.Retry.MaxRetryAfter }

func (r *retrying) counted(err error) error {
	var inner *GaveUpError
	if r.tries < 2 && !r.spent || errors.As(err, &inner) {
		return err
	}
	return &GaveUpError{Tries: r.tries, Spent: r.spent, Err: err}
}
