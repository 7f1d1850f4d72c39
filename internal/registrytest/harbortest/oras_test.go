package harbortest_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

// TestOrasWorksAsTheDocumentSays follows the Harbor walk-through by hand: base
// path, push, pull, as a robot over HTTPS.
func TestOrasWorksAsTheDocumentSays(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{TLS: true})
	addProject(t, s, "packs", "")
	o := newOras(t, s)
	o.login(addRobot(t, s, "project", "ci", "repository:push", "repository:pull"))
	base := s.Host + "/packs/spectro-packs/archive"
	o.must("", "push", "--image-spec", "v1.0", base)
	o.file("nginx-1.0.0.tar.gz", "archive")
	out := o.must("", "push", "--image-spec", "v1.0", base+"/nginx:1.0.0", "nginx-1.0.0.tar.gz")
	if !strings.Contains(out, "Digest: sha256:") {
		t.Errorf("push: %s", out)
	}
	want := []string{"packs/spectro-packs/archive", "packs/spectro-packs/archive/nginx"}
	if got := s.Repositories("packs"); !slices.Equal(got, want) {
		t.Errorf("repositories %v", got)
	}
	if n := s.TotalPulls(); n != 0 {
		t.Errorf("%d pulls by pushing", n)
	}
	to := t.TempDir()
	o.must("", "pull", base+"/nginx:1.0.0", "-o", to)
	b, err := os.ReadFile(filepath.Join(to, "nginx-1.0.0.tar.gz"))
	if err != nil || string(b) != "archive" {
		t.Errorf("pulled %q: %v", b, err)
	}
	if n := s.Pulls("packs/spectro-packs/archive/nginx", "1.0.0"); n != 1 {
		t.Errorf("%d pulls by pulling", n)
	}
	for _, r := range s.Requests() {
		if strings.Contains(r.Path, "/manifests/") && r.Status < 300 && r.User != "robot$packs+ci" {
			t.Errorf("%s %s as %q", r.Method, r.Path, r.User)
		}
	}
}

func TestOrasSeesTheFailures(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	o := newOras(t, s)
	o.file("f", "x")
	if out, err := o.run("wrong\n", "login", s.Host, "-u", "admin", "--password-stdin"); err == nil {
		t.Errorf("login with a wrong password: %s", out)
	}
	o.login(admin)
	fails := func(want, repository string) {
		t.Helper()
		if out, err := o.run("", "push", s.Host+"/"+repository+":1", "f"); err == nil || !strings.Contains(out, want) {
			t.Errorf("%s: %v %s, want %q", repository, err, out, want)
		}
	}
	fails("401", "missing/foo")
	o.must("", "push", s.Host+"/packs/a:1", "f")
	if err := s.AddImmutableRule(t.Context(), "packs"); err != nil {
		t.Fatal(err)
	}
	o.file("f", "y")
	fails("configured as immutable", "packs/a")
	addProject(t, s, "full", `{"storage_limit":1}`)
	fails("will exceed the configured upper limit", "full/a")
}

// TestOrasMeetsALostHost shows what breaks: with tokens the login, with Basic the upload.
func TestOrasMeetsALostHost(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{LoseHost: "core.invalid:8080"})
	addProject(t, s, "packs", "")
	r := send(t, s, nobody, "GET", "/v2/", "")
	if got := r.header.Get("Www-Authenticate"); !strings.Contains(got, `realm="http://core.invalid:8080/service/token"`) {
		t.Errorf("challenge %s", got)
	}
	r = send(t, s, admin, "POST", "/v2/packs/a/blobs/uploads/", "")
	if got := r.header.Get("Location"); !strings.HasPrefix(got, "http://core.invalid:8080/v2/packs/a/blobs/uploads/") {
		t.Errorf("Location %s", got)
	}
	if out, err := newOras(t, s).run("Harbor12345\n", "login", s.Host, "-u", "admin", "--password-stdin"); err == nil {
		t.Errorf("login: %s", out)
	}
}

func TestSystemInfoTellsMoreToUsers(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{ExternalURL: "http://harbor.example"})
	for who, want := range map[login]bool{admin: true, nobody: false} {
		r := send(t, s, who, "GET", "/api/v2.0/systeminfo", "")
		var got map[string]any
		if err := json.Unmarshal([]byte(r.body), &got); err != nil {
			t.Fatal(err)
		}
		if _, ok := got["harbor_version"]; ok != want {
			t.Errorf("%q sees the version: %t", who.user, ok)
		}
		if want && (got["external_url"] != "http://harbor.example" || got["read_only"] != false || got["project_creation_restriction"] != "everyone") {
			t.Errorf("systeminfo %s", r.body)
		}
	}
}
