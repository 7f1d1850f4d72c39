package oci

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/faultproxy"
	"github.com/packs-cli/packs/manifest"
)

// TestDownloadGoesOnWhereItBroke reads a layer from the real registry, whose
// connections break again and again.
func TestDownloadGoesOnWhereItBroke(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	content := bytes.Repeat([]byte("0123456789abcdef"), 1<<14)
	a, err := artifact.New(artifact.Bytes("", content), "nginx-1.0.0.tar.gz", artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := at(t, s).Push(t.Context(), repository, "1.0.0", a, noHint); err != nil {
		t.Fatal(err)
	}
	for _, kind := range []faultproxy.Kind{faultproxy.Truncated, faultproxy.StalledDownload} {
		p := faultproxy.Start(t, faultproxy.Options{Target: s.Host, Hang: 1, Rules: []faultproxy.Rule{
			{Kind: kind, Path: regexp.MustCompile("/blobs/"), Times: 3}, // each time half of the rest
		}})
		s.Reset()
		rc, err := open(t, manifest.Registry{Host: p.Host, PlainHTTP: true}, Options{}).Blob(t.Context(), repository, a.Layer.Descriptor)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(rc)
		if err != nil || !bytes.Equal(got, content) {
			t.Errorf("%s: %d bytes, %v; want all %d", kind, len(got), err, len(content))
		}
		_ = rc.Close()
		if n := p.Asked(http.MethodGet); n != 4 || p.Count()[kind] != 3 {
			t.Errorf("%s: %d requests with %d breaks, want one whole and three parts", kind, n, p.Count()[kind])
		}
		for _, r := range s.Requests() {
			if r.Status != http.StatusOK && r.Status != http.StatusPartialContent {
				t.Errorf("%s: %v", kind, r)
			}
		}
	}
}

func TestDownloadsThatCannotGoOn(t *testing.T) {
	t.Parallel()
	blob := artifact.Bytes("", []byte("the content of a blob"))
	half := func(w http.ResponseWriter, from, to int) {
		w.Header().Set("Content-Length", strconv.Itoa(int(blob.Size)-from))
		if from > 0 {
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, blob.Size-1, blob.Size))
			w.WriteHeader(http.StatusPartialContent)
		}
		_, _ = io.WriteString(w, "the content of a blob"[from:to])
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	tests := map[string]struct {
		rest    http.HandlerFunc // what a second request gets
		meaning error            // nil: the whole blob is read
	}{
		"knows no ranges": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the content of a blob") }, nil},
		"another part": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 0-9/21")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, "the conten")
		}, registry.ErrDigest},
		"other bytes": {func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader("THE CONTENT OF A BLOB"))
		}, registry.ErrDigest},
		"a longer part": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Range", "bytes 7-30/31")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = io.WriteString(w, "ntent of a blob and more")
		}, registry.ErrDigest},
		"gone meanwhile":          {func(w http.ResponseWriter, _ *http.Request) { say(w, 404, "BLOB_UNKNOWN", "gone") }, registry.ErrNotFound},
		"brings nothing any more": {func(w http.ResponseWriter, _ *http.Request) { half(w, 7, 7) }, registry.ErrUnreachable},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := 0
			s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if n++; n == 1 {
					half(w, 0, 7)
				}
				tt.rest(w, r)
			}))
			t.Cleanup(s.Close)
			r := open(t, manifest.Registry{Host: strings.TrimPrefix(s.URL, "http://"), PlainHTTP: true}, Options{})
			rc, err := r.Blob(t.Context(), repository, blob.Descriptor)
			if err != nil {
				t.Fatal(err)
			}
			defer rc.Close()
			got, err := io.ReadAll(rc)
			if tt.meaning == nil && (err != nil || string(got) != "the content of a blob") {
				t.Errorf("%q, %v", got, err)
			}
			if tt.meaning != nil && !errors.Is(err, tt.meaning) {
				t.Errorf("%q, %v; want %v", got, err, tt.meaning)
			}
			if n > 5 {
				t.Errorf("%d requests", n)
			}
		})
	}
}
