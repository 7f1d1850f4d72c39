package harbor_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/harbor"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

func deletion(tag string, a *artifact.Artifact, sidecars ...string) registry.Deletion {
	return registry.Deletion{Repository: nginx, Tag: tag, Digest: a.Manifest.Digest, Sidecars: sidecars}
}

func pushAs(t *testing.T, r registry.Registry, tag string, a *artifact.Artifact) {
	t.Helper()
	if _, err := r.Push(t.Context(), nginx, tag, a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
}

// attach makes an artifact that belongs to another one.
func attach(t *testing.T, subject *artifact.Artifact) *artifact.Artifact {
	t.Helper()
	a := build(t, "1.0.0", "sbom")
	var m map[string]any
	if err := json.Unmarshal(a.Bytes, &m); err != nil {
		t.Fatal(err)
	}
	m["subject"] = subject.Manifest
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	a.Bytes, a.Manifest.Digest, a.Manifest.Size = raw, digest.FromBytes(raw), int64(len(raw))
	return a
}

// site is a Harbor with the project packs, opened by its administrator.
func site(t *testing.T) (*harbortest.Server, *harbor.Registry) {
	t.Helper()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	return s, open(t, specFor(s), options(admin))
}

// artifacts counts the artifacts of nginx.
func artifacts(t *testing.T, s *harbortest.Server) int {
	t.Helper()
	var r struct {
		Count int `json:"artifact_count"`
	}
	if err := s.Admin(t.Context(), "GET", "projects/packs/repositories/spectro-packs%252Farchive%252Fnginx", "", &r); err != nil {
		t.Fatal(err)
	}
	return r.Count
}

func wantTags(t *testing.T, r registry.Registry, want ...string) {
	t.Helper()
	got, err := r.Tags(t.Context(), nginx)
	slices.Sort(want)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("tags %q, %v; want %q", got, err, want)
	}
}

func TestDeleteTakesTheArtifactWithItsLastTag(t *testing.T) {
	t.Parallel()
	s, r := site(t)
	one := push(t, r, "1.0.0", "one")
	pushAs(t, r, "1.0.1", one)
	push(t, r, "2.0.0", "two")
	signature := "sha256-" + one.Manifest.Digest.Encoded() + ".sig"
	pushAs(t, r, signature, build(t, "1.0.0", "signature"))
	pushAs(t, r, "", attach(t, one))
	if err := r.Delete(t.Context(), deletion("1.0.0", one, signature)); err != nil {
		t.Fatal(err)
	}
	wantTags(t, r, "1.0.1", "2.0.0", signature)
	if n := artifacts(t, s); n != 4 {
		t.Errorf("%d artifacts, want 4", n)
	}
	if err := r.Delete(t.Context(), deletion("1.0.1", one, signature)); err != nil {
		t.Fatal(err)
	}
	wantTags(t, r, "2.0.0")
	if n := artifacts(t, s); n != 1 {
		t.Errorf("%d artifacts, want 1", n)
	}
	if err := r.Delete(t.Context(), deletion("1.0.1", one)); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("once more: %v", err)
	}
	if err := r.Delete(t.Context(), deletion("2.0.0", one)); !errors.Is(err, registry.ErrMoved) {
		t.Errorf("moved: %v", err)
	}
	wantTags(t, r, "2.0.0")
}

func TestDeleteOfWhatARuleProtects(t *testing.T) {
	t.Parallel()
	s, r := site(t)
	one := push(t, r, "1.0.0", "one")
	pushAs(t, r, "1.0.1", one)
	two := push(t, r, "2.0.0", "two")
	if err := s.AddImmutableRule(t.Context(), "packs"); err != nil {
		t.Fatal(err)
	}
	for tag, a := range map[string]*artifact.Artifact{"1.0.0": one, "2.0.0": two} { // the tag alone, and the artifact
		err := r.Delete(t.Context(), deletion(tag, a))
		var e *registry.Error
		if !errors.Is(err, registry.ErrImmutable) || !errors.As(err, &e) || !strings.Contains(e.Hint, "Tag Immutability") {
			t.Errorf("%s: %v", tag, err)
		}
	}
	wantTags(t, r, "1.0.0", "1.0.1", "2.0.0")
}

