package transport

import (
	"bytes"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// hasty are timeouts for servers that hang on purpose.
var hasty = Timeouts{Stall: 50 * time.Millisecond, Reply: 50 * time.Millisecond}

func stalledErr(t *testing.T, name string, err error) {
	t.Helper()
	var e *ConnError
	if !errors.As(err, &e) || e.Kind != KindStalled || !strings.Contains(err.Error(), "did not answer or take anything for too long") {
		t.Errorf("%s: %v, want that it stalled", name, err)
	}
}

func TestServersThatHang(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/body":
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "half")
			_ = http.NewResponseController(w).Flush()
		case "/put":
			_, _ = io.Copy(io.Discard, r.Body)
		}
		<-r.Context().Done()
	})
	c := plain(t, s, Config{Timeouts: hasty, Clock: newFakeClock().clock()})
	_, _, err := get(t.Context(), c, "/head")
	stalledErr(t, "no reply", err)
	_, _, err = get(t.Context(), c, "/body")
	stalledErr(t, "half a body", err)
	put := Request{Method: http.MethodPut, URL: c.URL("/put", nil), Size: 4, Body: func() (io.ReadCloser, error) {
		return io.NopCloser(strings.NewReader("body")), nil
	}}
	_, err = c.Do(t.Context(), put) //nolint:bodyclose // there is none
	stalledErr(t, "no reply to an upload", err)
}

func TestServerThatTakesNoMoreOfAnUpload(t *testing.T) {
	t.Parallel()
	end := make(chan struct{})
	s := serve(t, func(http.ResponseWriter, *http.Request) { <-end })
	t.Cleanup(func() { close(end) }) // the server waits for its handlers
	c := plain(t, s, Config{Timeouts: hasty})
	const size = 64 << 20 // more than all buffers on the way
	open := func() (io.ReadCloser, error) { return io.NopCloser(io.LimitReader(zeros{}, size)), nil }
	_, err := c.Do(t.Context(), Request{Method: http.MethodPut, URL: c.URL("/", nil), Size: size, Body: open}) //nolint:bodyclose // there is none
	stalledErr(t, "upload", err)
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWatchEndsWhatDoesNotMoveAndNothingElse(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const tick = 59 * time.Second // just below the limit
		ctx, cancel := context.WithCancelCause(t.Context())
		w := newWatch(Timeouts{Stall: time.Minute, Reply: 3 * time.Minute}, cancel)
		w.begin()
		for range 100 {
			time.Sleep(tick)
			w.moved(false)
		}
		time.Sleep(tick)
		w.moved(true)
		time.Sleep(2 * tick) // the reply may take longer
		w.pause()
		time.Sleep(time.Hour) // nobody reads: not the server's fault
		w.moved(true)         // the rest of the body after the reply
		time.Sleep(time.Hour)
		if ctx.Err() != nil {
			t.Fatalf("ended a transfer that moved: %v", context.Cause(ctx))
		}
		w.begin()
		time.Sleep(time.Minute)
		synctest.Wait()
		if !errors.Is(context.Cause(ctx), errStalled) {
			t.Errorf("%v after a minute without a byte", context.Cause(ctx))
		}
		w.end()
		w.begin() // after the end: no timer may be left
	})
}

func TestHangingRegistryIsTriedTwiceOnly(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		n.Add(1)
		<-r.Context().Done()
	})
	c := plain(t, s, Config{Timeouts: hasty, Clock: newFakeClock().clock()})
	stalledErr(t, "hanging", c.Retry(t.Context(), fetch(c, "/")))
	if n.Load() != 2 {
		t.Errorf("%d tries, want 2", n.Load())
	}
}

func TestBodiesThatCannotBeReadAreNotTriedAgain(t *testing.T) {
	t.Parallel()
	s := serve(t, func(_ http.ResponseWriter, r *http.Request) { _, _ = io.Copy(io.Discard, r.Body) })
	c := plain(t, s, Config{Clock: newFakeClock().clock()})
	cause := errors.New("the disk is gone")
	bodies := map[string]func() (io.ReadCloser, error){
		"cannot be opened": func() (io.ReadCloser, error) { return nil, cause },
		"cannot be read": func() (io.ReadCloser, error) {
			return io.NopCloser(io.MultiReader(strings.NewReader("ab"), failing{cause})), nil
		},
		"too short": func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("ab")), nil },
		"too long":  func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("abcdefgh")), nil },
	}
	for name, open := range bodies {
		tries := 0
		err := c.Retry(t.Context(), func(ctx context.Context) error {
			tries++
			resp, err := c.Do(ctx, Request{Method: http.MethodPut, URL: c.URL("/", nil), Size: 4, Body: open})
			if err == nil {
				Drain(resp)
			}
			return err
		})
		var e *BodyError
		if !errors.As(err, &e) || tries != 1 {
			t.Errorf("%s: %v after %d tries, want *BodyError after one", name, err, tries)
		}
	}
}

// lockedBuffer is a log that many goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func TestTraceShowsRequestsAndNoSecrets(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, password, _ := r.BasicAuth()
		switch {
		case password == "":
			w.Header().Set("Www-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		case r.URL.Path == "/broken":
			hijack(t, w, "HTTP/1.1 200 OK\r\nX: "+password, false)
		default:
			w.WriteHeader(http.StatusInternalServerError) // a server that repeats all it knows
			_, _ = io.WriteString(w, `{"errors":[{"code":"X","message":"you sent `+r.Header.Get("Authorization")+` with `+password+`"}]}`)
		}
	})
	log := new(lockedBuffer)
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	c := plain(t, s, Config{Login: user("ci", canary), Logger: logger, Clock: newFakeClock().clock()})
	for _, path := range []string{"/echo", "/broken"} {
		err := c.Retry(t.Context(), fetch(c, path))
		if err == nil || strings.Contains(err.Error(), "canary") {
			t.Errorf("%s: %v", path, err)
		}
	}
	u := c.URL("/signed", nil)
	u.RawQuery = "X-Amz-Signature=canary"
	if resp, err := c.Do(t.Context(), Request{Method: http.MethodGet, URL: u}); err != nil {
		t.Error(err)
	} else {
		Drain(resp)
	}
	text := log.String()
	for _, want := range []string{"method=GET", "/echo", "status=401", "status=500", "trying again", "tries=1", "/signed?…"} {
		if !strings.Contains(text, want) {
			t.Errorf("the log has no %q", want)
		}
	}
	for _, secret := range []string{"canary", basicAuth(Login{Username: "ci", Password: canary})[len("Basic "):]} {
		if strings.Contains(text, secret) {
			t.Errorf("the log holds a secret:\n%s", text)
		}
	}
}
