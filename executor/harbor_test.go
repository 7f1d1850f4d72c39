package executor_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
)

const harborBase = "packs/spectro-packs/archive"

// onHarbor gives a world a registry more: the project packs of a Harbor. The
// password is in the variable that as sets.
func (w *world) onHarbor(s *harbortest.Server, user string) *manifest.Registry {
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "site", Type: manifest.TypeHarbor, Host: s.Host, PlainHTTP: true, BasePathRepository: true,
		Harbor:      &manifest.Harbor{Project: "packs"},
		Credentials: &manifest.Credentials{Username: user, PasswordEnv: "HARBOR_TOKEN"},
	})
	return &w.catalog.Registries[len(w.catalog.Registries)-1]
}

// as are options with a password.
func as(password string) executor.Options {
	return executor.Options{Env: func(name string) (string, bool) { return password, name == "HARBOR_TOKEN" }}
}

// harborRequests counts what a server was asked, without the login's requests:
// "HEAD api" is the project.
func harborRequests(s *harbortest.Server) map[string]int {
	counts := make(map[string]int)
	for _, r := range s.Requests() {
		switch {
		case strings.HasPrefix(r.Path, "/service/") || r.Path == "/v2/":
		case strings.HasPrefix(r.Path, "/api/"):
			counts[r.Method+" api"]++
		case strings.Contains(r.Path, "/manifests/"):
			counts[r.Method+" manifest"]++
		default:
			counts[r.Method+" blob"]++
		}
	}
	return counts
}

func addHarborProject(t *testing.T, s *harbortest.Server, settings string) {
	t.Helper()
	if err := s.AddProject(t.Context(), "packs", settings); err != nil {
		t.Fatal(err)
	}
}

func addHarborRobot(t *testing.T, s *harbortest.Server, rights ...string) (user, password string) {
	t.Helper()
	user, password, err := s.AddRobot(t.Context(), "project", "packs", "ci", rights...)
	if err != nil {
		t.Fatal(err)
	}
	return user, password
}

func TestHarborFromNothingToDoneInOneApply(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	w := newWorld(t)
	public := true
	w.onHarbor(s, harbortest.AdminName).Harbor = &manifest.Harbor{
		Project: "packs", CreateProject: true, Public: &public, StorageLimit: 50 << 30,
	}
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("b", "1.0.0", "x: 1\n")
	o := as(harbortest.AdminPassword)
	want := strings.Join([]string{
		"create-project packs", "create-repository " + harborBase,
		"push " + harborBase + "/a 1.0.0", "push " + harborBase + "/b 1.0.0",
	}, "\n")
	if got := places(w.plan(o)); got != want {
		t.Errorf("plan:\n%s\nwant\n%s", got, want)
	}
	r := w.apply(o)
	if r.Err() != nil || r.Summary.Projects+r.Summary.Created != 2 || r.Summary.Pushed != 2 || r.Items[0].Warning != "" {
		t.Fatalf("summary %+v, note %q: %v", r.Summary, r.Items[0].Warning, r.Err())
	}
	if got := s.Repositories("packs"); !slices.Equal(got, []string{harborBase, harborBase + "/a", harborBase + "/b"}) {
		t.Errorf("repositories %v", got)
	}
	var project struct {
		Metadata map[string]string `json:"metadata"`
	}
	if err := s.Admin(t.Context(), http.MethodGet, "projects/packs", "", &project); err != nil || project.Metadata["public"] != "true" {
		t.Errorf("project %+v: %v", project, err)
	}
	s.Forget()
	again := w.apply(o)
	if again.Err() != nil || again.Summary.Unchanged != 2 || again.Summary.Created != 0 {
		t.Errorf("second run: %+v, %v", again.Summary, again.Err())
	}
	// One for the project, one for the base path, one for each version; and no pull.
	if got, want := harborRequests(s), map[string]int{"HEAD api": 1, "HEAD manifest": 1, "GET api": 2}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("second run: requests %v, want %v", got, want)
	}
	if n := s.TotalPulls(); n != 0 {
		t.Errorf("%d pulls were counted", n)
	}
}

// TestHarborProjectThatAppearsMeanwhile: to exist already is no failure.
func TestHarborProjectThatAppearsMeanwhile(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	w := newWorld(t)
	w.onHarbor(s, harbortest.AdminName).Harbor.CreateProject = true
	w.pack("a", "1.0.0", "x: 1\n")
	e := w.executor(as(harbortest.AdminPassword))
	p, err := e.Plan(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	addHarborProject(t, s, "")
	r, err := e.Apply(t.Context(), p)
	if err = errors.Join(err, r.Err()); err != nil || r.Summary.Projects+r.Summary.Created != 2 || r.Summary.Pushed != 1 {
		t.Errorf("summary %+v: %v", r.Summary, err)
	}
}

func TestHarborNoRightToCreateNamesTheRole(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "dev", Password: "canary"}}})
	if err := s.Admin(t.Context(), http.MethodPut, "configurations", `{"project_creation_restriction":"adminonly"}`, nil); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.onHarbor(s, "dev").Harbor.CreateProject = true
	w.pack("a", "1.0.0", "x: 1\n")
	r := w.apply(as("canary"))
	if !errors.Is(r.Err(), registry.ErrDenied) || r.Summary.Failed != 3 {
		t.Fatalf("summary %+v: %v", r.Summary, r.Err())
	}
	if it := &r.Items[0]; !strings.Contains(it.Error+it.Hint, "administrator") || !strings.Contains(it.Hint, "create project packs by hand") {
		t.Errorf("error %q, hint %q", it.Error, it.Hint)
	}
	if got := harborRequests(s); got["POST blob"]+got["PUT manifest"] != 0 {
		t.Errorf("pushed into a project that is missing: %v", got)
	}
}

