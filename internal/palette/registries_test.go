package palette

import (
	"errors"
	"net/http"
	"testing"

	"github.com/packs-cli/packs/internal/palettetest"
	"github.com/packs-cli/packs/internal/registry"
)

func TestFindSeesNamesOfEveryClassAndScope(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{})
	s.AddRegistry("site", "helm", "", "tenant")
	s.AddRegistry("site", "oci", "ecr", "cluster")
	s.AddRegistry("other", "oci", "basic", "tenant")
	for _, key := range []string{palettetest.TenantAdmin, palettetest.Viewer} {
		c, _ := client(t, s, key)
		found, err := c.Find(t.Context(), "site")
		if err != nil || len(found) != 2 || found[0].Class != "helm" || found[1].Kind != ECR || !found[1].OfSystem() || found[0].OfSystem() {
			t.Errorf("found %+v, %v", found, err)
		}
		found, err = c.Find(t.Context(), "nope")
		if err != nil || len(found) != 0 {
			t.Errorf("found %+v, %v", found, err)
		}
	}
}

// TestFindWithoutTheListOfAll: where only the list of OCI registries is there,
// it is asked; where neither is, that is an error.
func TestFindWithoutTheListOfAll(t *testing.T) {
	t.Parallel()
	for _, status := range []int{403, 404, 405} {
		s := palettetest.Start(t, palettetest.Options{})
		s.AddRegistry("site", "oci", "basic", "tenant")
		s.Fail(palettetest.Fault{End: "/registries/metadata", Status: status, Body: `{"code":"X"}`})
		c, _ := client(t, s, palettetest.TenantAdmin)
		if found, err := c.Find(t.Context(), "site"); err != nil || len(found) != 1 || found[0].Kind != Basic {
			t.Errorf("%d: found %+v, %v", status, found, err)
		}
		viewer, _ := client(t, s, palettetest.Viewer)
		if found, err := viewer.Find(t.Context(), "site"); !errors.Is(err, registry.ErrDenied) {
			t.Errorf("%d: found %+v, %v, want that it is denied", status, found, err)
		}
	}
}

func TestCreateGetUpdate(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{})
	c, _ := client(t, s, palettetest.TenantAdmin)
	w := wantedBasic("http://127.0.0.1:1", "base")
	w.Spec.Auth.Type, w.Spec.Auth.Username, w.Spec.Auth.Password = "basic", "u", "secret"
	uid, err := c.Create(t.Context(), Basic, w.Registration(nil))
	if err != nil || uid != s.UID("site") {
		t.Fatalf("uid %q, %v", uid, err)
	}
	// The kind is a guess: verbs of the other one are 404.
	r, kind, err := c.Get(t.Context(), Entry{UID: uid, Name: "site", Kind: ECR})
	if err != nil || kind != Basic || r.Spec.Auth.Password != "********" || len(w.Differences(r)) != 0 {
		t.Errorf("got %+v, %s, %v, differences %v", r.Spec, kind, err, w.Differences(r))
	}
	w.Spec.Endpoint, w.Spec.BaseContentPath = "http://127.0.0.1:2", "other"
	if d := w.Differences(r); len(d) != 2 || d[0] != (Change{"endpoint", "http://127.0.0.1:1", "http://127.0.0.1:2"}) {
		t.Errorf("differences %v", d)
	}
	if err := c.Update(t.Context(), Basic, uid, w.Registration(r)); err != nil {
		t.Fatal(err)
	}
	if got := s.Spec("site"); s.UID("site") != uid || got["endpoint"] != "http://127.0.0.1:2" || got["auth"].(map[string]any)["password"] != "secret" {
		t.Errorf("after the update: %v", got)
	}
	for _, q := range s.Requests() {
		if q.Project != "" {
			t.Errorf("%s %s has a project: registries are the tenant's", q.Method, q.Path)
		}
	}
	if _, _, err := c.Get(t.Context(), Entry{UID: "gone", Name: "gone"}); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("a registry that is gone: %v", err)
	}
}

// TestCreateIsNotRepeatedBlindly: where the answer got lost, the registry is
// looked for by its name before it is made again.
func TestCreateIsNotRepeatedBlindly(t *testing.T) {
	t.Parallel()
	for _, status := range []int{0, 502, 503, 429} {
		for _, done := range []bool{true, false} {
			s := palettetest.Start(t, palettetest.Options{})
			c, _ := client(t, s, palettetest.TenantAdmin)
			s.Fail(palettetest.Fault{Method: http.MethodPost, End: "/registries/oci/basic", Times: 1, Status: status, Done: done})
			uid, err := c.Create(t.Context(), Basic, wantedBasic("http://127.0.0.1:1", "b").Registration(nil))
			if err != nil || uid == "" || uid != s.UID("site") {
				t.Errorf("%d, done %v: uid %q, %v", status, done, uid, err)
			}
			posts := s.Count(http.MethodPost, "/registries/oci/basic")
			if done && posts != 1 || !done && posts != 2 {
				t.Errorf("%d, done %v: %d POSTs", status, done, posts)
			}
		}
	}
}

func TestCreateTellsThatANameIsTaken(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{})
	s.AddRegistry("site", "oci", "ecr", "tenant")
	c, _ := client(t, s, palettetest.TenantAdmin)
	_, err := c.Create(t.Context(), Basic, wantedBasic("http://127.0.0.1:1", "b").Registration(nil))
	var api *APIError
	if !errors.As(err, &api) || api.Status != http.StatusConflict || api.Code != "DuplicateResourceName" {
		t.Errorf("error %v", err)
	}
}

func TestValidate(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{})
	c, _ := client(t, s, palettetest.TenantAdmin)
	w := wantedBasic("http://127.0.0.1:1", "b")
	err := c.Validate(t.Context(), Basic, &w.Spec)
	var api *APIError
	if !errors.As(err, &api) || api.Code != "RegistryValidationFailed" {
		t.Errorf("nobody listens there: %v", err)
	}
	old := palettetest.Start(t, palettetest.Options{NoValidate: true})
	c, _ = client(t, old, palettetest.TenantAdmin)
	if err := c.Validate(t.Context(), Basic, &w.Spec); !errors.Is(err, ErrNotOffered) {
		t.Errorf("a Palette without it: %v", err)
	}
}
