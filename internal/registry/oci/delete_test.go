package oci

import (
	"errors"
	"fmt"
	"net/http"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
)

func deletion(tag string, a *artifact.Artifact, sidecars ...string) registry.Deletion {
	return registry.Deletion{Repository: repository, Tag: tag, Digest: a.Manifest.Digest, Sidecars: sidecars}
}

func pushAs(t *testing.T, r *Registry, tag, content string) *artifact.Artifact {
	t.Helper()
	a := version(t, content)
	if _, err := r.Push(t.Context(), repository, tag, a, noHint); err != nil {
		t.Fatal(err)
	}
	return a
}

func sidecarOf(a *artifact.Artifact) string { return "sha256-" + a.Manifest.Digest.Encoded() + ".sig" }

// remaining fails unless oras sees exactly these tags.
func remaining(t *testing.T, s *registrytest.Server, want ...string) {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), registrytest.Tool(t, "oras"), "repo", "tags", "--plain-http", s.Host+"/"+repository).CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if got := strings.Fields(string(out)); !slices.Equal(got, want) {
		t.Errorf("oras sees %q, want %q", got, want)
	}
}

func TestDeleteTakesOneTag(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := at(t, s)
	one := pushAs(t, r, "1.0.0", "one")
	pushAs(t, r, "1.0.0-same", "one")
	two := pushAs(t, r, "2.0.0", "two")
	s.Reset()
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); err != nil {
		t.Fatal(err)
	}
	if got, want := short(s.Requests()), []string{"DELETE manifests 202", "HEAD manifests 200"}; !slices.Equal(slices.DeleteFunc(got, func(s string) bool {
		return strings.Contains(s, "referrers")
	}), want) {
		t.Errorf("requests %q, want %q", got, want)
	}
	remaining(t, s, "1.0.0-same", "2.0.0")
	holdsVersion(t, r, repository, "1.0.0-same", one)
	holdsVersion(t, r, repository, "2.0.0", two)
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("once more: %v", err)
	}
	if err := r.Delete(t.Context(), deletion("2.0.0", one)); !errors.Is(err, registry.ErrMoved) {
		t.Errorf("a tag that moved: %v", err)
	}
	remaining(t, s, "1.0.0-same", "2.0.0")
}

func TestDeleteTakesSignaturesWithTheLastTag(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := at(t, s)
	one := pushAs(t, r, "1.0.0", "one")
	pushAs(t, r, "1.0.1", "one")
	two := pushAs(t, r, "2.0.0", "two")
	signature := sidecarOf(one)
	pushAs(t, r, signature, "signature of one")
	pushAs(t, r, sidecarOf(two), "signature of two")
	if err := r.Delete(t.Context(), deletion("1.0.0", one, signature)); err != nil {
		t.Fatal(err)
	}
	want := []string{"1.0.1", "2.0.0", signature, sidecarOf(two)}
	slices.Sort(want)
	remaining(t, s, want...)
	if err := r.Delete(t.Context(), deletion("1.0.1", one, signature)); err != nil {
		t.Fatal(err)
	}
	remaining(t, s, "2.0.0", sidecarOf(two))
}

func TestDeleteWithTokens(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer})
	r := open(t, manifest.Registry{Host: s.Host, PlainHTTP: true}, Options{Login: login})
	a := pushAs(t, r, "1.0.0", "one")
	if err := r.Delete(t.Context(), deletion("1.0.0", a)); err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.Manifest(t.Context(), repository, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("after it: %v", err)
	}
	for _, q := range s.Tokens.Requests() {
		if slices.Contains(q.Scopes, "repository:"+repository+":pull,push,delete") {
			t.Errorf("the right to delete was asked for with all others: %q", q.Scopes)
		}
	}
}

func TestDeletesThatAreSwitchedOff(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{NoDelete: true})
	r := at(t, s)
	a := pushAs(t, r, "1.0.0", "one")
	err := r.Delete(t.Context(), deletion("1.0.0", a))
	var e *registry.Error
	if !errors.Is(err, registry.ErrNoDelete) || !errors.As(err, &e) || !strings.Contains(e.Hint, "REGISTRY_STORAGE_DELETE_ENABLED") {
		t.Errorf("%v", err)
	}
	remaining(t, s, "1.0.0")
}

// TestRegistryThatDeletesByDigestOnly plays docker-registry 2, which refuses to
// delete a tag, and deletes a digest with all of its tags.
func TestRegistryThatDeletesByDigestOnly(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := faulty(t, s, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		byTag := r.Method == http.MethodDelete && !strings.Contains(r.URL.Path, "sha256:")
		return byTag && say(w, http.StatusBadRequest, "DIGEST_INVALID", "provided digest did not match uploaded content")
	}, nil).through(t)
	one := pushAs(t, r, "1.0.0", "one")
	pushAs(t, r, "1.0.1", "one")
	two := pushAs(t, r, "2.0.0", "two")
	pushAs(t, r, sidecarOf(two), "signature")
	err := r.Delete(t.Context(), deletion("1.0.0", one))
	if !errors.Is(err, registry.ErrShared) || !strings.Contains(err.Error(), "1.0.1") {
		t.Errorf("a digest with another tag: %v", err)
	}
	remaining(t, s, "1.0.0", "1.0.1", "2.0.0", sidecarOf(two))
	d := deletion("1.0.0", one)
	d.Doomed = []string{"1.0.1"}
	if err := r.Delete(t.Context(), d); err != nil {
		t.Errorf("with the other tag doomed as well: %v", err)
	}
	if err := r.Delete(t.Context(), deletion("2.0.0", two, sidecarOf(two))); err != nil {
		t.Error(err)
	}
	if tags, err := r.Tags(t.Context(), repository); err != nil || len(tags) != 0 {
		t.Errorf("tags %q, %v", tags, err)
	}
}

