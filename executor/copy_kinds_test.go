package executor_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// TestPromotionBetweenTwoAccounts creates repositories in the second one.
func TestPromotionBetweenTwoAccounts(t *testing.T) { //nolint:paralleltest // sets the environment of the AWS SDK
	s := startECR(t, ecrtest.Options{}, devAccount, prodAccount)
	w := newWorld(t)
	w.onECR(devAccount, "of-"+devAccount)
	w.onECR(prodAccount, "of-"+prodAccount)
	filled(t, w, "a@1.0.0", "a@1.1.0", "b@1.0.0")
	w.catalog.Registries[0].ReadOnly = true
	w.from(manifest.From{Only: manifest.Only{Names: []string{"a*"}}})
	want := "create-repository @ reg-" + prodAccount + "\ncreate-repository @ reg-" + prodAccount + "\npush a@1.0.0 reg-" + prodAccount + "\npush a@1.1.0 reg-" + prodAccount
	if got := kinds(w.plan(executor.Options{})); got != want {
		t.Errorf("plan\n%s\nwant\n%s", got, want)
	}
	r := w.apply(executor.Options{})
	if r.Err() != nil || r.Summary.Pushed != 2 || r.Summary.Created != 2 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	if got := s.Registry(prodAccount, ecrtest.DefaultRegion).Names(); strings.Join(got, " ") != ecrBase+" "+ecrBase+"/a" {
		t.Errorf("repositories %q", got)
	}
	before := s.Count("PutImage")
	if again := w.apply(executor.Options{}); again.Err() != nil || again.Summary.Unchanged != 2 || s.Count("PutImage") != before {
		t.Errorf("%+v, %v", again.Summary, again.Err())
	}
}

// TestReferrersOfHarbor come by its API, and go to registries with and without one.
func TestReferrersOfHarbor(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	for _, name := range []string{"packs", "other"} {
		if err := s.AddProject(t.Context(), name, ""); err != nil {
			t.Fatal(err)
		}
	}
	w := newWorld(t)
	w.onHarbor(s, harbortest.AdminName)
	other := w.catalog.Registries[0]
	other.Name, other.Harbor = "other", &manifest.Harbor{Project: "other"}
	o := as(harbortest.AdminPassword)
	w.pack("a", "1.0.0", "x\n")
	if r := w.apply(o); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.catalog.Packs = nil
	w.catalog.Registries = append(w.catalog.Registries, other)
	plain := w.onServer("plain")
	subject := attach(t, s, harborBase+"/a", "1.0.0")
	w.from(manifest.From{Referrers: true})
	r := w.apply(o)
	if r.Err() != nil || r.Summary.Pushed != 4 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	list, listed, err := login(t, s).Referrers(t.Context(), "other/spectro-packs/archive/a", subject)
	if err != nil || !listed || len(list) != 1 || list[0].ArtifactType != "application/vnd.test" {
		t.Errorf("at the other project %v, %v, %v", list, listed, err)
	}
	_, raw, err := direct(t, plain).Manifest(t.Context(), "spectro-packs/archive/a", strings.ReplaceAll(subject.String(), ":", "-"))
	if err != nil || !strings.Contains(string(raw), `"artifactType":"application/vnd.test"`) {
		t.Errorf("by tag %s, %v", raw, err)
	}
	if again := w.apply(o); again.Err() != nil || again.Summary.Unchanged != 4 {
		t.Errorf("again %+v, %v", again.Summary, again.Err())
	}
}

func login(t *testing.T, s *harbortest.Server) *oci.Registry {
	t.Helper()
	r, err := oci.New(&manifest.Registry{Name: "direct", Host: s.Host, PlainHTTP: true}, oci.Options{Login: func(context.Context) (transport.Login, error) {
		return transport.Login{Username: harbortest.AdminName, Password: harbortest.AdminPassword, Source: "the test"}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

// attach pushes a manifest whose subject is what a tag names.
func attach(t *testing.T, s *harbortest.Server, repository, tag string) digest.Digest {
	t.Helper()
	r := login(t, s)
	subject, _, err := r.Manifest(t.Context(), repository, tag)
	if err != nil {
		t.Fatal(err)
	}
	config, one, two := artifact.Bytes(ocispec.MediaTypeEmptyJSON, []byte("{}")), artifact.Bytes("text/plain", []byte("one")), artifact.Bytes("text/plain", []byte("two"))
	m := ocispec.Manifest{
		MediaType: ocispec.MediaTypeImageManifest, ArtifactType: "application/vnd.test", Config: config.Descriptor,
		Layers: []ocispec.Descriptor{one.Descriptor, two.Descriptor}, Subject: &subject,
	}
	m.SchemaVersion = 2
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	a := &artifact.Artifact{
		Manifest: ocispec.Descriptor{MediaType: m.MediaType, Digest: digest.FromBytes(raw), Size: int64(len(raw))},
		Bytes:    raw, Config: config, Others: []artifact.Blob{one, two},
	}
	if _, err := r.Push(t.Context(), repository, "", a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	return subject.Digest
}
