package imagecheck

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/transport"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// registry answers for repositories by what they are called, and notes what it
// was asked.
type registry struct {
	*httptest.Server
	host string

	mu     sync.Mutex
	asked  map[string]int // "METHOD PATH"
	flight int
	most   int
}

func newRegistry(t *testing.T) *registry {
	t.Helper()
	r := &registry{asked: make(map[string]int)}
	r.Server = httptest.NewServer(r)
	r.host = strings.TrimPrefix(r.URL, "http://")
	t.Cleanup(r.Close)
	return r
}

func (r *registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	r.mu.Lock()
	r.asked[req.Method+" "+req.URL.Path]++
	count := r.asked[req.Method+" "+req.URL.Path]
	r.flight++
	r.most = max(r.most, r.flight)
	r.mu.Unlock()
	defer func() { r.mu.Lock(); r.flight--; r.mu.Unlock() }()
	switch repository := strings.Split(req.URL.Path, "/")[2]; repository {
	case "private":
		if user, password, ok := req.BasicAuth(); ok && user == "ci" && password == "right" {
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="r"`)
		w.WriteHeader(http.StatusUnauthorized)
	case "forbidden":
		w.WriteHeader(http.StatusForbidden)
	case "missing":
		w.WriteHeader(http.StatusNotFound)
	case "broken":
		w.WriteHeader(http.StatusInternalServerError)
	case "busy":
		if count == 1 {
			w.WriteHeader(http.StatusTooManyRequests)
		}
	case "old":
		if req.Method == http.MethodHead {
			w.WriteHeader(http.StatusMethodNotAllowed)
			return
		}
		_, _ = w.Write([]byte(`{"schemaVersion": 2}`))
	}
}

// newChecker never waits between tries.
func newChecker(t *testing.T, env map[string]string) *Checker {
	t.Helper()
	c := New(Options{Requests: 8, Transport: transport.Config{
		Env:   func(name string) (string, bool) { v, ok := env[name]; return v, ok },
		Clock: transport.Clock{Sleep: func(ctx context.Context, _ time.Duration) error { return context.Cause(ctx) }},
		Retry: transport.RetryPolicy{Tries: 2},
	}})
	t.Cleanup(c.Close)
	return c
}

func TestVerdicts(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	c := newChecker(t, nil)
	digest := "sha256:" + strings.Repeat("0", 64)
	for image, want := range map[string]struct {
		state lint.ImageState
		text  string
	}{
		"/a/b:1":           {lint.ImageFound, ""},
		"/a/b":             {lint.ImageFound, ""},
		"/a/b:1@" + digest: {lint.ImageFound, ""},
		"/private/b:1":     {lint.ImageDenied, "wants a login"},
		"/forbidden/b:1":   {lint.ImageDenied, "403 Forbidden"},
		"/missing/b:1":     {lint.ImageMissing, "404 Not Found"},
		"/broken/b:1":      {lint.ImageUnknown, "500"},
		"/busy/b:1":        {lint.ImageFound, ""},
		"/old/b:1":         {lint.ImageFound, ""},
		"/Upper/b:1":       {lint.ImageUnknown, "lowercase"},
	} {
		v := c.Check(t.Context(), []string{r.host + image})[0]
		if v.State != want.state || !strings.Contains(v.Message, want.text) {
			t.Errorf("%s: %d %q, want %d %q", image, v.State, v.Message, want.state, want.text)
		}
	}
	for request, want := range map[string]int{"HEAD /v2/a/b/manifests/1": 1, "HEAD /v2/a/b/manifests/latest": 1, "HEAD /v2/a/b/manifests/" + digest: 1, "GET /v2/old/b/manifests/1": 1} {
		if got := r.asked[request]; got != want {
			t.Errorf("%s was asked %d times, want %d", request, got, want)
		}
	}
}

// TestOnce says that an image is asked for once, and that few requests are in
// flight to one registry.
func TestOnce(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	c := newChecker(t, nil)
	var images []string
	for i := range 50 {
		images = append(images, fmt.Sprintf("%s/a/b%d:1", r.host, i))
	}
	for range 2 {
		for i, v := range c.Check(t.Context(), images) {
			if v.State != lint.ImageFound {
				t.Errorf("%s: %d %s", images[i], v.State, v.Message)
			}
		}
	}
	for request, n := range r.asked {
		if n != 1 {
			t.Errorf("%s was asked %d times", request, n)
		}
	}
	if r.most > 2 {
		t.Errorf("%d requests were in flight to one registry, want 2 at most", r.most)
	}
}

// TestCredentials takes docker's, and goes on without where its helper fails.
func TestCredentials(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	dir := t.TempDir()
	write := func(config string) map[string]string {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
			t.Fatal(err)
		}
		return map[string]string{"DOCKER_CONFIG": dir}
	}
	env := write(`{"auths": {"` + r.host + `": {"username": "ci", "password": "right"}}}`)
	if v := newChecker(t, env).Check(t.Context(), []string{r.host + "/private/b:1"})[0]; v.State != lint.ImageFound {
		t.Errorf("with docker's credentials: %d %s", v.State, v.Message)
	}
	env = write(`{"credHelpers": {"` + r.host + `": "no-such-helper"}}`)
	c := newChecker(t, env)
	if v := c.Check(t.Context(), []string{r.host + "/a/b:1"})[0]; v.State != lint.ImageFound {
		t.Errorf("a public image, with a helper that fails: %d %s", v.State, v.Message)
	}
	if v := c.Check(t.Context(), []string{r.host + "/private/b:1"})[0]; v.State != lint.ImageDenied {
		t.Errorf("a private image, with a helper that fails: %d %s", v.State, v.Message)
	}
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	r.Close()
	if v := newChecker(t, nil).Check(t.Context(), []string{r.host + "/a/b:1"})[0]; v.State != lint.ImageUnknown || v.Message == "" {
		t.Errorf("got %d %q", v.State, v.Message)
	}
}

// TestCancelled says that an image which could not be asked for is asked for again.
func TestCancelled(t *testing.T) {
	t.Parallel()
	r := newRegistry(t)
	c := newChecker(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if v := c.Check(ctx, []string{r.host + "/a/b:1"})[0]; v.State != lint.ImageUnknown {
		t.Errorf("in a context that has ended: %d", v.State)
	}
	if v := c.Check(t.Context(), []string{r.host + "/a/b:1"})[0]; v.State != lint.ImageFound {
		t.Errorf("asked again: %d %s", v.State, v.Message)
	}
}

// TestDockerHub says what a refusal of Docker Hub may mean.
func TestDockerHub(t *testing.T) {
	t.Parallel()
	refused := &transport.LoginError{Host: "docker.io"}
	if v := verdict("docker.io", refused); v.State != lint.ImageDenied || !strings.Contains(v.Message, "do not exist") {
		t.Errorf("Docker Hub: %d %q", v.State, v.Message)
	}
	if v := verdict("ghcr.io", refused); v.State != lint.ImageDenied || strings.Contains(v.Message, "do not exist") {
		t.Errorf("another registry: %d %q", v.State, v.Message)
	}
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	for host, want := range map[string]bool{
		"localhost": true, "localhost:5000": true, "127.0.0.1:80": true, "[::1]:5000": true, "127.0.0.1": true,
		"docker.io": false, "localhost.example.com:80": false, "10.0.0.1": false,
	} {
		if isLoopback(host) != want {
			t.Errorf("isLoopback(%q) = %t", host, !want)
		}
	}
}
