package oci

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// injected is a fault in place of a reply of the real registry.
type injected func(s *registrytest.Server, w http.ResponseWriter, r *http.Request)

// TestPushSurvivesEveryFaultAtEveryStep puts each fault once before, or behind,
// each step of a push to the real registry.
func TestPushSurvivesEveryFaultAtEveryStep(t *testing.T) {
	t.Parallel()
	steps := []struct{ name, method, kind string }{
		{"start of an upload", http.MethodPost, "uploads"},
		{"upload", http.MethodPut, "uploads"},
		{"manifest", http.MethodPut, "manifests"},
	}
	status := func(code int, header ...string) injected {
		return func(_ *registrytest.Server, w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
		}
	}
	faults := map[string]injected{
		"429":           status(http.StatusTooManyRequests),
		"429, seconds":  status(http.StatusTooManyRequests, "Retry-After", "1"),
		"429, date":     status(http.StatusTooManyRequests, "Retry-After", "Tue, 24 Nov 2026 12:00:09 GMT"),
		"503, seconds":  status(http.StatusServiceUnavailable, "Retry-After", "2"),
		"500":           status(http.StatusInternalServerError),
		"502":           status(http.StatusBadGateway, "Content-Type", "text/html"),
		"504":           status(http.StatusGatewayTimeout),
		"closed before": func(_ *registrytest.Server, w http.ResponseWriter, _ *http.Request) { hangUp(t, w) },
		"closed in the middle": func(_ *registrytest.Server, w http.ResponseWriter, r *http.Request) {
			_, _ = r.Body.Read(make([]byte, 3))
			hangUp(t, w)
		},
		"reply lost after commit": func(s *registrytest.Server, w http.ResponseWriter, r *http.Request) { passOn(t, s, w, r) },
		"503 after commit": func(s *registrytest.Server, w http.ResponseWriter, r *http.Request) {
			pass(t, s, r)
			w.WriteHeader(http.StatusServiceUnavailable)
		},
	}
	s := registrytest.Start(t, registrytest.Options{})
	for i, step := range steps {
		for name, inject := range faults {
			t.Run(step.name+", "+name, func(t *testing.T) {
				t.Parallel()
				f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
					if r.Method != step.method || kind != step.kind || n != 1 {
						return false
					}
					inject(s, w, r)
					return true
				}, nil)
				r := f.through(t)
				repo := fmt.Sprintf("%s-%d-%s", repository, i, strings.Map(letters, strings.ToLower(name)))
				a := version(t, "1.0.0")
				if _, err := r.Push(t.Context(), repo, "1.0.0", a, noHint); err != nil {
					t.Fatal(err)
				}
				holdsVersion(t, r, repo, "1.0.0", a)
			})
		}
	}
}

func letters(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return -1
}

func TestReplyLostAfterCommitUploadsNothingTwice(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	var lost atomic.Int64
	f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
		// The layer's upload and the manifest, once each.
		big := r.Method == http.MethodPut && (kind == "manifests" || r.ContentLength > 2)
		if !big || lost.Add(1) > 2 {
			return false
		}
		passOn(t, s, w, r)
		return true
	}, nil)
	var progress int64
	a := version(t, "1.0.0")
	_, err := f.through(t).Push(t.Context(), repository, "1.0.0", a, registry.Hint{Progress: func(n int64) { progress += n }})
	if err != nil {
		t.Fatal(err)
	}
	if got := f.counted("PUT uploads"); got != 2 {
		t.Errorf("%d blobs were uploaded, want layer and config once each", got)
	}
	if got := f.counted("PUT manifests"); got != 1 {
		t.Errorf("the manifest was written %d times, want once", got)
	}
	if progress != a.Layer.Size {
		t.Errorf("progress %d of %d", progress, a.Layer.Size)
	}
}

