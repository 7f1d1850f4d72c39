package oci

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
)

func TestManifestReplies(t *testing.T) {
	t.Parallel()
	a := version(t, "1.0.0")
	other := version(t, "2.0.0")
	ok := func(claimed, mediaType string, body []byte) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			accept := r.Header.Get("Accept")
			for _, want := range artifact.Accept() {
				if !strings.Contains(accept, want) {
					t.Errorf("Accept %q lacks %s", accept, want)
				}
			}
			w.Header()["Content-Type"] = []string{mediaType}
			if claimed != "" {
				w.Header().Set(headerDigest, claimed)
			}
			_, _ = w.Write(body)
		}
	}
	status := func(code int, contentType, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", contentType)
			w.WriteHeader(code)
			_, _ = io.WriteString(w, body)
		}
	}
	const byDigest = true
	right := a.Manifest.Digest.String()
	tests := []struct {
		name     string
		byDigest bool
		h        http.HandlerFunc
		meaning  error
		want     string
	}{
		{"all right", false, ok(right, a.Manifest.MediaType, a.Bytes), nil, ""},
		{"no digest header", false, ok("", a.Manifest.MediaType, a.Bytes), nil, ""},
		{"no digest header, by digest", byDigest, ok("", a.Manifest.MediaType, a.Bytes), nil, ""},
		{"no media type", false, ok("", "", a.Bytes), nil, ""},
		{"useless media type", false, ok("", "application/octet-stream", a.Bytes), nil, ""},
		{"SHA-512 in the header", false, ok(digest.SHA512.FromBytes(a.Bytes).String(), a.Manifest.MediaType, a.Bytes), nil, ""},
		{"wrong digest header", false, ok(other.Manifest.Digest.String(), a.Manifest.MediaType, a.Bytes), registry.ErrDigest, "the registry says " + other.Manifest.Digest.String()},
		{"no digest in the header", false, ok("sha256:../../etc", a.Manifest.MediaType, a.Bytes), registry.ErrDigest, "sha256:../../etc"},
		{"another manifest than asked for", byDigest, ok("", a.Manifest.MediaType, other.Bytes), registry.ErrDigest, other.Manifest.Digest.String()},
		{"huge", false, ok("", a.Manifest.MediaType, bytes.Repeat([]byte(" "), artifact.MaxManifest+1)), registry.ErrCorrupt, "larger than"},
		{"not found", false, status(404, "application/json", `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown"}]}`), registry.ErrNotFound, "manifest unknown"},
		{"not found by Harbor", false, status(404, "application/json", `{"errors":[{"code":"NOT_FOUND","message":"artifact not found"}]}`), registry.ErrNotFound, "artifact not found"},
		{"not found, as text", false, status(404, "text/plain", "404 page not found\n"), registry.ErrNotFound, "404 page not found"},
		{"not found, as a page", false, status(404, "text/html", "<html>"), registry.ErrNotFound, "404"},
		{"not found, without a word", false, status(404, "", ""), registry.ErrNotFound, "404"},
		{"forbidden", false, status(403, "application/json", `{"errors":[{"code":"DENIED","message":"no"}]}`), registry.ErrDenied, "registry responded: DENIED: no"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			reference := "1.0.0"
			if tt.byDigest {
				reference = right
			}
			var n atomic.Int64
			r := scripted(t, func(w http.ResponseWriter, r *http.Request) { n.Add(1); tt.h(w, r) })
			desc, raw, err := r.Manifest(t.Context(), repository, reference)
			if want := map[bool]int64{false: 1, true: 2}[errors.Is(err, registry.ErrDigest)]; n.Load() != want { // damaged on the way, perhaps
				t.Errorf("%d requests, want %d", n.Load(), want)
			}
			if tt.meaning == nil {
				if err != nil || desc.Digest != a.Manifest.Digest || desc.MediaType != a.Manifest.MediaType || !bytes.Equal(raw, a.Bytes) {
					t.Errorf("%+v, %v", desc, err)
				}
				return
			}
			if !errors.Is(err, tt.meaning) || !strings.Contains(err.Error(), tt.want) || raw != nil {
				t.Errorf("%v with %d bytes, want %v: %q", err, len(raw), tt.meaning, tt.want)
			}
		})
	}
}

