package ecr_test

import (
	"encoding/json"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
)

const nginx = base + "/nginx"

func tagAs(t *testing.T, r *ecr.Registry, tag string, a *artifact.Artifact) *artifact.Artifact {
	t.Helper()
	if _, err := r.Push(t.Context(), nginx, tag, a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	return a
}

func deletion(tag string, a *artifact.Artifact, sidecars ...string) registry.Deletion {
	return registry.Deletion{Repository: nginx, Tag: tag, Digest: a.Manifest.Digest, Sidecars: sidecars}
}

// attach makes an artifact that belongs to another one.
func attach(t *testing.T, subject *artifact.Artifact) *artifact.Artifact {
	t.Helper()
	a := pack(t, "nginx", "sbom")
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

func TestDeleteOfATagKeepsTheImageOfOthers(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	one := push(t, r, "one")
	tagAs(t, r, "1.0.1", one)
	two := tagAs(t, r, "2.0.0", pack(t, "nginx", "two"))
	signature := "sha256-" + one.Manifest.Digest.Encoded() + ".sig"
	tagAs(t, r, signature, pack(t, "nginx", "signature"))
	sbom := tagAs(t, r, "", attach(t, one))
	held := s.Registry(dev, region)

	if err := r.Delete(t.Context(), deletion("1.0.0", one, signature)); err != nil {
		t.Fatal(err)
	}
	if got := held.ImageTags(nginx); !slices.Equal(got, []string{"1.0.1", "2.0.0", signature}) || len(held.Digests(nginx)) != 4 {
		t.Errorf("tags %q, images %q", got, held.Digests(nginx))
	}
	s.Forget()
	if err := r.Delete(t.Context(), deletion("1.0.1", one, signature)); err != nil {
		t.Fatal(err)
	}
	if got := held.Digests(nginx); !slices.Equal(got, []string{two.Manifest.Digest.String()}) {
		t.Errorf("images %q are left (the sbom is %s)", got, sbom.Manifest.Digest)
	}
	if n := s.Count("DescribeImages", "ListImages", "BatchDeleteImage"); n != 4 {
		t.Errorf("%d calls, want 4", n)
	}
	if err := r.Delete(t.Context(), deletion("1.0.1", one)); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("once more: %v", err)
	}
}

func TestDeleteOfAnImmutableTag(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	s.Registry(dev, region).Put(ecrtest.Repository{Name: nginx, TagMutability: "IMMUTABLE"})
	one := push(t, r, "one")
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); err != nil {
		t.Fatal(err)
	}
	if got := s.Registry(dev, region).Digests(nginx); len(got) != 0 {
		t.Errorf("images %q are left", got)
	}
}

func TestDeleteRefusals(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	one, other := push(t, r, "one"), pack(t, "nginx", "other")
	err := r.Delete(t.Context(), deletion("1.0.0", other))
	wantError(t, err, registry.ErrMoved, one.Manifest.Digest.String())
	d := deletion("1.0.0", one)
	d.Repository = base + "/none"
	wantError(t, r.Delete(t.Context(), d), registry.ErrNoRepository)
	for _, tt := range []struct {
		code string
		want error
		part string
	}{
		{"ImageReferencedByManifestList", registry.ErrReferenced, "delete that first"},
		{"ImageTagDoesNotMatchDigest", registry.ErrMoved, ""},
		{"KmsError", nil, "AWS responded: KmsError: because"},
	} {
		s.FailImage("1.0.0", tt.code, "because")
		wantError(t, r.Delete(t.Context(), deletion("1.0.0", one)), tt.want, tt.part)
	}
	s.FailImage("1.0.0", "", "")
	s.Throttle("BatchDeleteImage", 2)
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); err != nil {
		t.Errorf("throttled twice: %v", err)
	}
}

func TestDeleteWithoutTheRight(t *testing.T) {
	t.Parallel()
	user := ecrtest.User(dev)
	user.Policy = `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"},{"Effect":"Deny","Action":"ecr:BatchDeleteImage","Resource":"*"}]}`
	s, r := start(t, ecrtest.Options{Principals: []ecrtest.Principal{user}}, nil)
	one := push(t, r, "one")
	wantError(t, r.Delete(t.Context(), deletion("1.0.0", one)), registry.ErrDenied, "ecr:BatchDeleteImage", "nginx")
	if got := s.Registry(dev, region).ImageTags(nginx); !slices.Equal(got, []string{"1.0.0"}) {
		t.Errorf("tags %q", got)
	}
}

func TestDeleteRepository(t *testing.T) {
	t.Parallel()
	s, r := start(t, ecrtest.Options{}, nil)
	one := push(t, r, "one")
	wantError(t, r.DeleteRepository(t.Context(), nginx), registry.ErrNotEmpty)
	untagged := tagAs(t, r, "", pack(t, "nginx", "untagged"))
	if err := r.Delete(t.Context(), deletion("1.0.0", one)); err != nil {
		t.Fatal(err)
	}
	wantError(t, r.DeleteRepository(t.Context(), nginx), registry.ErrNotEmpty, "without a tag")
	if got := s.Registry(dev, region).Digests(nginx); !slices.Equal(got, []string{untagged.Manifest.Digest.String()}) {
		t.Errorf("images %q", got)
	}
	if err := r.CreateRepository(t.Context(), base+"/empty"); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second finds it gone
		if err := r.DeleteRepository(t.Context(), base+"/empty"); err != nil {
			t.Fatal(err)
		}
	}
	if slices.Contains(s.Registry(dev, region).Names(), base+"/empty") {
		t.Error("the empty repository is still there")
	}
}

func TestPushTimes(t *testing.T) {
	t.Parallel()
	_, r := start(t, ecrtest.Options{PageSize: 2}, nil)
	before := time.Now().Add(-time.Minute)
	one := push(t, r, "one")
	tagAs(t, r, "1.0.1", one)
	for _, v := range []string{"2.0.0", "2.1.0", "2.2.0"} {
		tagAs(t, r, v, pack(t, "nginx", v))
	}
	times, err := r.PushTimes(t.Context(), nginx)
	if err != nil || len(times) != 5 {
		t.Fatalf("%v, %v", times, err)
	}
	for tag, at := range times {
		if at.Before(before) {
			t.Errorf("%s was pushed at %v, which is before %v", tag, at, before)
		}
	}
	if times, err := r.PushTimes(t.Context(), base+"/none"); err != nil || len(times) != 0 {
		t.Errorf("of no repository: %v, %v", times, err)
	}
}
