package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// replies answers requests with these statuses in turn, then with 200.
func replies(header http.Header, statuses ...int) (h http.HandlerFunc, count *atomic.Int64) {
	count = new(atomic.Int64)
	return func(w http.ResponseWriter, _ *http.Request) {
		n := int(count.Add(1))
		if n > len(statuses) {
			return
		}
		for k, v := range header {
			w.Header()[k] = v
		}
		w.WriteHeader(statuses[n-1])
	}, count
}

func TestRetryTriesAgainWhatMayPass(t *testing.T) {
	t.Parallel()
	for _, status := range []int{408, 429, 500, 502, 503, 504} {
		clock := newFakeClock()
		h, count := replies(nil, status, status)
		c := plain(t, serve(t, h), Config{Clock: clock.clock()})
		if err := c.Retry(t.Context(), fetch(c, "/")); err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if count.Load() != 3 {
			t.Errorf("%d: %d requests, want 3", status, count.Load())
		}
		want := []time.Duration{200 * time.Millisecond, 400 * time.Millisecond} // half of 2×base and 4×base
		if got := clock.sleeps(); !slices.Equal(got, want) {
			t.Errorf("%d: slept %v, want %v", status, got, want)
		}
	}
}

func TestRetryLeavesAloneWhatWillNotPass(t *testing.T) {
	t.Parallel()
	for _, status := range []int{400, 403, 404, 405, 409, 412, 413, 501, 505} {
		h, count := replies(nil, status)
		c := plain(t, serve(t, h), Config{Clock: newFakeClock().clock()})
		err := c.Retry(t.Context(), fetch(c, "/"))
		var e *StatusError
		if !errors.As(err, &e) || e.Status != status || count.Load() != 1 {
			t.Errorf("%d: %v after %d requests, want that status after one", status, err, count.Load())
		}
		var gaveUp *GaveUpError
		if errors.As(err, &gaveUp) {
			t.Errorf("%d: %v tells of tries that were not", status, err)
		}
	}
}

func TestRetryGivesUpAndSaysHowOftenItTried(t *testing.T) {
	t.Parallel()
	h, count := replies(nil, slices.Repeat([]int{503}, 100)...)
	c := plain(t, serve(t, h), Config{Clock: newFakeClock().clock()})
	err := c.Retry(t.Context(), fetch(c, "/"))
	var gaveUp *GaveUpError
	if !errors.As(err, &gaveUp) || gaveUp.Tries != 6 || count.Load() != 6 || !strings.Contains(err.Error(), "tried 6 times") {
		t.Errorf("%v after %d requests, want 6 tries, said so", err, count.Load())
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		for name, value := range map[string]string{"seconds": "7", "date": "Tue, 24 Nov 2026 12:00:07 GMT"} {
			clock := newFakeClock()
			h, count := replies(http.Header{"Retry-After": {value}}, status)
			c := plain(t, serve(t, h), Config{Clock: clock.clock()})
			if err := c.Retry(t.Context(), fetch(c, "/")); err != nil || count.Load() != 2 {
				t.Errorf("%d in %s: %v after %d requests", status, name, err, count.Load())
			}
			if got := clock.Now().Sub(noon); got != 7*time.Second {
				t.Errorf("%d in %s: waited %v, want 7s", status, name, got)
			}
		}
	}
}

func TestRetryAfterBeyondTheLimitIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	h, count := replies(http.Header{"Retry-After": {"3600"}}, 429)
	c := plain(t, serve(t, h), Config{Clock: clock.clock()})
	err := c.Retry(t.Context(), fetch(c, "/"))
	var e *StatusError
	if !errors.As(err, &e) || e.RetryAfter != time.Hour || count.Load() != 1 || len(clock.sleeps()) != 0 {
		t.Errorf("%v after %d requests and %v of sleep", err, count.Load(), clock.sleeps())
	}
	if !strings.Contains(err.Error(), "1h") {
		t.Errorf("%q does not say for how long the registry wants a pause", err)
	}
}

func TestBackoffIsCappedAndNeverOverflows(t *testing.T) {
	t.Parallel()
	var p RetryPolicy
	p.setDefaults()
	for try := 1; try < 200; try++ {
		if d := p.backoff(try, 0.999); d < 0 || d > p.Cap {
			t.Fatalf("try %d: %v", try, d)
		}
	}
	if d := p.backoff(3, 0); d != 0 {
		t.Errorf("without jitter's luck: %v, want 0", d)
	}
}