func TestDeleteTakesReferrersAlong(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	var subject, referrer, version digest.Digest
	deleted := make(chan string, 4)
	r := faulty(t, s, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		switch {
		case r.Method == http.MethodDelete:
			_, ref, _ := strings.Cut(r.URL.Path, "/manifests/")
			deleted <- ref
		case strings.HasSuffix(r.URL.Path, "/referrers/"+subject.String()):
			_, _ = fmt.Fprintf(w, `{"schemaVersion":2,"manifests":[{"digest":%q},{"digest":%q}]}`, version, referrer)
			return true
		}
		return false
	}, nil).through(t)
	one, sbom := pushAs(t, r, "1.0.0", "one"), pushAs(t, r, "", "sbom")
	two := pushAs(t, r, "2.0.0", "two") // a version, whatever the registry says that it belongs to
	subject, referrer, version = one.Manifest.Digest, sbom.Manifest.Digest, two.Manifest.Digest
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); err != nil {
		t.Fatal(err)
	}
	if got := []string{<-deleted, <-deleted}; !slices.Equal(got, []string{referrer.String(), "1.0.0"}) {
		t.Errorf("deleted %q", got)
	}
}

// Whoever may push, and not delete, may call a version a signature of another.
func TestVersionThatIsCalledASignatureStays(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := faulty(t, s, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
		byTag := r.Method == http.MethodDelete && !strings.Contains(r.URL.Path, "sha256:")
		return byTag && say(w, http.StatusBadRequest, "DIGEST_INVALID", "provided digest did not match uploaded content")
	}, nil).through(t)
	one := pushAs(t, r, "1.0.0", "one")
	pushAs(t, r, "2.0.0", "two")
	pushAs(t, r, sidecarOf(one), "two")
	if err := r.Delete(t.Context(), deletion("1.0.0", one, sidecarOf(one))); err != nil {
		t.Fatal(err)
	}
	remaining(t, s, "2.0.0", sidecarOf(one))
}

func TestRefusedDeletes(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	tests := map[string]struct {
		status        int
		code, message string
		want          error
		hint          string
	}{
		"zot, named by another": {405, "DENIED", "requested access to the resource is denied", registry.ErrReferenced, "delete that first"},
		"no right":              {403, "DENIED", "requested access to the resource is denied", registry.ErrDenied, "right to delete"},
		"switched off":          {405, "UNSUPPORTED", "The operation is unsupported.", registry.ErrNoDelete, "storage.delete"},
		"always down":           {503, "", "", nil, "try again later"},
	}
	for name, tt := range tests {
		r := faulty(t, s, func(w http.ResponseWriter, r *http.Request, _ string, _ int) bool {
			return r.Method == http.MethodDelete && say(w, tt.status, tt.code, tt.message)
		}, nil).through(t)
		a := pushAs(t, r, "1.0.0", "one")
		err := r.Delete(t.Context(), deletion("1.0.0", a))
		var e *registry.Error
		if !errors.As(err, &e) || (tt.want != nil && !errors.Is(err, tt.want)) || !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("%s: %v", name, err)
		}
	}
	remaining(t, s, "1.0.0")
}

func TestDeleteWhoseReplyIsLost(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := faulty(t, s, func(w http.ResponseWriter, r *http.Request, _ string, n int) bool {
		if r.Method != http.MethodDelete || n > 1 {
			return false
		}
		passOn(t, s, w, r)
		return true
	}, nil).through(t)
	a := pushAs(t, r, "1.0.0", "one")
	if err := r.Delete(t.Context(), deletion("1.0.0", a)); err != nil {
		t.Error(err)
	}
}

func TestDeleteWhereHeadDoesNotTell(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := faulty(t, s, nil, func(resp *http.Response) error {
		if resp.Request.Method == http.MethodHead {
			resp.Header.Del(headerDigest)
		}
		return nil
	}).through(t)
	a := pushAs(t, r, "1.0.0", "one")
	if err := r.Delete(t.Context(), deletion("1.0.0", version(t, "other"))); !errors.Is(err, registry.ErrMoved) {
		t.Errorf("moved: %v", err)
	}
	if err := r.Delete(t.Context(), deletion("1.0.0", a)); err != nil {
		t.Error(err)
	}
}

func FuzzParseReferrers(f *testing.F) {
	for _, body := range []string{`{"manifests":[{"digest":"sha256:` + strings.Repeat("a", 64) + `"}]}`, `{"manifests":null}`, `[]`, `{"manifests":[{}]}`} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		digests, err := parseReferrers(body)
		for _, d := range digests {
			if err != nil || digest.Digest(d).Validate() != nil {
				t.Errorf("%q, %v", d, err)
			}
		}
	})
}

func TestHostileReferrers(t *testing.T) {
	t.Parallel()
	for _, body := range []string{`<html>`, `{"manifests":[{"digest":"../../x"}]}`, `{"manifests":{}}`, strings.Repeat(" ", maxReferrers+1)} {
		if _, err := parseReferrers([]byte(body)); !errors.Is(err, registry.ErrCorrupt) {
			t.Errorf("%.40s: %v", body, err)
		}
	}
}
