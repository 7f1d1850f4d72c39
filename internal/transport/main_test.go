package transport

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// helpers is a folder on the PATH of the tests, for credential helpers of
// docker's: who runs them looks nowhere else.
var helpers string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "packs-helpers-")
	if err != nil {
		panic(err)
	}
	helpers = dir
	if err := os.Setenv("PATH", dir+string(os.PathListSeparator)+os.Getenv("PATH")); err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		_ = os.RemoveAll(dir)
		os.Exit(code)
	}))
}

// fakeClock is time that passes only while somebody sleeps.
type fakeClock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration // but for nothing
}

func newFakeClock() *fakeClock {
	return &fakeClock{now: time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)}
}

func (f *fakeClock) clock() Clock {
	return Clock{Now: f.Now, Sleep: f.sleep, Jitter: func() float64 { return 0.5 }}
}

func (f *fakeClock) Now() time.Time {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.now
}

func (f *fakeClock) sleep(ctx context.Context, d time.Duration) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if d > 0 {
		f.now = f.now.Add(d)
		f.slept = append(f.slept, d)
	}
	return context.Cause(ctx)
}

func (f *fakeClock) sleeps() []time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]time.Duration(nil), f.slept...)
}

// serve starts a server for one test.
func serve(t *testing.T, h http.HandlerFunc) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s
}

func hostOf(s *httptest.Server) string {
	_, host, _ := strings.Cut(s.URL, "://")
	return host
}

// newClient returns a client for one test; without a host it is for nothing.
func newClient(t *testing.T, cfg Config) *Client {
	t.Helper()
	c, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

// plain returns a client for a server that speaks plain HTTP.
func plain(t *testing.T, s *httptest.Server, cfg Config) *Client {
	t.Helper()
	cfg.Host, cfg.PlainHTTP = hostOf(s), true
	return newClient(t, cfg)
}

// get asks for a path and returns status and body.
func get(ctx context.Context, c *Client, path string) (status int, body string, err error) {
	resp, err := c.Do(ctx, Request{Method: http.MethodGet, URL: c.URL(path, nil), Scope: "repository:r:pull"})
	if err != nil {
		return 0, "", err
	}
	defer Drain(resp)
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

// fetch is one operation for Retry.
func fetch(c *Client, path string) func(context.Context) error {
	return func(ctx context.Context) error {
		resp, err := c.Do(ctx, Request{Method: http.MethodGet, URL: c.URL(path, nil)})
		if err != nil {
			return err
		}
		defer Drain(resp)
		if resp.StatusCode != http.StatusOK {
			return c.StatusError(resp)
		}
		return nil
	}
}

// user is a LoginFunc.
func user(name, password string) LoginFunc {
	return func(context.Context) (Login, error) {
		return Login{Username: name, Password: password, Source: "a test"}, nil
	}
}