// dead returns the address of a port where nobody listens.
func dead(t *testing.T) string {
	t.Helper()
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func TestDeadRegistryFailsOnceForAll(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	host := dead(t)
	c := newClient(t, Config{Host: host, PlainHTTP: true, Clock: clock.clock()})
	const packs = 32
	errs := make([]error, packs)
	var tries atomic.Int64
	for i := range packs { // one after the other: the worst order for a budget per operation
		errs[i] = c.Retry(t.Context(), func(ctx context.Context) error {
			tries.Add(1)
			return fetch(c, "/")(ctx)
		})
	}
	for i, err := range errs {
		var conn *ConnError
		if !errors.As(err, &conn) || conn.Kind != KindRefused || !strings.Contains(err.Error(), "connection refused by "+host) {
			t.Errorf("pack %d: %v", i, err)
		}
	}
	if waited := clock.Now().Sub(noon); waited > 5*time.Second {
		t.Errorf("%d packs waited %v in all", packs, waited)
	}
	if tries.Load() > packs+8 {
		t.Errorf("%d tries for %d packs", tries.Load(), packs)
	}
	var circuit *CircuitError
	if !errors.As(errs[packs-1], &circuit) || errors.As(errs[0], &circuit) {
		t.Errorf("first %v, last %v: want the circuit open for the last only", errs[0], errs[packs-1])
	}
}

func TestGivenUpRegistryIsLookedAtAgainLater(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	c := newClient(t, Config{Host: dead(t), PlainHTTP: true, Clock: clock.clock()})
	if err := c.Retry(t.Context(), fetch(c, "/")); err == nil {
		t.Fatal("a dead registry answered")
	}
	l, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", c.cfg.Host)
	if err != nil {
		t.Skipf("the port was taken meanwhile: %v", err)
	}
	srv := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}), ReadHeaderTimeout: time.Minute}
	var wg sync.WaitGroup
	wg.Go(func() { _ = srv.Serve(l) })
	defer wg.Wait()
	defer srv.Close()
	var circuit *CircuitError
	if err := c.Retry(t.Context(), fetch(c, "/")); !errors.As(err, &circuit) {
		t.Errorf("%v, want the circuit open", err)
	}
	if err := clock.sleep(t.Context(), circuitPause); err != nil {
		t.Fatal(err)
	}
	if err := c.Retry(t.Context(), fetch(c, "/")); err != nil {
		t.Errorf("after the pause: %v", err)
	}
}

func TestOneBrokenPackDoesNotTakeTheOthersAlong(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/broken" {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})
	c := plain(t, s, Config{Clock: newFakeClock().clock()})
	for n := range 20 {
		if err := c.Retry(t.Context(), fetch(c, "/broken")); err == nil {
			t.Fatal("the broken pack got through")
		}
		if err := c.Retry(t.Context(), fetch(c, "/good")); err != nil {
			t.Fatalf("round %d: %v", n, err)
		}
	}
}

func TestRegistryThatOnlyFailsIsGivenUp(t *testing.T) {
	t.Parallel()
	var count atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		count.Add(1)
		w.WriteHeader(http.StatusBadGateway)
	})
	c := plain(t, s, Config{Clock: newFakeClock().clock()})
	for range 32 {
		if err := c.Retry(t.Context(), fetch(c, "/")); err == nil {
			t.Fatal("a registry that only fails got through")
		}
	}
	if want := int64(circuitFailures * 6); count.Load() != want {
		t.Errorf("%d requests for 32 packs, want %d", count.Load(), want)
	}
}

// hijack ends the connection of a request in the middle.
func hijack(t *testing.T, w http.ResponseWriter, say string, reset bool) {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	defer conn.Close()
	if _, err := fmt.Fprint(conn, say); err != nil {
		t.Error(err)
	}
	if tcp, ok := conn.(*net.TCPConn); ok && reset {
		_ = tcp.SetLinger(0)
	}
}

func TestBrokenConnectionsAreTriedAgain(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		say   string
		reset bool
	}{
		"closed without a word":  {"", false},
		"reset":                  {"", true},
		"closed in the head":     {"HTTP/1.1 200 OK\r\nContent-Le", false},
		"closed before the body": {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n", false},
		"closed in the body":     {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", false},
		"closed in a chunk":      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab", false},
		"no HTTP":                {"SSH-2.0-OpenSSH_9.2\r\n", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var count atomic.Int64
			s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				if count.Add(1) <= 2 {
					hijack(t, w, tt.say, tt.reset)
				}
			})
			c := plain(t, s, Config{Clock: newFakeClock().clock()})
			err := c.Retry(t.Context(), func(ctx context.Context) error {
				_, _, err := get(ctx, c, "/")
				return err
			})
			if err != nil || count.Load() != 3 {
				t.Errorf("%v after %d requests, want success at the third", err, count.Load())
			}
		})
	}
}

func TestRetryEndsWithItsContext(t *testing.T) {
	t.Parallel()
	h, _ := replies(nil, slices.Repeat([]int{503}, 100)...)
	cause := errors.New("interrupted")
	ctx, cancel := context.WithCancelCause(t.Context())
	clock := newFakeClock().clock()
	clock.Sleep = func(ctx context.Context, d time.Duration) error {
		if d > 0 {
			cancel(cause)
		}
		return context.Cause(ctx)
	}
	c := plain(t, serve(t, h), Config{Clock: clock})
	if err := c.Retry(ctx, fetch(c, "/")); !errors.Is(err, cause) {
		t.Errorf("%v, want the cause of the context", err)
	}
}

func TestTooManyRequestsLowersTheConcurrency(t *testing.T) {
	t.Parallel()
	h, _ := replies(nil, 429)
	c := plain(t, serve(t, h), Config{Clock: newFakeClock().clock(), Concurrency: 16})
	if err := c.Retry(t.Context(), fetch(c, "/")); err != nil {
		t.Fatal(err)
	}
	if got := c.limits.gate.limit; got != 8 {
		t.Errorf("limit %d after 429, want 8", got)
	}
}
