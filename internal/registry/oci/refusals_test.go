package oci

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
)

func TestManifestThatIsRefusedForGood(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	tests := []struct {
		name          string
		status        int
		code, message string
		meaning       error
		want, hint    string
		writes        int
	}{
		{"invalid", 400, "MANIFEST_INVALID", "artifactType is not supported", nil, "artifactType is not supported", "", 1},
		{"ECR's immutable tag", 400, "TAG_INVALID", "The image tag '1.0.0' already exists and cannot be overwritten because the tag is immutable.", registry.ErrImmutable, "registry responded: TAG_INVALID", "new version", 1},
		{"Harbor's immutable tag", 412, "PRECONDITION", "Failed to process request due to 'x:1' configured as immutable.", registry.ErrImmutable, "configured as immutable", "new version", 1},
		{"too large", 413, "", "", nil, "413", "client_max_body_size", 1},
		{"type refused", 415, "MANIFEST_INVALID", "unsupported media type", nil, "unsupported media type", "oras-1.0", 1},
		{"forbidden", 403, "DENIED", "requested access to the resource is denied", registry.ErrDenied, "requested access", "pull and push", 1},
		{"never there", 400, "MANIFEST_BLOB_UNKNOWN", "blob unknown", nil, "tried 6 times", "", 6},
		{"always down", 503, "", "", nil, "tried 6 times", "try again later", 6},
		{"redirected", 308, "", "", nil, "redirects to https://new.example", "use the address", 1},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, _ int) bool {
				if r.Method != http.MethodPut || kind != "manifests" {
					return false
				}
				if tt.status == http.StatusPermanentRedirect {
					w.Header().Set("Location", "https://new.example/v2/?signature=canary")
				}
				return say(w, tt.status, tt.code, tt.message)
			}, nil)
			_, err := f.through(t).Push(t.Context(), fmt.Sprintf("%s%d", repository, i), "1.0.0", version(t, "1.0.0"), noHint)
			var e *registry.Error
			if !errors.As(err, &e) || e.Op != "write manifest" || !strings.Contains(err.Error(), tt.want) || !strings.Contains(e.Hint, tt.hint) {
				t.Fatalf("%v (hint %q), want %q (%q)", err, e.Hint, tt.want, tt.hint)
			}
			if tt.meaning != nil && !errors.Is(err, tt.meaning) {
				t.Errorf("%v, want %v", err, tt.meaning)
			}
			if strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), ":1.0.0: ") {
				t.Errorf("%q says too much, or not what for", err)
			}
			if got := f.counted("PUT manifests"); got != tt.writes {
				t.Errorf("written %d times, want %d", got, tt.writes)
			}
		})
	}
}

func TestImmutableTagThatWeWroteOurselves(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
		if r.Method != http.MethodPut || kind != "manifests" {
			return false
		}
		if n == 1 {
			passOn(t, s, w, r) // the tag is there, and we do not know
			return true
		}
		return say(w, 400, "TAG_INVALID", "the tag is immutable")
	}, nil)
	if _, err := f.through(t).Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint); err != nil {
		t.Error(err)
	}
}

func TestUploadLocations(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	relative := func(resp *http.Response) error {
		if l := resp.Header.Get("Location"); l != "" {
			_, path, _ := strings.Cut(strings.TrimPrefix(l, "http://"), "/")
			resp.Header.Set("Location", "/"+path)
		}
		return nil
	}
	secure := func(resp *http.Response) error { // behind a proxy that thinks of another scheme
		resp.Header.Set("Location", strings.Replace(resp.Header.Get("Location"), "http://", "HTTPS://", 1))
		return nil
	}
	for name, after := range map[string]func(*http.Response) error{"relative": relative, "scheme": secure} {
		r := faulty(t, s, nil, after).through(t)
		a := version(t, "1.0.0")
		if _, err := r.Push(t.Context(), repository+"-"+name, "1.0.0", a, noHint); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		holdsVersion(t, r, repository+"-"+name, "1.0.0", a)
	}
	var elsewhere atomic.Int64
	other := faulty(t, s, func(http.ResponseWriter, *http.Request, string, int) bool { elsewhere.Add(1); return true }, nil)
	away := func(resp *http.Response) error {
		if l := resp.Header.Get("Location"); l != "" {
			resp.Header.Set("Location", other.URL+"/v2/upload?_state=canary")
		}
		return nil
	}
	_, err := faulty(t, s, nil, away).through(t).Push(t.Context(), repository+"-away", "1.0.0", version(t, "1.0.0"), noHint)
	var e *registry.Error
	if !errors.Is(err, ErrLocation) || !errors.As(err, &e) || !strings.Contains(e.Hint, "external") || strings.Contains(err.Error(), "canary") || elsewhere.Load() != 0 {
		t.Errorf("%v, %d requests elsewhere; want the upload refused with a hint", err, elsewhere.Load())
	}
}

func TestMountThatIsNotAllowed(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	answers := map[string]func(w http.ResponseWriter, r *http.Request) bool{
		"denied": func(w http.ResponseWriter, _ *http.Request) bool { return say(w, 403, "DENIED", "no") },
		"unknown": func(w http.ResponseWriter, _ *http.Request) bool {
			return say(w, 404, "NAME_UNKNOWN", "no such repository")
		},
		"unsupported": func(_ http.ResponseWriter, r *http.Request) bool { r.URL.RawQuery = ""; return false }, // 202: a session
	}
	for name, answer := range answers {
		f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
			return r.URL.Query().Has("mount") && answer(w, r)
		}, nil)
		r := f.through(t)
		for i := range 2 {
			a, repo := version(t, "1.0.0"), fmt.Sprintf("%s-%s%d", repository, name, i)
			if _, err := r.Push(t.Context(), repo, "1.0.0", a, noHint); err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			holdsVersion(t, r, repo, "1.0.0", a)
		}
	}
}

func TestRepositoryThatMustBeMadeFirst(t *testing.T) {
	t.Parallel()
	r := scripted(t, func(w http.ResponseWriter, _ *http.Request) {
		say(w, 404, "NAME_UNKNOWN", "The repository with name 'x' does not exist in the registry with id '111111111111'")
	})
	_, _, err := r.Manifest(t.Context(), repository, "1.0.0")
	if !errors.Is(err, registry.ErrNotFound) || !errors.Is(err, registry.ErrNoRepository) {
		t.Errorf("%v, want that there is no repository", err)
	}
	_, err = r.Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint)
	var e *registry.Error
	if !errors.Is(err, registry.ErrNoRepository) || !errors.As(err, &e) || !strings.Contains(e.Hint, "create it first") {
		t.Errorf("%v, want a hint to create it", err)
	}
}

func TestRetriesDoNotMultiply(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, kind string, n int) bool {
		switch {
		case r.Method == http.MethodPut && kind == "manifests":
			return say(w, http.StatusBadRequest, "MANIFEST_BLOB_UNKNOWN", "blob unknown")
		case r.Method == http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
			return true
		case r.Method == http.MethodPost && n > 2: // the two blobs got through at first
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		return false
	}, nil)
	_, err := f.through(t).Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint)
	if err == nil || strings.Count(err.Error(), "tried 6 times") != 1 {
		t.Errorf("%v, want the tries named once", err)
	}
	if got := f.counted("POST uploads"); got != 2+6 {
		t.Errorf("%d uploads were started, want 2 and one operation's tries", got)
	}
}
