package harbor_test

import (
	"net/http"
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
		got, err := open(t, spec, options(admin)).Check(t.Context())
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
	check(external, "only system administrators may create projects here")
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