func TestProgressNeverExceedsTheWhole(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
		if r.Method != http.MethodPut || kind != "uploads" || n > 4 {
			return false
		}
		_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength*int64(n)/5) // a bit further each time
		w.WriteHeader(http.StatusBadGateway)
		return true
	}, nil)
	a, err := artifact.New(artifact.Bytes("", bytes.Repeat([]byte("large"), 1<<18)), "nginx-1.0.0.tar.gz", artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var progress int64
	sent, err := f.through(t).Push(t.Context(), repository, "1.0.0", a, registry.Hint{Progress: func(n int64) {
		if n <= 0 {
			t.Errorf("progress of %d bytes", n)
		}
		progress += n
	}})
	if err != nil || progress != a.Layer.Size || sent <= a.Layer.Size+a.Manifest.Size+a.Config.Size {
		t.Errorf("%v, progress %d of %d, sent %d: want what was sent again counted in sent only", err, progress, a.Layer.Size, sent)
	}
}

func TestLostUploadSessionStartsAnew(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	answers := map[string]func(w http.ResponseWriter){
		"distribution": func(w http.ResponseWriter) { say(w, 404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry") },
		"unknown":      func(w http.ResponseWriter) { say(w, 404, "BLOB_UPLOAD_INVALID", "blob upload invalid") },
		"ECR":          func(w http.ResponseWriter) { w.WriteHeader(http.StatusRequestedRangeNotSatisfiable) },
		"Harbor":       func(w http.ResponseWriter) { w.WriteHeader(http.StatusInternalServerError) },
		"damaged": func(w http.ResponseWriter) {
			say(w, 400, "DIGEST_INVALID", "provided digest did not match uploaded content")
		},
	}
	for name, answer := range answers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
				if r.Method != http.MethodPut || kind != "uploads" || n > 2 {
					return false
				}
				answer(w)
				return true
			}, nil)
			a, repo := version(t, "1.0.0"), repository+"-"+strings.ToLower(name)
			r := f.through(t)
			if _, err := r.Push(t.Context(), repo, "1.0.0", a, noHint); err != nil {
				t.Fatal(err)
			}
			if posts, puts := f.counted("POST uploads"), f.counted("PUT uploads"); posts != puts || puts != 4 {
				t.Errorf("%d sessions for %d uploads, want a fresh one for each of 4", posts, puts)
			}
			holdsVersion(t, r, repo, "1.0.0", a)
		})
	}
}

func TestMissingBlobIsUploadedAfterAll(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	zot := func(resp *http.Response) error {
		if resp.StatusCode == http.StatusBadRequest && strings.Contains(resp.Request.URL.Path, "/manifests/") {
			body := `{"errors":[{"code":"MANIFEST_INVALID","message":"manifest invalid"}]}`
			resp.Body = io.NopCloser(strings.NewReader(body))
			resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
		}
		return nil
	}
	for name, after := range map[string]func(*http.Response) error{"distribution": nil, "zot": zot} {
		f := faulty(t, s, nil, after)
		r, a, repo := f.through(t), version(t, "1.0.0"), repository+"-"+name
		// The hint is wrong: somebody deleted the config blob meanwhile.
		if _, err := r.Push(t.Context(), repo, "1.0.0", a, registry.Hint{HasConfig: true}); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		holdsVersion(t, r, repo, "1.0.0", a)
		if got := f.counted("PUT manifests"); got != 2 {
			t.Errorf("%s: the manifest was written %d times, want twice", name, got)
		}
	}
}

func TestBlobThatIsOutOfSightForAMoment(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
		return r.Method == http.MethodPut && kind == "manifests" && n <= 2 && say(w, 400, "MANIFEST_BLOB_UNKNOWN", "blob unknown to registry")
	}, nil)
	r, a := f.through(t), version(t, "1.0.0")
	if _, err := r.Push(t.Context(), repository, "1.0.0", a, noHint); err != nil {
		t.Fatal(err)
	}
	if got := f.counted("PUT uploads"); got != 2 {
		t.Errorf("%d uploads, want nothing uploaded again", got)
	}
}

func TestDeadRegistryFailsAllPacksTogether(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	clock := atOnce()
	began := clock.Now()
	r := open(t, manifest.Registry{Host: s.Host, PlainHTTP: true}, Options{Clock: clock})
	for range 32 {
		_, _, err := r.Manifest(t.Context(), repository, "1.0.0")
		var conn *transport.ConnError
		if !errors.Is(err, registry.ErrUnreachable) || !errors.As(err, &conn) {
			t.Fatalf("%v, want ErrUnreachable", err)
		}
	}
	if waited := clock.Now().Sub(began); waited > 5*time.Second {
		t.Errorf("32 packs waited %v", waited)
	}
}