func TestManifestThatIsNoJSONIsGivenAsItIs(t *testing.T) {
	t.Parallel()
	r := scripted(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{") })
	desc, raw, err := r.Manifest(t.Context(), repository, "1.0.0")
	if err != nil || string(raw) != "{" {
		t.Fatalf("%q, %v", raw, err)
	}
	if _, err := artifact.Inspect(desc, raw); !errors.Is(err, artifact.ErrNotPack) {
		t.Errorf("%v, want that it is no pack", err)
	}
}

func TestBlobReplies(t *testing.T) {
	t.Parallel()
	blob := artifact.Bytes("", []byte("the content of a blob"))
	tests := []struct {
		name    string
		h       http.HandlerFunc
		meaning error
	}{
		{"right", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the content of a blob") }, nil},
		{"in pieces", func(w http.ResponseWriter, _ *http.Request) {
			for _, c := range "the content of a blob" {
				_, _ = io.WriteString(w, string(c))
				_ = http.NewResponseController(w).Flush()
			}
		}, nil},
		{"other bytes", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the CONTENT of a blob") }, registry.ErrDigest},
		{"too short", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "the content") }, registry.ErrDigest},
		{"too long", func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "the content of a blob and more")
		}, registry.ErrDigest},
		{"too short, in pieces", func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "the content")
		}, registry.ErrDigest},
		{"too long, in pieces", func(w http.ResponseWriter, _ *http.Request) {
			_ = http.NewResponseController(w).Flush()
			_, _ = io.WriteString(w, "the content of a blob and more")
		}, registry.ErrDigest},
		{"endless", func(w http.ResponseWriter, r *http.Request) {
			for r.Context().Err() == nil {
				_, _ = w.Write(make([]byte, 1<<16))
			}
		}, registry.ErrDigest},
		{"cut off", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", strconv.FormatInt(blob.Size, 10))
			_, _ = io.WriteString(w, "the content")
			_ = http.NewResponseController(w).Flush()
			hangUp(t, w)
		}, registry.ErrUnreachable},
		{"missing", func(w http.ResponseWriter, _ *http.Request) { say(w, 404, "BLOB_UNKNOWN", "blob unknown to registry") }, registry.ErrNotFound},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			rc, err := scripted(t, tt.h).Blob(t.Context(), repository, blob.Descriptor)
			var got []byte
			if err == nil {
				got, err = io.ReadAll(rc)
				if _, again := rc.Read(make([]byte, 1)); err != nil && !errors.Is(again, err) {
					t.Errorf("after %v the reader says %v", err, again)
				}
				_ = rc.Close()
			}
			if tt.meaning == nil && (err != nil || string(got) != "the content of a blob") {
				t.Errorf("%q, %v", got, err)
			}
			var e *registry.Error
			if tt.meaning != nil && (!errors.Is(err, tt.meaning) || !errors.As(err, &e) || !strings.Contains(e.Ref, "@"+blob.Digest.String())) {
				t.Errorf("%v, want %v", err, tt.meaning)
			}
		})
	}
}

func TestBlobWithABadDigestIsNotAskedFor(t *testing.T) {
	t.Parallel()
	r := scripted(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	for _, d := range []string{"", "sha256:../..", "md5:d41d8cd98f00b204e9800998ecf8427e"} {
		desc := ocispec.Descriptor{Digest: digest.Digest(d)}
		if _, err := r.Blob(t.Context(), repository, desc); !errors.Is(err, registry.ErrCorrupt) {
			t.Errorf("%q: %v, want ErrCorrupt", d, err)
		}
	}
}

func TestBlobIsReadFromWhereItIsRedirectedTo(t *testing.T) {
	t.Parallel()
	blob := artifact.Bytes("", []byte("stored elsewhere"))
	var seen atomic.Value
	storage := faulty(t, &registrytest.Server{}, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		seen.Store(r.Header.Get("Authorization"))
		_, _ = io.WriteString(w, "stored elsewhere")
		return true
	}, nil)
	r := scripted(t, func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok {
			w.Header().Set("Www-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		http.Redirect(w, r, storage.URL+"/bucket/x?signature=s", http.StatusTemporaryRedirect)
	})
	r = open(t, *r.spec, Options{Login: login})
	rc, err := r.Blob(t.Context(), repository, blob.Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	if got, err := io.ReadAll(rc); err != nil || string(got) != "stored elsewhere" || seen.Load() != "" {
		t.Errorf("%q, %v, with the login %q", got, err, seen.Load())
	}
}

func TestBasePathWhereHEADDoesNotWork(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	f := faulty(t, s, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		if r.Method != http.MethodHead {
			return false
		}
		w.WriteHeader(http.StatusMethodNotAllowed)
		return true
	}, nil)
	r := f.through(t)
	for _, want := range []bool{false, true} {
		if there, err := r.HasBasePath(t.Context(), "base"); err != nil || there != want {
			t.Errorf("%v, %v; want %v", there, err, want)
		}
		if err := r.CreateBasePath(t.Context(), "base"); err != nil {
			t.Fatal(err)
		}
	}
}
