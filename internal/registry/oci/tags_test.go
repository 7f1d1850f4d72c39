package oci

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
)

func TestNextLink(t *testing.T) {
	t.Parallel()
	tests := []struct {
		line, want string
		ok         bool
	}{
		{`</v2/x/tags/list?last=b&n=2>; rel="next"`, "/v2/x/tags/list?last=b&n=2", true},
		{`<https://h/v2/x/tags/list?last=b>; rel=next`, "https://h/v2/x/tags/list?last=b", true},
		{`<a>; rel="prev", <b>; title="x, <y>"; rel="next"`, "b", true},
		{`<a>; rel="prev next"`, "a", true},
		{`<a>;REL="Next"`, "a", true},
		{`< a >; rel="next"`, "a", true},
		{`<a>; rel="prev"`, "", false},
		{`<a>`, "", false},
		{`<a; rel="next"`, "", false},
		{`a; rel="next"`, "", false},
		{``, "", false},
	}
	for _, tt := range tests {
		if got, ok := parseNext(tt.line); got != tt.want || ok != tt.ok {
			t.Errorf("%s: %q %v, want %q %v", tt.line, got, ok, tt.want, tt.ok)
		}
	}
}

func FuzzNextPage(f *testing.F) {
	for _, s := range []string{`</v2/x/tags/list?last=b&n=2>; rel="next"`, `<//evil/x>; rel=next`, `<a>; rel="prev", <b>; rel="next"`, `<%zz>; rel=next`, `<`} {
		f.Add(s)
	}
	page := &url.URL{Scheme: "https", Host: "registry.example:5000", Path: "/v2/x/tags/list"}
	f.Fuzz(func(t *testing.T, line string) {
		u, err := nextPage(page, []string{line})
		if err == nil && u != nil && (u.Host != page.Host || u.Scheme != page.Scheme) {
			t.Errorf("%q leads to %s", line, u)
		}
	})
}

// FuzzLists reads lists of tags and repositories.
func FuzzLists(f *testing.F) {
	for _, s := range []string{`{"name":"x","tags":["1","2"]}`, `{"tags":null}`, `{"repositories":["team/spectro-packs/archive/nginx","team/x"]}`, `{"repositories":["team/spectro-packs/archive//","team/spectro-packs/archive/../x"]}`, `[]`, `{"tags":[1]}`, `{`} {
		f.Add([]byte(s))
	}
	const base = "team/spectro-packs/archive"
	f.Fuzz(func(t *testing.T, body []byte) {
		if tags, err := parseTags(body); err != nil && (tags != nil || !errors.Is(err, registry.ErrCorrupt)) {
			t.Errorf("%q, %v", tags, err)
		}
		names, err := parseCatalog(body, base)
		if err != nil && (names != nil || !errors.Is(err, registry.ErrCorrupt)) {
			t.Errorf("%q, %v", names, err)
		}
		for _, name := range names {
			if rest, ok := strings.CutPrefix(name, base+"/"); !ok || rest == "" || strings.Contains(rest, "/") {
				t.Errorf("%q is not directly below", name)
			}
		}
	})
}

func FuzzUploadURL(f *testing.F) {
	for _, s := range []string{"/v2/x/blobs/uploads/1?_state=a%2Bb", "https://registry.example:5000/u", "http://registry.example/u", "//evil/u", "https://registry.example:5000@evil/u", ""} {
		f.Add(s)
	}
	base := &url.URL{Scheme: "https", Host: "registry.example:5000", Path: "/v2/x"}
	f.Fuzz(func(t *testing.T, location string) {
		u, err := uploadURL(base, location)
		if err == nil && (u.Host != base.Host || u.Scheme != base.Scheme || u.User != nil) {
			t.Errorf("%q leads to %s", location, u)
		}
	})
}

