package harbor_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
)

func TestRepositoriesOfAProject(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	as := open(t, specFor(s), options(admin))
	if err := as.CreateBasePath(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	want := []string{base + "/a", base + "/b"}
	for _, name := range append(want, "packs/other", base+"/a/b") {
		if _, err := as.Push(t.Context(), name, "", artifact.Empty(), registry.Hint{}); err != nil {
			t.Fatal(err)
		}
	}
	robot := addRobot(t, s, "project", "repository:pull", "repository:list")
	for _, who := range []login{admin, robot} {
		r := open(t, specFor(s), options(who))
		if got, err := r.Repositories(t.Context(), base); err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: %q, %v; want %q", who.user, got, err, want)
		}
	}
}

func TestRepositoriesThatMayNotBeListed(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	for _, who := range []login{nobody, addRobot(t, s, "project", "repository:pull", "repository:push")} {
		_, err := open(t, specFor(s), options(who)).Repositories(t.Context(), base)
		var e *registry.Error
		if !errors.Is(err, registry.ErrNotListed) || !errors.As(err, &e) || e.Hint == "" {
			t.Errorf("%q: %v, want ErrNotListed with a hint", who.user, err)
		}
	}
}

func TestRepositoriesOfNoProject(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	if _, err := open(t, specFor(s), options(admin)).Repositories(t.Context(), base); !errors.Is(err, registry.ErrNoProject) {
		t.Errorf("%v, want ErrNoProject", err)
	}
	spec := specFor(s)
	spec.Harbor.CreateProject = true
	if got, err := open(t, spec, options(admin)).Repositories(t.Context(), base); err != nil || len(got) != 0 {
		t.Errorf("%q, %v; want none: the project is yet to be created", got, err)
	}
}

func TestRepositoriesInPages(t *testing.T) {
	t.Parallel()
	const all = 230
	h := func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasSuffix(r.URL.Path, "/repositories") {
			return // the project is there
		}
		var page, size int
		_, _ = fmt.Sscan(r.URL.Query().Get("page")+" "+r.URL.Query().Get("page_size"), &page, &size)
		var names []string
		for i := (page - 1) * size; i < min(page*size, all); i++ {
			names = append(names, fmt.Sprintf(`{"name":"%s/p%d"}`, base, i))
		}
		_, _ = fmt.Fprintf(w, "[%s]", strings.Join(names, ","))
	}
	if got, err := openAt(t, h).Repositories(t.Context(), base); err != nil || len(got) != all {
		t.Errorf("%d repositories, %v; want %d", len(got), err, all)
	}
}

func TestHostileListsOfRepositories(t *testing.T) {
	t.Parallel()
	full := "[" + strings.TrimSuffix(strings.Repeat(`{"name":"`+base+`/x"},`, 100), ",") + "]"
	for name, body := range map[string]string{"no JSON": "<html>", "no list": `{"name":"x"}`, "endless": full} {
		h := func(w http.ResponseWriter, _ *http.Request) { _, _ = fmt.Fprint(w, body) }
		if _, err := openAt(t, h).Repositories(t.Context(), base); !errors.Is(err, registry.ErrCorrupt) {
			t.Errorf("%s: %v, want ErrCorrupt", name, err)
		}
	}
}

// openAt opens a Harbor that answers by a handler alone.
func openAt(t *testing.T, h http.HandlerFunc) registry.Lister {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return open(t, &manifest.Registry{
		Name: "site", Type: manifest.TypeHarbor, Host: strings.TrimPrefix(s.URL, "http://"), PlainHTTP: true, Harbor: &manifest.Harbor{Project: "packs"},
	}, options(admin))
}
