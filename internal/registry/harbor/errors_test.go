package harbor_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
)

// refusal is what a person must get to know of a failure.
type refusal struct {
	is      error
	text    string // in the message
	hint    string // in the hint
	message string // of Harbor; "" where it is not shown
}

func (want refusal) check(t *testing.T, err error) {
	t.Helper()
	var e *registry.Error
	if !errors.As(err, &e) || !errors.Is(err, want.is) {
		t.Fatalf("error %v, want %v", err, want.is)
	}
	if !strings.Contains(err.Error(), want.text) || !strings.Contains(err.Error(), want.message) {
		t.Errorf("error %q\nwant %q and %q", err, want.text, want.message)
	}
	if !strings.Contains(e.Hint, want.hint) {
		t.Errorf("hint %q\nwant %q", e.Hint, want.hint)
	}
	for _, secret := range []string{admin.password, "canary"} {
		if strings.Contains(err.Error()+e.Hint, secret) {
			t.Errorf("a secret is told: %v; %s", err, e.Hint)
		}
	}
}

func TestRefusedPushesSayWhyAndWhatToDo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		options harbortest.Options
		user    func(t *testing.T, s *harbortest.Server) login
		prepare func(ctx context.Context, s *harbortest.Server) error
		layer   string
		refused string // the one kind of request that fails
		most    int    // how often: layer and config are sent at once
		want    refusal
	}{
		{
			name:    "a guest",
			options: harbortest.Options{Users: []harbortest.User{{Name: "gail", Password: "canary", Roles: map[string]harbortest.Role{"packs": harbortest.RoleGuest}}}},
			user:    func(*testing.T, *harbortest.Server) login { return login{"gail", "canary"} },
			refused: "POST upload 401", most: 2,
			want: refusal{
				registry.ErrDenied, "user gail may not push in project packs", "at least a Developer of project packs",
				"unauthorized to access repository: packs/spectro-packs/archive/nginx, action: push",
			},
		},
		{
			name: "a robot that may only pull",
			user: func(t *testing.T, s *harbortest.Server) login {
				t.Helper()
				return addRobot(t, s, "project", "repository:pull")
			},
			refused: "POST upload 401", most: 2,
			want: refusal{registry.ErrDenied, "robot account robot$packs+ci may not push in project packs", "Push Repository and Pull Repository", "action: push"},
		},
		{
			name: "a robot of another project",
			user: func(t *testing.T, s *harbortest.Server) login {
				t.Helper()
				addProject(t, s, "other", "")
				user, password, err := s.AddRobot(t.Context(), "project", "other", "ci", "repository:push", "repository:pull")
				if err != nil {
					t.Fatal(err)
				}
				return login{user, password}
			},
			refused: "POST upload 401", most: 2,
			want: refusal{registry.ErrDenied, "robot$other+ci may not push in project packs", "belongs to project other", "action: push"},
		},
		{
			name:    "an immutable tag",
			prepare: func(ctx context.Context, s *harbortest.Server) error { return s.AddImmutableRule(ctx, "packs") },
			refused: "PUT manifest 412", most: 1,
			want: refusal{
				registry.ErrImmutable, "the tag is immutable by a rule of project packs", "under a new version, or exclude this tag",
				"Failed to process request due to 'spectro-packs/archive/nginx:1.0.0' configured as immutable.",
			},
		},
		{
			name: "a quota that is used up",
			prepare: func(ctx context.Context, s *harbortest.Server) error {
				return s.Admin(ctx, "PUT", "quotas/packs", `{"hard":{"storage":102400}}`, nil)
			},
			layer:   strings.Repeat("x", 5<<20),
			refused: "PUT upload 403", most: 1,
			want: refusal{
				registry.ErrQuota, "the storage quota of project packs is used up", "raise the quota of project packs",
				"DENIED: adding 5.0 MiB of storage resource, which when updated to current usage of",
			},
		},
		{
			name:    "read-only mode",
			prepare: func(ctx context.Context, s *harbortest.Server) error { return s.SetReadOnly(ctx, true) },
			refused: "POST upload 403", most: 2,
			want: refusal{registry.ErrNoWrites, "Harbor is in read-only mode", "try again later", "The system is in read only mode."},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := harbortest.Start(t, tt.options)
			addProject(t, s, "packs", "")
			push(t, open(t, specFor(s), options(admin)), "1.0.0", "old")
			if tt.prepare != nil {
				if err := tt.prepare(t.Context(), s); err != nil {
					t.Fatal(err)
				}
			}
			who := admin
			if tt.user != nil {
				who = tt.user(t, s)
			}
			s.Forget()
			r := open(t, specFor(s), options(who))
			_, err := r.Push(t.Context(), nginx, "1.0.0", build(t, "1.0.0", "new"+tt.layer), registry.Hint{})
			tt.want.check(t, err)
			wantRefused(t, s, tt.refused, tt.most)
		})
	}
}

// wantRefused checks that one kind of request was refused, and was not tried again.
func wantRefused(t *testing.T, s *harbortest.Server, request string, most int) {
	t.Helper()
	n := 0
	for _, r := range s.Requests() {
		if r.Status < 400 {
			continue
		}
		if got := describe(r); got != request {
			t.Errorf("%s was refused, want %s", got, request)
		}
		n++
	}
	if n < 1 || n > most {
		t.Errorf("%d requests were refused, want at most %d", n, most)
	}
	wantPulls(t, s, 0)
}

