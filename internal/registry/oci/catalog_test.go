package oci

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
)

const catalogBase = "team-a/spectro-packs/archive"

func TestRepositoriesOfARealRegistry(t *testing.T) {
	t.Parallel()
	for _, auth := range []registrytest.Auth{registrytest.AuthNone, registrytest.AuthBasic, registrytest.AuthBearer} {
		s := registrytest.Start(t, registrytest.Options{Auth: auth})
		o := Options{}
		if auth != registrytest.AuthNone {
			o.Login = login
		}
		r := open(t, manifest.Registry{Host: s.Host, PlainHTTP: true}, o)
		if got, err := r.Repositories(t.Context(), catalogBase); err != nil || len(got) != 0 {
			t.Errorf("auth %d: an empty registry has %q, %v", auth, got, err)
		}
		if err := r.CreateBasePath(t.Context(), catalogBase); err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{catalogBase + "/nginx", catalogBase + "/argo", catalogBase + "/x/y", "spectro-packs/archive/z", catalogBase + "2/z"} {
			if _, err := r.Push(t.Context(), name, "1.0.0", version(t, "1.0.0"), noHint); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{catalogBase + "/argo", catalogBase + "/nginx"}
		if got, err := r.Repositories(t.Context(), catalogBase); err != nil || !slices.Equal(got, want) {
			t.Errorf("auth %d: %q, %v; want %q", auth, got, err, want)
		}
	}
}

func TestRepositoriesInPages(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	f := faulty(t, s, func(_ http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		if r.URL.Path == "/v2/_catalog" {
			q := r.URL.Query()
			q.Set("n", "2")
			r.URL.RawQuery = q.Encode()
		}
		return false
	}, nil)
	r := f.through(t)
	var want []string
	for i := range 5 {
		name := fmt.Sprintf("%s/pack-%d", catalogBase, i)
		want = append(want, name)
		if _, err := r.Push(t.Context(), name, "1.0.0", version(t, "1.0.0"), noHint); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := r.Repositories(t.Context(), catalogBase); err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v; want %q", got, err, want)
	}
}

func TestRepositoriesOfHostileOrOddRegistries(t *testing.T) {
	t.Parallel()
	var pages atomic.Int64
	one := fmt.Sprintf(`{"repositories":[%q]}`, catalogBase+"/a")
	tests := []struct {
		name    string
		h       http.HandlerFunc
		want    []string
		meaning error
	}{
		{"null", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"repositories":null}`) }, nil, nil},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `<html>`) }, nil, registry.ErrCorrupt},
		{"too long", func(w http.ResponseWriter, _ *http.Request) {
			for range maxPageBody>>20 + 1 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}, nil, registry.ErrCorrupt},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", fmt.Sprintf(`<?last=%d>; rel="next"`, pages.Add(1)))
			_, _ = fmt.Fprint(w, one)
		}, nil, registry.ErrCorrupt},
		{"another host", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<http://evil.example/v2/_catalog>; rel="next"`)
			_, _ = fmt.Fprint(w, one)
		}, nil, registry.ErrCorrupt},
		{"absolute link to itself", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Get("last") != "" {
				_, _ = fmt.Fprintf(w, `{"repositories":[%q]}`, catalogBase+"/b")
				return
			}
			w.Header().Set("Link", fmt.Sprintf(`<http://%s/v2/_catalog?last=x&n=1>; rel="next"`, r.Host))
			_, _ = fmt.Fprint(w, one)
		}, []string{catalogBase + "/a", catalogBase + "/b"}, nil},
		{"shorter pages only", func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Query().Has("n") {
				say(w, 400, codePage, "invalid number of results requested")
				return
			}
			_, _ = fmt.Fprint(w, one)
		}, []string{catalogBase + "/a"}, nil},
		{"broken", func(w http.ResponseWriter, _ *http.Request) { say(w, 500, "UNKNOWN", "x") }, nil, nil},
		{"login", func(w http.ResponseWriter, _ *http.Request) { say(w, 401, "UNAUTHORIZED", "x") }, nil, registry.ErrNotListed},
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { say(w, 403, "DENIED", "x") }, nil, registry.ErrNotListed},
		{"missing", func(w http.ResponseWriter, _ *http.Request) { http.NotFound(w, nil) }, nil, registry.ErrNotListed},
		{"not allowed", func(w http.ResponseWriter, _ *http.Request) { say(w, 405, "UNSUPPORTED", "x") }, nil, registry.ErrNotListed},
		{"unsupported", func(w http.ResponseWriter, _ *http.Request) { say(w, 400, "UNSUPPORTED", "x") }, nil, registry.ErrNotListed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := scripted(t, tt.h).Repositories(t.Context(), catalogBase)
			if tt.name == "broken" {
				if err == nil || errors.Is(err, registry.ErrNotListed) {
					t.Errorf("%v, want a failure that is not ErrNotListed", err)
				}
				return
			}
			if !errors.Is(err, tt.meaning) || !slices.Equal(got, tt.want) {
				t.Errorf("%v, %v; want %v, %v", got, err, tt.want, tt.meaning)
			}
			var e *registry.Error
			if tt.meaning != nil && (!errors.As(err, &e) || !strings.HasSuffix(e.Ref, catalogBase)) {
				t.Errorf("%v names no base path", err)
			}
			if errors.Is(err, registry.ErrNotListed) && e.Hint == "" {
				t.Errorf("%v says not what to do", err)
			}
		})
	}
	if pages.Load() > maxPages {
		t.Errorf("%d pages were asked for", pages.Load())
	}
}
