package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
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
			h, count := replies(http.Header{"Retry-After": {value}, "Date": {noon.Format(http.TimeFormat)}}, status)
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

// TestRetryAfterByTheClockOfTheServer has a machine whose clock is wrong by an hour.
func TestRetryAfterByTheClockOfTheServer(t *testing.T) {
	t.Parallel()
	for _, wrong := range []time.Duration{-time.Hour, time.Hour} {
		h := http.Header{"Date": {noon.Format(http.TimeFormat)}, "Retry-After": {noon.Add(7 * time.Second).Format(http.TimeFormat)}}
		if got := retryAfter(h, noon.Add(wrong)); got != 7*time.Second {
			t.Errorf("clock wrong by %v: a wait of %v, want 7s", wrong, got)
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

func TestPauseOfOneIsAPauseForAll(t *testing.T) {
	t.Parallel()
	for _, status := range []int{429, 503} {
		clock := newFakeClock()
		h, _ := replies(http.Header{"Retry-After": {"7"}}, status)
		c := plain(t, serve(t, h), Config{Clock: clock.clock()})
		if err := fetch(c, "/")(t.Context()); err == nil {
			t.Fatal("the registry wanted no pause")
		}
		if err := fetch(c, "/other")(t.Context()); err != nil {
			t.Error(err)
		}
		if waited := clock.Now().Sub(noon); waited != 7*time.Second {
			t.Errorf("%d: another operation waited %v, want 7s", status, waited)
		}
	}
}

func TestConnectionsAreUsedAgain(t *testing.T) {
	t.Parallel()
	var opened atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		_, _ = fmt.Fprint(w, strings.Repeat("what nobody reads ", 100))
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			opened.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	c := plain(t, s, Config{})
	for _, path := range []string{"/", "/missing", "/", "/missing"} {
		resp, err := c.Do(t.Context(), Request{Method: http.MethodGet, URL: c.URL(path, nil)})
		if err != nil {
			t.Fatal(err)
		}
		Drain(resp)
	}
	if opened.Load() != 1 {
		t.Errorf("%d connections for requests one after the other, want 1", opened.Load())
	}
	c.Close()
}

func TestBackoffIsCappedAndNeverOverflows(t *testing.T) {
	t.Parallel()
	var p RetryPolicy
	p.setDefaults(1)
	for try := 1; try < 200; try++ {
		if d := p.backoff(try, 0.999); d < 0 || d > p.Cap {
			t.Fatalf("try %d: %v", try, d)
		}
	}
	if d := p.backoff(3, 0); d != 0 {
		t.Errorf("without jitter's luck: %v, want 0", d)
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