func TestProxyCachesTakeNoPushes(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", `{"registry_id":1}`)
	err := open(t, specFor(s), options(admin)).CreateBasePath(t.Context(), base)
	refusal{
		registry.ErrNoWrites, "project packs is a proxy cache of another registry", "set project: of registry site",
		"can not push artifact to a proxy project: packs",
	}.check(t, err)
	wantRefused(t, s, "POST upload 403", 1)
}

func TestRefusedReadsSayWhy(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "eve", Password: "canary"}}})
	addProject(t, s, "packs", "")
	push(t, open(t, specFor(s), options(admin)), "1.0.0", "one")
	_, err := open(t, specFor(s), options(login{"eve", "canary"})).Observe(t.Context(), nginx, "1.0.0")
	refusal{registry.ErrDenied, "user eve may not pull in project packs", "make the user a member of project packs", ""}.check(t, err)
	_, err = open(t, specFor(s), options(nobody)).Observe(t.Context(), nginx, "1.0.0")
	refusal{registry.ErrUnauthorized, "wants a login", "docker login", ""}.check(t, err)
	wantPulls(t, s, 0)
}

func TestProjectsThatMayNotBeCreatedSayWho(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{{Name: "dev", Password: "canary"}}})
	addProject(t, s, "other", "")
	robot, secret, err := s.AddRobot(t.Context(), "project", "other", "ci", "repository:push", "repository:pull")
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Admin(t.Context(), "PUT", "configurations", `{"project_creation_restriction":"adminonly"}`, nil); err != nil {
		t.Fatal(err)
	}
	create := func(who login, project string) error {
		spec := specFor(s)
		spec.Harbor = &manifest.Harbor{Project: project, CreateProject: true}
		_, err := open(t, spec, options(who)).CreateProject(t.Context())
		return err
	}
	refusal{
		registry.ErrDenied, "only a system administrator may create projects here, and user dev is none", "create project packs by hand",
		"Only system admin can create project",
	}.check(t, create(login{"dev", "canary"}, "packs"))
	refusal{
		registry.ErrDenied, "robot account robot$other+ci belongs to one project and may not create another", "use a system robot account",
		"Only system level robot can create project",
	}.check(t, create(login{robot, secret}, "packs"))
	refusal{registry.ErrDenied, "Harbor takes no project of the name Packs", "lower-case", "illegal characters"}.check(t, create(admin, "Packs"))
	if err := s.SetReadOnly(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	refusal{registry.ErrNoWrites, "Harbor is in read-only mode", "try again later", ""}.check(t, create(admin, "packs"))
}

// TestWrongLoginIsTriedOnce: more would lock the account.
func TestWrongLoginIsTriedOnce(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	for user, hint := range map[string]string{
		"admin": "check user and password", "robot$packs+ci": "check the secret", "robot+ci": "the $ is lost",
	} {
		r := open(t, specFor(s), options(login{user, "canary-wrong"}))
		g := new(errgroup.Group)
		for range 16 {
			g.Go(func() error {
				_, err := r.Observe(t.Context(), nginx, "1.0.0")
				return err
			})
		}
		refusal{registry.ErrUnauthorized, "Harbor refused the login of user \"" + user + "\"", hint, ""}.check(t, g.Wait())
		_, err := r.Push(t.Context(), nginx, "1.0.0", artifact.Empty(), registry.Hint{})
		refusal{registry.ErrUnauthorized, "Harbor refused the login", hint, ""}.check(t, err)
		wantRequests(t, s, "HEAD projects 401")
	}
}

// TestLostHostIsNamed: a reverse proxy that keeps the Host header to itself
// lets everything pass but uploads, and the login of those who use tokens.
func TestLostHostIsNamed(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{LoseHost: "core.invalid:8080"})
	addProject(t, s, "packs", `{"public":true}`)
	_, err := open(t, specFor(s), options(admin)).Push(t.Context(), nginx, "1.0.0", build(t, "1.0.0", "one"), registry.Hint{})
	refusal{registry.ErrProxySetup, "http://core.invalid:8080 instead of " + s.URL, "proxy_set_header Host", ""}.check(t, err)
	for _, r := range s.Requests() {
		if r.Method != http.MethodHead && r.Method != http.MethodPost {
			t.Errorf("%s %s after the address was refused", r.Method, r.Path)
		}
	}
	_, err = open(t, specFor(s), options(nobody)).Push(t.Context(), nginx, "1.0.0", build(t, "1.0.0", "one"), registry.Hint{})
	refusal{registry.ErrProxySetup, "sends clients to core.invalid:8080 to fetch tokens", "proxy_set_header Host", ""}.check(t, err)
}

// TestWrongExternalURL does no harm to those with a login; those without are
// told what is wrong.
func TestWrongExternalURL(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{TLS: true, ExternalURL: "http://harbor.example"})
	addProject(t, s, "packs", "")
	push(t, open(t, specFor(s), options(admin)), "1.0.0", "one")
	_, err := open(t, specFor(s), options(nobody)).Observe(t.Context(), nginx, "1.0.0")
	refusal{registry.ErrProxySetup, "its external_url is wrong", "https://" + s.Host, ""}.check(t, err)
}

// TestWhatStopsAPushIsReturnedAsItIs: it is not Harbor's.
func TestWhatStopsAPushIsReturnedAsItIs(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	r := open(t, specFor(s), options(admin))
	stop := errors.New("stop")
	_, err := r.Push(t.Context(), nginx, "1.0.0", build(t, "1.0.0", "one"), registry.Hint{BeforeTag: func(context.Context) error { return stop }})
	if err != stop { //nolint:errorlint // the very same
		t.Errorf("error %v", err)
	}
	if _, err := r.Observe(t.Context(), nginx, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the version is there: %v", err)
	}
}
