package oci

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const repository = "team-a/spectro-packs/archive/nginx"

// atOnce is a clock that does not wait.
func atOnce() transport.Clock {
	var mu sync.Mutex
	now := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	return transport.Clock{
		Now: func() time.Time {
			mu.Lock()
			defer mu.Unlock()
			return now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			mu.Lock()
			defer mu.Unlock()
			now = now.Add(max(d, 0))
			return context.Cause(ctx)
		},
		Jitter: func() float64 { return 0.5 },
	}
}

func open(t *testing.T, spec manifest.Registry, o Options) *Registry {
	t.Helper()
	if spec.Name == "" {
		spec.Name = "test"
	}
	if o.Clock.Now == nil {
		o.Clock = atOnce()
	}
	r, err := New(&spec, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

// at opens a real registry that speaks plain HTTP.
func at(t *testing.T, s *registrytest.Server) *Registry {
	t.Helper()
	return open(t, manifest.Registry{Host: s.Host, PlainHTTP: true}, Options{})
}

// login is the one that registrytest knows.
func login(context.Context) (transport.Login, error) {
	return transport.Login{Username: registrytest.Username, Password: registrytest.Password, Source: "a test"}, nil
}

// version returns the artifact of a pack that holds what its version says.
func version(t *testing.T, v string) *artifact.Artifact {
	t.Helper()
	layer := artifact.Bytes("", []byte("archive of "+v))
	a, err := artifact.New(layer, artifact.Title("nginx", v), artifact.Options{ContentDigest: "v1:sha256:" + strings.Repeat("a", 64)})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// holdsVersion checks that a registry holds an artifact in full.
func holdsVersion(t *testing.T, r *Registry, repo, tag string, a *artifact.Artifact) {
	t.Helper()
	desc, raw, err := r.Manifest(t.Context(), repo, tag)
	if err != nil {
		t.Error(err)
		return
	}
	if desc.Digest != a.Manifest.Digest || !bytes.Equal(raw, a.Bytes) || desc.MediaType != a.Manifest.MediaType || desc.Size != a.Manifest.Size {
		t.Errorf("manifest %+v, want %+v", desc, a.Manifest)
	}
	for _, b := range []artifact.Blob{a.Config, *a.Layer} {
		rc, err := r.Blob(t.Context(), repo, b.Descriptor)
		if err != nil {
			t.Error(err)
			continue
		}
		if n, err := io.Copy(io.Discard, rc); err != nil || n != b.Size {
			t.Errorf("blob %s: %d bytes, %v", b.Digest, n, err)
		}
		_ = rc.Close()
	}
}

// short lists requests as "METHOD what STATUS", without the parts that differ
// from run to run.
func short(requests []registrytest.Request) []string {
	out := make([]string, 0, len(requests))
	for _, r := range requests {
		what := r.Path
		for _, kind := range []string{"manifests", "blobs/uploads", "blobs", "tags"} {
			if strings.Contains(r.Path, "/"+kind+"/") {
				what = kind
				break
			}
		}
		if r.Query.Has("mount") {
			what = "mount"
		}
		out = append(out, fmt.Sprintf("%s %s %d", r.Method, what, r.Status))
	}
	slices.Sort(out) // blobs go at once, in any order
	return out
}

// front stands before a real registry and may answer in its place.
type front struct {
	*httptest.Server
	mu    sync.Mutex
	count map[string]int // by METHOD and kind
}

// fault may answer a request; n counts those of this method and kind, from 1.
type fault func(w http.ResponseWriter, r *http.Request, kind string, n int) (answered bool)

// faulty starts a front. after may change replies of the registry; both may be nil.
func faulty(t *testing.T, s *registrytest.Server, before fault, after func(*http.Response) error) *front {
	t.Helper()
	target := &url.URL{Scheme: "http", Host: s.Host}
	inner := &http.Transport{}
	proxy := &httputil.ReverseProxy{
		Rewrite:        func(p *httputil.ProxyRequest) { p.Out.URL.Scheme, p.Out.URL.Host = target.Scheme, target.Host },
		Transport:      inner,
		ModifyResponse: after,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
	}
	f := &front{count: make(map[string]int)}
	f.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		kind := kindOf(r)
		f.mu.Lock()
		f.count[r.Method+" "+kind]++
		n := f.count[r.Method+" "+kind]
		f.mu.Unlock()
		if before == nil || !before(w, r, kind, n) {
			proxy.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(func() {
		f.Close()
		inner.CloseIdleConnections()
	})
	return f
}

func kindOf(r *http.Request) string {
	for _, kind := range []string{"manifests", "uploads", "blobs", "tags"} {
		if strings.Contains(r.URL.Path, "/"+kind+"/") {
			return kind
		}
	}
	return "other"
}

func (f *front) host() string { return strings.TrimPrefix(f.URL, "http://") }

func (f *front) counted(what string) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.count[what]
}

// through opens the registry behind a front.
func (f *front) through(t *testing.T) *Registry {
	t.Helper()
	return open(t, manifest.Registry{Host: f.host(), PlainHTTP: true}, Options{})
}

// passOn lets the real registry do what was asked, and loses its reply.
func passOn(t *testing.T, s *registrytest.Server, w http.ResponseWriter, r *http.Request) {
	t.Helper()
	pass(t, s, r)
	hangUp(t, w)
}

func hangUp(t *testing.T, w http.ResponseWriter) {
	t.Helper()
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		t.Error(err)
		return
	}
	_ = conn.Close()
}

// say answers with an error of the distribution specification.
func say(w http.ResponseWriter, status int, code, message string) bool {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message)
	return true
}

// scripted opens a registry that answers by a handler alone.
func scripted(t *testing.T, h http.HandlerFunc) *Registry {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return open(t, manifest.Registry{Host: strings.TrimPrefix(s.URL, "http://"), PlainHTTP: true}, Options{})
}

var noHint = registry.Hint{}

// pass lets the real registry do what was asked.
func pass(t *testing.T, s *registrytest.Server, r *http.Request) {
	t.Helper()
	req := r.Clone(r.Context())
	req.RequestURI, req.URL.Scheme, req.URL.Host = "", "http", s.Host
	one := &http.Transport{DisableKeepAlives: true}
	resp, err := one.RoundTrip(req)
	if err != nil {
		t.Error(err)
		return
	}
	_ = resp.Body.Close()
}
