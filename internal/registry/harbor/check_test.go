package harbor_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

func TestCheckFindsWhatGetsInTheWay(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{ExternalURL: "https://harbor.example"})
	spec := specFor(s)
	check := func(want ...string) {
		t.Helper()
		s.Forget()
		found, err := open(t, spec, options(admin)).Check(t.Context())
		got := slices.Concat(found.Wrong, found.Unknown)
		if err != nil || len(got) != len(want) {
			t.Fatalf("found %q, %v; want %q", got, err, want)
		}
		for i := range want {
			if !strings.Contains(got[i], want[i]) {
				t.Errorf("found %q, want %q", got[i], want[i])
			}
		}
		for _, r := range s.Requests() {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				t.Errorf("%s %s", r.Method, r.Path)
			}
		}
	}
	const external = "external_url of Harbor is https://…, it is reached by http://"
	check("Harbor has no project packs", external)
	if err := s.Admin(t.Context(), "PUT", "configurations", `{"project_creation_restriction":"adminonly"}`, nil); err != nil {
		t.Fatal(err)
	}
	spec.Harbor.CreateProject = true
	check(external, "only system administrators may create projects here", "no project packs yet: apply creates it")
	addProject(t, s, "packs", `{"registry_id":1}`)
	check("project packs is a proxy cache", external)
	if err := s.SetReadOnly(t.Context(), true); err != nil {
		t.Fatal(err)
	}
	check("project packs is a proxy cache", "Harbor is in read-only mode", external)
}

func TestCheckTellsAWrongLogin(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	_, err := open(t, specFor(s), options(login{"admin", "canary"})).Check(t.Context())
	refusal{registry.ErrUnauthorized, "Harbor refused the login", "check user and password", ""}.check(t, err)
}

// TestCheckTellsRights has accounts that may do less than is needed.
func TestCheckTellsRights(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{
		{Name: "guest", Password: "pw", Roles: map[string]harbortest.Role{"packs": harbortest.RoleGuest}},
		{Name: "developer", Password: "pw", Roles: map[string]harbortest.Role{"packs": harbortest.RoleDeveloper}},
		{Name: "stranger", Password: "pw"},
	}})
	addProject(t, s, "packs", "")
	robot := func(name string, rights ...string) login {
		user, secret, err := s.AddRobot(t.Context(), "project", "packs", name, rights...)
		if err != nil {
			t.Fatal(err)
		}
		return login{user, secret}
	}
	const noPush, noPull, noRead = "may not push to project packs", "may not pull from project packs", "may not read artifacts"
	tests := map[string]struct {
		who            login
		readOnly       bool
		wrong, unknown []string
	}{
		"developer":                {login{"developer", "pw"}, false, nil, nil},
		"guest":                    {login{"guest", "pw"}, false, []string{noPush}, nil},
		"guest of what is read":    {login{"guest", "pw"}, true, nil, nil},
		"stranger":                 {login{"stranger", "pw"}, false, []string{noPull, noPush}, []string{noRead}},
		"robot that publishes":     {robot("ci", "repository:push", "repository:pull", "artifact:read"), false, nil, nil},
		"robot that only pushes":   {robot("push", "repository:push", "repository:pull"), false, nil, []string{noRead}},
		"robot that only pulls":    {robot("pull", "repository:pull"), false, []string{`user "robot$packs+pull"`}, []string{noRead}},
		"robot for something else": {robot("scan", "scan:create"), false, []string{noPull, noPush}, []string{noRead}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := specFor(s)
			spec.ReadOnly = test.readOnly
			found, err := open(t, spec, options(test.who)).Check(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, list := range []struct{ got, want []string }{{found.Wrong, test.wrong}, {found.Unknown, test.unknown}} {
				if len(list.got) != len(list.want) {
					t.Fatalf("found %q, want %q", list.got, list.want)
				}
				for i, want := range list.want {
					if !strings.Contains(list.got[i], want) {
						t.Errorf("found %q, want %q", list.got[i], want)
					}
				}
			}
		})
	}
	t.Cleanup(func() {
		for _, r := range s.Requests() {
			if r.Method != http.MethodGet && r.Method != http.MethodHead {
				t.Errorf("%s %s", r.Method, r.Path)
			}
		}
	})
}
