package harbor_test

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/harbor"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
)

// TestMissingProjectIsOneErrorForAll: nothing is asked of a project that is
// not there, however many versions a run has.
func TestMissingProjectIsOneErrorForAll(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	r := open(t, specFor(s), options(admin))
	if there, err := r.HasProject(t.Context()); err != nil || there {
		t.Errorf("project %t, %v", there, err)
	}
	a := build(t, "1.0.0", "one")
	g := new(errgroup.Group)
	for range 8 {
		g.Go(func() error { _, err := r.Observe(t.Context(), nginx, "1.0.0"); return noProject(err) })
		g.Go(func() error { _, err := r.Push(t.Context(), nginx, "1.0.0", a, registry.Hint{}); return noProject(err) })
		g.Go(func() error { _, err := r.HasBasePath(t.Context(), base); return noProject(err) })
		g.Go(func() error { return noProject(r.CreateBasePath(t.Context(), base)) })
		g.Go(func() error { _, err := r.Tags(t.Context(), nginx); return noProject(err) })
		g.Go(func() error { _, _, err := r.Manifest(t.Context(), nginx, "1.0.0"); return noProject(err) })
		g.Go(func() error { _, err := r.Blob(t.Context(), nginx, a.Layer.Descriptor); return noProject(err) })
		g.Go(func() error { _, err := r.Immutable(t.Context(), nginx, "1.0.0"); return noProject(err) })
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
	wantRequests(t, s, "HEAD projects 404", "GET ping 200")
}

// noProject is nil where an error says as it should that there is no project.
func noProject(err error) error {
	var e *registry.Error
	if !errors.Is(err, registry.ErrNoProject) || errors.Is(err, registry.ErrNotFound) || !errors.As(err, &e) || !strings.Contains(e.Hint, "createProject: true") {
		return errors.Join(errors.New("want ErrNoProject with a hint"), err)
	}
	return nil
}

// TestProjectToBeCreated: until it is there, everything in it is just missing.
func TestProjectToBeCreated(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	spec := specFor(s)
	spec.Harbor.CreateProject = true
	r := open(t, spec, options(admin))
	if _, err := r.Observe(t.Context(), nginx, "1.0.0"); !errors.Is(err, registry.ErrNotFound) || !errors.Is(err, registry.ErrNoRepository) {
		t.Errorf("observed: %v", err)
	}
	if there, err := r.HasBasePath(t.Context(), base); err != nil || there {
		t.Errorf("base path %t, %v", there, err)
	}
	if tags, err := r.Tags(t.Context(), nginx); err != nil || len(tags) > 0 {
		t.Errorf("tags %v, %v", tags, err)
	}
	wantRequests(t, s, "HEAD projects 404", "GET ping 200")
	for _, status := range []string{"201", "409"} { // the second: somebody was faster
		if note, err := r.CreateProject(t.Context()); err != nil || note != "" {
			t.Errorf("create: %q, %v", note, err)
		}
		wantRequests(t, s, "POST projects "+status)
	}
	if there, err := r.HasProject(t.Context()); err != nil || !there {
		t.Errorf("project %t, %v", there, err)
	}
	if err := r.CreateBasePath(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	push(t, r, "1.0.0", "one")
	if got := s.Repositories("packs"); !slices.Equal(got, []string{base, nginx}) {
		t.Errorf("repositories %v", got)
	}
}

func TestProjectGetsItsSettings(t *testing.T) {
	t.Parallel()
	public, private := true, false
	tests := []struct {
		name    string
		user    login
		wish    manifest.Harbor
		project string // what the API shows of it
		limit   string
		note    string
	}{
		{"default", admin, manifest.Harbor{}, `"public":"false"`, `"storage":-1`, ""},
		{"public", admin, manifest.Harbor{Public: &public}, `"public":"true"`, `"storage":-1`, ""},
		{"private and limited", admin, manifest.Harbor{Public: &private, StorageLimit: 50 << 30}, `"public":"false"`, `"storage":53687091200`, ""},
		{"unlimited", admin, manifest.Harbor{StorageLimit: -1}, `"public":"false"`, `"storage":-1`, ""},
		{
			"limited by a user",
			login{"dev", "x"},
			manifest.Harbor{StorageLimit: 1 << 30},
			`"public":"false"`, `"storage":-1`,
			"Harbor gave the project the storage limit none, not 1073741824 bytes: only a system administrator's wish counts",
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "dev", Password: "x"}}})
			spec := specFor(s)
			tt.wish.Project, tt.wish.CreateProject = "packs", true
			spec.Harbor = &tt.wish
			note, err := open(t, spec, options(tt.user)).CreateProject(t.Context())
			if err != nil || note != tt.note {
				t.Errorf("note %q, %v", note, err)
			}
			for path, want := range map[string]string{"projects/packs": tt.project, "quotas": tt.limit} {
				if got := adminGet(t, s, path); !strings.Contains(got, want) {
					t.Errorf("%s: %s, want %s", path, got, want)
				}
			}
		})
	}
}

// adminGet asks the API past the network.
func adminGet(t *testing.T, s *harbortest.Server, path string) string {
	t.Helper()
	var reply raw
	if err := s.Admin(t.Context(), http.MethodGet, path, "", &reply); err != nil {
		t.Fatal(err)
	}
	return string(reply)
}

// raw keeps JSON as it is.
type raw []byte

// UnmarshalJSON keeps the text.
func (r *raw) UnmarshalJSON(b []byte) error {
	*r = append((*r)[:0], b...)
	return nil
}

// TestNewerHarborHidesProjects: a robot account that may only push is told
// neither that its project is there nor that it is not, and must get on.
func TestNewerHarborHidesProjects(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{StrictHead: true})
	addProject(t, s, "packs", "")
	r := open(t, specFor(s), options(addRobot(t, s, "project")))
	if there, err := r.HasProject(t.Context()); err != nil || !there {
		t.Errorf("project %t, %v", there, err)
	}
	push(t, r, "1.0.0", "one")
	wantRequests(t, s, "HEAD projects 403", "POST upload 202", "POST upload 202", "PUT upload 201", "PUT upload 201", "PUT manifest 201")
}

// TestProjectThatVanished: the data plane's 401 is told for what it is.
func TestProjectThatVanished(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	front := proxy(t, s, func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v2/") })
	spec := specFor(s)
	spec.Host = front
	r := open(t, spec, options(admin))
	_, err := r.Push(t.Context(), nginx, "1.0.0", artifact.Empty(), registry.Hint{})
	if noProject(err) != nil || !strings.Contains(err.Error(), "Harbor has no project packs") {
		t.Error(err)
	}
}

func TestNewWantsAProject(t *testing.T) {
	t.Parallel()
	for _, h := range []*manifest.Harbor{nil, {}} {
		if _, err := harbor.New(&manifest.Registry{Name: "site", Harbor: h}, harbor.Options{}); err == nil || !strings.Contains(err.Error(), "site") {
			t.Errorf("error %v", err)
		}
	}
}