func TestDeleteOfWhatAnIndexNames(t *testing.T) {
	t.Parallel()
	_, r := site(t)
	one := push(t, r, "1.0.0", "one")
	raw := fmt.Appendf(nil, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":%q,"digest":%q,"size":%d}]}`,
		one.Manifest.MediaType, one.Manifest.Digest, one.Manifest.Size)
	index := &artifact.Artifact{Bytes: raw, Config: one.Config, Manifest: one.Manifest}
	index.Manifest.MediaType, index.Manifest.Digest, index.Manifest.Size = "application/vnd.oci.image.index.v1+json", digest.FromBytes(raw), int64(len(raw))
	pushAs(t, r, "all", index)
	err := r.Delete(t.Context(), deletion("1.0.0", one))
	if !errors.Is(err, registry.ErrReferenced) {
		t.Errorf("%v", err)
	}
	wantTags(t, r, "1.0.0", "all")
}

func TestDeleteByAccountsWithFewRights(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		level  string
		rights []string
		want   error
		hint   string
	}{
		"push and pull only":       {"system", []string{"repository:push", "repository:pull"}, registry.ErrDenied, "Delete Artifact"},
		"and reads artifacts":      {"project", []string{"repository:push", "repository:pull", "artifact:read"}, registry.ErrDenied, "Delete Artifact"},
		"deletes, but cannot look": {"system", []string{"repository:push", "repository:pull", "tag:delete"}, nil, ""},
		"all that is needed":       {"project", []string{"repository:pull", "artifact:read", "artifact:delete", "tag:delete"}, nil, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, by := site(t)
			one := push(t, by, "1.0.0", "one")
			user, password, err := s.AddRobot(t.Context(), tt.level, "packs", "pruner", tt.rights...)
			if err != nil {
				t.Fatal(err)
			}
			err = open(t, specFor(s), options(login{user, password})).Delete(t.Context(), deletion("1.0.0", one))
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
			var e *registry.Error
			if tt.want == nil {
				wantTags(t, by)
				return
			}
			if !errors.As(err, &e) || !strings.Contains(e.Hint, tt.hint) {
				t.Errorf("%v: hint %q", err, e.Hint)
			}
			wantTags(t, by, "1.0.0")
		})
	}
}

func TestDeleteInReadOnlyMode(t *testing.T) {
	t.Parallel()
	s, r := site(t)
	one := push(t, r, "1.0.0", "one")
	if err := s.SetReadOnly(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); !errors.Is(err, registry.ErrNoWrites) {
		t.Errorf("%v", err)
	}
}

func TestDeleteRepository(t *testing.T) {
	t.Parallel()
	s, r := site(t)
	one := push(t, r, "1.0.0", "one")
	if err := r.DeleteRepository(t.Context(), nginx); !errors.Is(err, registry.ErrNotEmpty) {
		t.Errorf("one with a version: %v", err)
	}
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds it gone
		if err := r.DeleteRepository(t.Context(), nginx); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Contains(s.Repositories("packs"), nginx) {
		t.Error("the repository is still there")
	}
}

func TestPushTimes(t *testing.T) {
	t.Parallel()
	begin := time.Date(2026, 2, 3, 4, 5, 6, 0, time.UTC)
	var hours atomic.Int64
	now := func() time.Time { return begin.Add(time.Duration(hours.Load()) * time.Hour) }
	s := harbortest.Start(t, harbortest.Options{Now: now})
	addProject(t, s, "packs", "")
	r := open(t, specFor(s), options(admin))
	if times, err := r.PushTimes(t.Context(), nginx); err != nil || len(times) != 0 {
		t.Errorf("of no repository: %v, %v", times, err)
	}
	one := push(t, r, "1.0.0", "one")
	hours.Store(1)
	pushAs(t, r, "1.0.1", one)
	times, err := r.PushTimes(t.Context(), nginx)
	if err != nil || len(times) != 2 || !times["1.0.0"].Equal(begin) || !times["1.0.1"].Equal(now()) {
		t.Errorf("%v, %v", times, err)
	}
	few := open(t, specFor(s), options(addRobot(t, s, "system")))
	if _, err := few.PushTimes(t.Context(), nginx); !errors.Is(err, registry.ErrDenied) {
		t.Errorf("without the right: %v", err)
	}
}

// Whoever may push, and not delete, may call a version a signature of another.
func TestVersionThatIsCalledASignatureStays(t *testing.T) {
	t.Parallel()
	_, r := site(t)
	one, two := push(t, r, "1.0.0", "one"), push(t, r, "2.0.0", "two")
	signature := "sha256-" + one.Manifest.Digest.Encoded() + ".sig"
	pushAs(t, r, signature, two)
	if err := r.Delete(t.Context(), deletion("1.0.0", one, signature)); err != nil {
		t.Fatal(err)
	}
	wantTags(t, r, "2.0.0")
}
