package harbor_test

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/harbor"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

const (
	base  = "packs/spectro-packs/archive"
	nginx = base + "/nginx"
)

// login is who a registry is opened as.
type login struct{ user, password string }

var (
	admin  = login{harbortest.AdminName, harbortest.AdminPassword}
	nobody login
)

// specFor is the entry of packs.yaml for the project packs of a server.
func specFor(s *harbortest.Server) *manifest.Registry {
	spec := &manifest.Registry{
		Name: "site", Type: manifest.TypeHarbor, Host: s.Host, PlainHTTP: s.CA == nil, BasePathRepository: true,
		Harbor: &manifest.Harbor{Project: "packs"},
	}
	if s.CA != nil {
		spec.TLS = &manifest.TLS{CAFile: s.CAFile}
	}
	return spec
}

// options log in as who and do not wait between tries.
func options(who login) harbor.Options {
	return harbor.Options{Options: oci.Options{
		Login: func(context.Context) (transport.Login, error) {
			return transport.Login{Username: who.user, Password: who.password, Source: "the test"}, nil
		},
		Clock: transport.Clock{Sleep: func(context.Context, time.Duration) error { return nil }},
	}}
}

func open(t *testing.T, spec *manifest.Registry, o harbor.Options) *harbor.Registry {
	t.Helper()
	r, err := harbor.New(spec, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func addProject(t *testing.T, s *harbortest.Server, name, settings string) {
	t.Helper()
	if err := s.AddProject(t.Context(), name, settings); err != nil {
		t.Fatal(err)
	}
}

// addRobot makes a robot account for the project packs; without rights it may
// push and pull, and nothing else.
func addRobot(t *testing.T, s *harbortest.Server, level string, rights ...string) login {
	t.Helper()
	if len(rights) == 0 {
		rights = []string{"repository:push", "repository:pull"}
	}
	user, password, err := s.AddRobot(t.Context(), level, "packs", "ci", rights...)
	if err != nil {
		t.Fatal(err)
	}
	return login{user, password}
}

const digestA = "v1:sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// build makes a version of nginx; content is its layer.
func build(t *testing.T, version, content string) *artifact.Artifact {
	t.Helper()
	a, err := artifact.New(artifact.Bytes("", []byte(content)), artifact.Title("nginx", version), artifact.Options{ContentDigest: digestA})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func push(t *testing.T, r registry.Registry, version, content string) *artifact.Artifact {
	t.Helper()
	a := build(t, version, content)
	if _, err := r.Push(t.Context(), nginx, version, a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	return a
}

// requests lists what a server was asked, each as METHOD WHAT STATUS with the
// digests and names that differ from run to run left out, sorted.
func requests(s *harbortest.Server) []string {
	var all []string
	for _, r := range s.Requests() {
		all = append(all, describe(r))
	}
	slices.Sort(all)
	return all
}

func describe(r harbortest.Request) string {
	return fmt.Sprintf("%s %s %d", r.Method, what(r.Path), r.Status)
}

func what(path string) string {
	switch {
	case strings.HasPrefix(path, "/api/v2.0/projects/") && strings.Contains(path, "/artifacts/"):
		return "artifact"
	case strings.HasPrefix(path, "/api/v2.0/"):
		return strings.TrimPrefix(path, "/api/v2.0/")
	case strings.Contains(path, "/manifests/"):
		return "manifest"
	case strings.Contains(path, "/blobs/uploads/"):
		return "upload"
	case strings.Contains(path, "/blobs/"):
		return "blob"
	}
	return path
}

func wantRequests(t *testing.T, s *harbortest.Server, want ...string) {
	t.Helper()
	slices.Sort(want)
	if got := requests(s); !slices.Equal(got, want) {
		t.Errorf("requests\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
	s.Forget()
}

func times(n int, request string) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = request
	}
	return all
}

func wantPulls(t *testing.T, s *harbortest.Server, want int) {
	t.Helper()
	if got := s.TotalPulls(); got != want {
		t.Errorf("%d pulls, want %d", got, want)
	}
}

const getsHead = "HEAD projects 200"

func TestPushTakesFiveRequestsAndNoToken(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		s := harbortest.Start(t, harbortest.Options{TLS: secure})
		addProject(t, s, "packs", "")
		r := open(t, specFor(s), options(addRobot(t, s, "project")))
		push(t, r, "1.0.0", "one")
		wantRequests(t, s, getsHead, "POST upload 202", "POST upload 202", "PUT upload 201", "PUT upload 201", "PUT manifest 201")
		push(t, r, "1.0.1", "two")
		wantRequests(t, s, "POST upload 202", "PUT upload 201", "PUT manifest 201")
		if got := s.Repositories("packs"); !slices.Equal(got, []string{nginx}) {
			t.Errorf("repositories %v", got)
		}
	}
}

func TestBasePathIsAskedByHeadAndMade(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	r := open(t, specFor(s), options(addRobot(t, s, "system")))
	for _, want := range []bool{false, true} {
		there, err := r.HasBasePath(t.Context(), base)
		if err != nil || there != want {
			t.Fatalf("base path %t, %v; want %t", there, err, want)
		}
		if err := r.CreateBasePath(t.Context(), base); err != nil {
			t.Fatal(err)
		}
	}
	if got := s.Repositories("packs"); !slices.Equal(got, []string{base}) {
		t.Errorf("repositories %v", got)
	}
	wantPulls(t, s, 0)
}

func TestTagsAndBlobsAreNoPulls(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	r := open(t, specFor(s), options(admin))
	a := push(t, r, "1.0.0", "one")
	tags, err := r.Tags(t.Context(), nginx)
	if err != nil || !slices.Equal(tags, []string{"1.0.0"}) {
		t.Errorf("tags %v, %v", tags, err)
	}
	if tags, err := r.Tags(t.Context(), base+"/none"); err != nil || len(tags) > 0 {
		t.Errorf("tags of what is not there: %v, %v", tags, err)
	}
	rc, err := r.Blob(t.Context(), nginx, a.Layer.Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	wantPulls(t, s, 0)
	if _, _, err := r.Manifest(t.Context(), nginx, "1.0.0"); err != nil {
		t.Fatal(err)
	}
	wantPulls(t, s, 1)
}

// TestOnlyV2BehindAProxy: some proxies lead only the registry's own protocol to Harbor.
func TestOnlyV2BehindAProxy(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	front := proxy(t, s, func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v2/") })
	spec := specFor(s)
	spec.Host = front
	r := open(t, spec, options(admin))
	if there, err := r.HasProject(t.Context()); err != nil || !there {
		t.Errorf("project %t, %v: want it taken to be there", there, err)
	}
	a := push(t, r, "1.0.0", "one")
	o, err := r.Observe(t.Context(), nginx, "1.0.0")
	if err != nil || o.Manifest.Digest != a.Manifest.Digest || o.Layer.Digest != a.Layer.Digest {
		t.Errorf("observed %+v, %v", o, err)
	}
	wantPulls(t, s, 0)
}