func TestUploadURLs(t *testing.T) {
	t.Parallel()
	d := digest.FromString("x")
	query := "digest=" + url.QueryEscape(d.String())
	tests := []struct{ base, location, want string }{
		{"https://h/v2/x", "https://h/u/1?_state=a%2Bb", "https://h/u/1?_state=a%2Bb&" + query},
		{"https://h/v2/x", "/u/1", "https://h/u/1?" + query},
		{"https://h/v2/x", "/u/a%2Fb?", "https://h/u/a%2Fb?" + query},
		{"https://h:443/v2/x", "https://h/u/1", "https://h:443/u/1?" + query},
		{"https://h/v2/x", "https://H:443/u/1", "https://h/u/1?" + query},
		{"https://h/v2/x", "http://h/u/1", "https://h/u/1?" + query}, // a proxy ends TLS
		{"http://h:5000/v2/x", "https://h:5000/u/1", "http://h:5000/u/1?" + query},
		{"https://h:8443/v2/x", "https://h/u/1", ""}, // the proxy loses the port
		{"https://h/v2/x", "http://h:80/u/1", ""},
		{"https://h/v2/x", "https://evil/u/1", ""},
		{"https://h/v2/x", "//evil/u/1", ""},
		{"https://h/v2/x", "https://h.evil/u/1", ""},
		{"https://h/v2/x", "https://h@evil/u/1", ""},
		{"https://h/v2/x", "https://h:%zz/u", ""},
		{"https://h/v2/x", "", ""},
	}
	for _, tt := range tests {
		base, err := url.Parse(tt.base)
		if err != nil {
			t.Fatal(err)
		}
		u, err := uploadURL(base, tt.location)
		if tt.want == "" {
			if !errors.Is(err, ErrLocation) {
				t.Errorf("%s from %s: %v, want it refused", tt.location, tt.base, u)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s from %s: %v", tt.location, tt.base, err)
			continue
		}
		if got := withDigest(u, d).String(); got != tt.want {
			t.Errorf("%s from %s: %s, want %s", tt.location, tt.base, got, tt.want)
		}
	}
}

func TestTagsInPages(t *testing.T) {
	t.Parallel()
	all := []string{"1.0", "1.0+x", "2.0", "3.0", "4.0"}
	for name, link := range map[string]string{
		"relative":              `</v2/%s/tags/list?last=%s&n=2>; rel="next"`,
		"absolute":              `<http://HOST/v2/%s/tags/list?last=%s&n=2>; rel="next"`,
		"relative to this page": `<list?last=%[2]s>; rel=next`,
	} {
		r := scripted(t, func(w http.ResponseWriter, r *http.Request) {
			from := 0
			if last := r.URL.Query().Get("last"); last != "" {
				if from = slices.Index(all, last) + 1; from == 0 {
					t.Errorf("%s: asked for what comes after %q", name, last)
				}
			} else if r.URL.Query().Get("n") != "1000" {
				t.Errorf("%s: first page with %s", name, r.URL.RawQuery)
			}
			to := min(from+2, len(all))
			if to < len(all) {
				line := fmt.Sprintf(link, repository, all[to-1]) // the tag is not escaped, as zot does it
				if strings.Contains(link, "[2]") {
					line = strings.ReplaceAll(link, "%[2]s", all[to-1])
				}
				w.Header().Set("Link", strings.ReplaceAll(line, "HOST", r.Host))
			}
			_, _ = fmt.Fprintf(w, `{"name":"x","tags":["%s"]}`, strings.Join(all[from:to], `","`))
		})
		if got, err := r.Tags(t.Context(), repository); err != nil || !slices.Equal(got, all) {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestTagsOfHostileOrOddRegistries(t *testing.T) {
	t.Parallel()
	var pages atomic.Int64
	tests := []struct {
		name    string
		h       http.HandlerFunc
		want    []string
		meaning error
	}{
		{"missing", func(w http.ResponseWriter, _ *http.Request) { say(w, 404, "NAME_UNKNOWN", "x") }, nil, nil},
		{"missing at Harbor", func(w http.ResponseWriter, _ *http.Request) { say(w, 404, "NOT_FOUND", "x") }, nil, nil},
		{"none", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"tags":[]}`) }, nil, nil},
		{"null", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `{"tags":null}`) }, nil, nil},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, `<html>`) }, nil, registry.ErrCorrupt},
		{"too long", func(w http.ResponseWriter, _ *http.Request) {
			for range maxPageBody>>20 + 1 {
				_, _ = w.Write(make([]byte, 1<<20))
			}
		}, nil, registry.ErrCorrupt},
		{"a circle", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<?n=1000>; rel="next"`)
			_, _ = fmt.Fprint(w, `{"tags":["a"]}`)
		}, nil, registry.ErrCorrupt},
		{"endless", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", fmt.Sprintf(`<?last=%d>; rel="next"`, pages.Add(1)))
			_, _ = fmt.Fprint(w, `{"tags":["a"]}`)
		}, nil, registry.ErrCorrupt},
		{"another host", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Link", `<http://evil.example/v2/x/tags/list>; rel="next"`)
			_, _ = fmt.Fprint(w, `{"tags":["a"]}`)
		}, nil, registry.ErrCorrupt},
		{"forbidden", func(w http.ResponseWriter, _ *http.Request) { say(w, 403, "DENIED", "x") }, nil, registry.ErrDenied},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got, err := scripted(t, tt.h).Tags(t.Context(), repository)
			if !errors.Is(err, tt.meaning) || !slices.Equal(got, tt.want) {
				t.Errorf("%v, %v; want %v, %v", got, err, tt.want, tt.meaning)
			}
		})
	}
	if pages.Load() > maxPages {
		t.Errorf("%d pages were asked for", pages.Load())
	}
}

func TestTagsOfARealRegistryInPages(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	f := faulty(t, s, func(_ http.ResponseWriter, r *http.Request, kind string, _ int) bool {
		if kind == "tags" {
			q := r.URL.Query()
			q.Set("n", "2")
			r.URL.RawQuery = q.Encode()
		}
		return false
	}, nil)
	r := f.through(t)
	var want []string
	for i := range 5 {
		v := fmt.Sprintf("1.0.%d", i)
		want = append(want, v)
		if _, err := r.Push(t.Context(), repository, v, version(t, v), noHint); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := r.Tags(t.Context(), repository); err != nil || !slices.Equal(got, want) || f.counted("GET tags") != 3 {
		t.Errorf("%v in %d pages, %v", got, f.counted("GET tags"), err)
	}
}