func TestHarborRobotThatMayOnlyPush(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addHarborProject(t, s, "")
	user, password := addHarborRobot(t, s, "repository:push", "repository:pull")
	if !strings.HasPrefix(user, "robot$") {
		t.Fatalf("robot %s", user)
	}
	w := newWorld(t)
	spec := w.onHarbor(s, user)
	spec.Harbor.CreateProject = true // it is there: nobody has to create it
	p := w.pack("a", "1.0.0", "x: 1\n")
	o := as(password)
	o.CacheDir = t.TempDir()
	if r := w.apply(o); r.Err() != nil || r.Summary.Pushed != 1 {
		t.Fatalf("summary %+v: %v", r.Summary, r.Err())
	}
	for range 2 {
		if r := w.apply(o); r.Err() != nil || r.Summary.Unchanged != 1 {
			t.Errorf("again: %+v, %v", r.Summary, r.Err())
		}
	}
	if n := s.TotalPulls(); n != 0 {
		t.Errorf("what this robot pushed itself was pulled %d times", n)
	}
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	o.Overwrite = []string{"a@1.0.0"}
	if r := w.apply(o); r.Err() != nil || r.Summary.Overwritten != 1 {
		t.Errorf("overwrite: %+v, %v", r.Summary, r.Err())
	}
	for _, r := range s.Requests() {
		if r.User != "" && r.User != user {
			t.Errorf("%s %s as %q", r.Method, r.Path, r.User)
		}
	}
}

func TestHarborMissingProjectIsExplained(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	w := newWorld(t)
	w.onHarbor(s, harbortest.AdminName)
	w.pack("a", "1.0.0", "x: 1\n")
	r := w.apply(as(harbortest.AdminPassword))
	if !errors.Is(r.Err(), registry.ErrNoProject) || r.Summary.Failed != 2 {
		t.Fatalf("summary %+v: %v", r.Summary, r.Err())
	}
	for i := range r.Items {
		if it := &r.Items[i]; !strings.Contains(it.Error, "Harbor has no project packs") || !strings.Contains(it.Hint, "createProject: true") {
			t.Errorf("error %q, hint %q", it.Error, it.Hint)
		}
	}
	if len(s.Repositories("packs")) != 0 {
		t.Error("something was written")
	}
}

func TestHarborRefusesAndSaysWhy(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name     string
		settings string
		prepare  func(ctx context.Context, s *harbortest.Server) error
		content  string
		status   executor.Status
		is       error
		parts    []string
	}{
		{
			"immutable tag", "",
			func(ctx context.Context, s *harbortest.Server) error { return s.AddImmutableRule(ctx, "packs") },
			"x: 2\n", executor.StatusConflict, executor.ErrConflict,
			[]string{"the tag is immutable", "bump the version", "delete the published version"},
		},
		{
			"quota", "",
			func(ctx context.Context, s *harbortest.Server) error {
				return s.Admin(ctx, http.MethodPut, "quotas/packs", `{"hard":{"storage":1000}}`, nil)
			},
			"x: 2\n", executor.StatusFailed, registry.ErrQuota,
			[]string{"storage quota of project packs is used up", "raise the quota"},
		},
		{
			"read-only mode", "",
			func(ctx context.Context, s *harbortest.Server) error { return s.SetReadOnly(ctx, true) },
			"x: 2\n", executor.StatusFailed, registry.ErrNoWrites,
			[]string{"read-only mode", "try again later"},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := harbortest.Start(t, harbortest.Options{})
			addHarborProject(t, s, tt.settings)
			w := newWorld(t)
			w.onHarbor(s, harbortest.AdminName)
			p := w.pack("a", "1.0.0", "x: 1\n")
			o := as(harbortest.AdminPassword)
			if r := w.apply(o); r.Err() != nil {
				t.Fatal(r.Err())
			}
			if err := tt.prepare(t.Context(), s); err != nil {
				t.Fatal(err)
			}
			if r := w.apply(o); r.Err() != nil || r.Summary.Unchanged != 1 {
				t.Errorf("the same content: %+v, %v", r.Summary, r.Err())
			}
			w.write(filepath.Join(p.Dir, "values.yaml"), tt.content)
			o.Overwrite = []string{"a@1.0.0"}
			r := w.apply(o)
			it := &r.Items[0]
			if it.Status != tt.status || !errors.Is(it.Err, tt.is) {
				t.Errorf("%s: %v", it.Status, it.Err)
			}
			for _, part := range tt.parts {
				if !strings.Contains(it.Reason+"\n"+it.Error+"\n"+it.Hint, part) {
					t.Errorf("lacks %q: %s; %s; hint %q", part, it.Reason, it.Error, it.Hint)
				}
			}
		})
	}
}

func TestHarborWithOneSlotGoesOn(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	w := newWorld(t)
	r := w.onHarbor(s, harbortest.AdminName)
	r.Harbor.CreateProject, r.Limits.Concurrency = true, 1
	for i := range 6 {
		w.pack(fmt.Sprintf("p%d", i), "1.0.0", "x\n")
	}
	o := as(harbortest.AdminPassword)
	o.Workers = 1
	if r := w.apply(o); r.Err() != nil || r.Summary.Projects+r.Summary.Created != 2 || r.Summary.Pushed != 6 {
		t.Errorf("summary %+v: %v", r.Summary, r.Err())
	}
}
