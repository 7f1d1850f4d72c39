package harbor_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/harbor"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
)

// observeAll looks at many versions at once, as a plan does.
func observeAll(t *testing.T, r registry.Observer, versions ...string) []registry.Observation {
	t.Helper()
	all := make([]registry.Observation, len(versions))
	g, ctx := errgroup.WithContext(t.Context())
	for i, v := range versions {
		g.Go(func() (err error) {
			all[i], err = r.Observe(ctx, nginx, v)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	return all
}

// versions pushes n versions and returns their names.
func versions(t *testing.T, s *harbortest.Server, n int) []string {
	t.Helper()
	r := open(t, specFor(s), options(admin))
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("1.0.%d", i)
		push(t, r, names[i], names[i])
	}
	s.Forget()
	return names
}

// TestReadersObserveThroughTheAPI: one request a version, and none is a pull.
func TestReadersObserveThroughTheAPI(t *testing.T) {
	t.Parallel()
	before := time.Now().Add(-time.Second)
	s := harbortest.Start(t, harbortest.Options{Users: []harbortest.User{
		{Name: "dev", Password: "x", Roles: map[string]harbortest.Role{"packs": harbortest.RoleDeveloper}},
	}})
	addProject(t, s, "packs", "")
	const n = 20
	names := versions(t, s, n)
	for _, who := range []login{{"dev", "x"}, addRobot(t, s, "project", "repository:push", "repository:pull", "artifact:read")} {
		r := open(t, specFor(s), options(who))
		for i, o := range observeAll(t, r, names...) {
			a := build(t, names[i], names[i])
			if o.Manifest.Digest != a.Manifest.Digest || o.ContentDigest != digestA || o.Shape != artifact.Shape10 || o.PushedAt.Before(before) {
				t.Errorf("%s: %+v", names[i], o)
			}
			if got := o.Ignored("nginx", names[i]); got != "" || o.Layer.Digest != "" {
				t.Errorf("%s: ignored %q, layer %q", names[i], got, o.Layer.Digest)
			}
		}
		wantPulls(t, s, 0)
		wantRequests(t, s, append(times(n, "GET artifact 200"), getsHead)...)
	}
}

// TestPushersObserveByHead: a robot account that may only push and pull is
// refused the API once, and pulls each version once in its life.
func TestPushersObserveByHead(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	const n = 20
	names := versions(t, s, n)
	robot := addRobot(t, s, "project")
	cache := t.TempDir()
	for run, fetched := range []int{n, 0} {
		known, err := harbor.OpenFolder(filepath.Join(cache, "manifests"))
		if err != nil {
			t.Fatal(err)
		}
		defer known.Close()
		o := options(robot)
		o.Known = known
		r := open(t, specFor(s), o)
		for i, o := range observeAll(t, r, names...) {
			a := build(t, names[i], names[i])
			if o.Manifest.Digest != a.Manifest.Digest || o.Manifest.Size != a.Manifest.Size || o.Layer.Digest != a.Layer.Digest || o.ContentDigest != digestA {
				t.Errorf("run %d, %s: %+v", run, names[i], o)
			}
		}
		wantPulls(t, s, fetched)
		want := append(times(n, "HEAD manifest 200"), times(fetched, "GET manifest 200")...)
		wantRequests(t, s, append(want, getsHead, "GET artifact 403")...)
		observeAll(t, r, names...) // what is known now needs no more
		wantPulls(t, s, 0)
		s.Forget()
	}
}

func TestWhatWasPushedIsKnown(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	r := open(t, specFor(s), options(addRobot(t, s, "system")))
	a := push(t, r, "1.0.0", "one")
	o := observeAll(t, r, "1.0.0")[0]
	if o.Layer.Digest != a.Layer.Digest {
		t.Errorf("observed %+v", o)
	}
	wantPulls(t, s, 0)
}

// TestHandPushedVersionsAreFetchedOnce: they have no content digest.
func TestHandPushedVersionsAreFetchedOnce(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	orasPush(t, s, nginx+":1.0.0", "nginx-1.0.0.tar.gz", "hello")
	s.Forget()
	known := new(harbor.Memory)
	for _, want := range []int{1, 1} {
		o := options(admin)
		o.Known = known
		got := observeAll(t, open(t, specFor(s), o), "1.0.0")[0]
		if got.ContentDigest != "" || got.Shape != artifact.Shape10 || got.Title != "nginx-1.0.0.tar.gz" || got.Layer.Size != 5 {
			t.Errorf("observed %+v", got)
		}
		wantPulls(t, s, want)
	}
}

// orasPush pushes a file with the real CLI in the shape of v1.0.
func orasPush(t *testing.T, s *harbortest.Server, ref, name, content string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
	run(t, dir, registrytest.Tool(t, "oras"), "push", "--plain-http", "-u", admin.user, "-p", admin.password,
		"--image-spec", "v1.0", s.Host+"/"+ref, name)
}

func TestMissingVersions(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	push(t, open(t, specFor(s), options(admin)), "1.0.0", "one")
	for _, who := range []login{admin, addRobot(t, s, "project")} {
		r := open(t, specFor(s), options(who))
		for repository, noRepository := range map[string]bool{nginx: false, base + "/none": true} {
			_, err := r.Observe(t.Context(), repository, "2.0.0")
			if !errors.Is(err, registry.ErrNotFound) {
				t.Errorf("%s: %v", repository, err)
			}
			if who == admin && errors.Is(err, registry.ErrNoRepository) != noRepository {
				t.Errorf("%s: %v, want no repository: %t", repository, err, noRepository)
			}
		}
	}
	wantPulls(t, s, 0)
}

func TestWhatIsNoPackIsToldWithItsDigest(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	r := open(t, specFor(s), options(admin))
	empty := artifact.Empty()
	if _, err := r.Push(t.Context(), nginx, "1.0.0", empty, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		o, err := open(t, specFor(s), options(admin)).Observe(t.Context(), nginx, "1.0.0")
		if !errors.Is(err, artifact.ErrNotPack) || o.Manifest.Digest != empty.Manifest.Digest {
			t.Errorf("observed %+v, %v", o, err)
		}
	}
}

// TestPublicProjectsAreReadWithoutALogin: by the API where it answers, and no
// token is fetched.
func TestPublicProjectsAreReadWithoutALogin(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", `{"public":true}`)
	a := push(t, open(t, specFor(s), options(admin)), "1.0.0", "one")
	s.Forget()
	r := open(t, specFor(s), options(nobody))
	if o := observeAll(t, r, "1.0.0")[0]; o.Manifest.Digest != a.Manifest.Digest {
		t.Errorf("observed %+v", o)
	}
	wantRequests(t, s, "HEAD projects 401", "GET artifact 200")
}

func TestImmutableIsTold(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	addProject(t, s, "packs", "")
	push(t, open(t, specFor(s), options(admin)), "1.0.0", "one")
	for _, want := range []bool{false, true} {
		r := open(t, specFor(s), options(admin))
		if got, err := r.Immutable(t.Context(), nginx, "1.0.0"); err != nil || got != want {
			t.Errorf("immutable %t, %v; want %t", got, err, want)
		}
		if err := s.AddImmutableRule(t.Context(), "packs"); err != nil {
			t.Fatal(err)
		}
	}
	r := open(t, specFor(s), options(addRobot(t, s, "project")))
	if got, err := r.Immutable(t.Context(), nginx, "1.0.0"); err != nil || got {
		t.Errorf("without the right to see it: %t, %v", got, err)
	}
	wantPulls(t, s, 0)
}
