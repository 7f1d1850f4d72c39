package executor_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/faultproxy"
	"github.com/packs-cli/packs/manifest"
)

// everyStep puts a fault of one kind at the first request of each step of a
// publication that it can befall.
func everyStep(kind faultproxy.Kind) []faultproxy.Rule {
	manifests, uploads := regexp.MustCompile("/x.*/manifests/1"), regexp.MustCompile("/x.*/uploads/")
	return []faultproxy.Rule{
		{Kind: kind, Method: http.MethodHead},
		{Kind: kind, Method: http.MethodGet, Path: manifests},
		{Kind: kind, Method: http.MethodPost, Path: uploads},
		{Kind: kind, Method: http.MethodPut, Path: uploads, Times: 2}, // layer and config
		{Kind: kind, Method: http.MethodPut, Path: manifests},
	}
}

// through gives a world a registry behind a fault proxy.
func (w *world) through(p *faultproxy.Server, r manifest.Registry) {
	r.Name, r.Type, r.Host = "r", manifest.TypeOCI, p.Host
	r.PlainHTTP = r.TLS == nil
	w.catalog.Registries = append(w.catalog.Registries, r)
}

// run plans and applies, for use outside the test's own goroutine.
func (w *world) run(ctx context.Context, o executor.Options) (_ *executor.Report, err error) {
	e, err := executor.New(w.catalog, o)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	p, err := e.Plan(ctx)
	if err != nil {
		return nil, err
	}
	return e.Apply(ctx, p)
}

// TestPublishingThroughEveryFault is the table of docs/reliability.md: what
// each fault, at every step at once, makes of a publication, and that running
// it again mends what failed.
func TestPublishingThroughEveryFault(t *testing.T) {
	t.Parallel()
	fails := map[faultproxy.Kind]string{ // all others pass
		faultproxy.ForeignLocation: "the registry wants the upload at another address",
	}
	s := registrytest.Start(t, registrytest.Options{})
	var all sync.WaitGroup
	for i, kind := range faultproxy.Kinds() {
		w := newWorld(t)
		o, rules := executor.Options{}, everyStep(kind)
		if strings.Contains(string(kind), "never") || strings.Contains(string(kind), "no more") {
			o.RequestTimeout, rules = 3*time.Second, rules[3:4] // each step would cost that time
			rules[0].Times = 1
		}
		p := faultproxy.Start(t, faultproxy.Options{Target: s.Host, Rules: rules, Hang: time.Minute})
		w.through(p, manifest.Registry{BasePathRepository: true, RepositoryPrefix: fmt.Sprint("x", i)})
		w.pack("a", "1.0.0", "a: 1\n")
		all.Go(func() { // not a subtest: they would wait for each other's pauses
			r, err := w.run(t.Context(), o)
			switch want := fails[kind]; {
			case err != nil:
				t.Errorf("%s: %v", kind, err)
				return
			case want == "" && (r.Err() != nil || r.Summary.Pushed != 1):
				t.Errorf("%s: %+v, %v; want it published", kind, r.Summary, r.Err())
			case want != "" && (r.Err() == nil || !strings.Contains(r.Err().Error(), want)):
				t.Errorf("%s: %v, want %q", kind, r.Err(), want)
			}
			again, err := w.run(t.Context(), executor.Options{})
			for n := 0; n < 3 && err == nil && again.Err() != nil; n++ { // a run that fails early leaves faults for the next
				again, err = w.run(t.Context(), executor.Options{})
			}
			if err != nil || again.Err() != nil || again.Summary.Pushed+again.Summary.Unchanged != 1 {
				t.Errorf("%s, run again: %+v, %v", kind, again, err)
			}
			w.heldBy(t, s.Host, string(kind))
			if leaks := p.Leaks(); len(leaks) > 0 {
				t.Errorf("%s: credentials went to another host", kind)
			}
		})
	}
	all.Wait()
}

// heldBy pulls every version of the world from a registry itself, past the
// proxy, and compares the files.
func (w *world) heldBy(t *testing.T, host, what string) {
	t.Helper()
	direct := *w.catalog
	direct.Registries = []manifest.Registry{w.catalog.Registries[0]}
	direct.Registries[0].Host, direct.Registries[0].TLS, direct.Registries[0].PlainHTTP = host, nil, true
	e, err := executor.New(&direct, executor.Options{Pulling: true})
	if err != nil {
		t.Errorf("%s: %v", what, err)
		return
	}
	defer e.Close()
	for i := range w.catalog.Packs {
		p := &w.catalog.Packs[i]
		got, err := e.Pull(t.Context(), executor.PullRequest{Registry: "r", Name: p.Name, Version: p.Version, Dir: t.TempDir()})
		if err != nil {
			t.Errorf("%s: %s@%s: %v", what, p.Name, p.Version, err)
			continue
		}
		if pulled, mine := read(t, filepath.Join(got.Path, "values.yaml")), read(t, filepath.Join(p.Dir, "values.yaml")); pulled != mine {
			t.Errorf("%s: %s@%s holds %q, want %q", what, p.Name, p.Version, pulled, mine)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Error(err)
	}
	return string(b)
}

// TestReadingThroughFaults fetches a published version, with a login that must
// not follow a redirect.
func TestReadingThroughFaults(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic})
	login := &manifest.Credentials{Username: registrytest.Username, PasswordEnv: "PASSWORD"}
	env := func(name string) (string, bool) { return registrytest.Password, name == "PASSWORD" }
	tests := map[faultproxy.Kind]error{
		faultproxy.Truncated: nil, faultproxy.SlowDownload: nil, faultproxy.StalledDownload: nil, faultproxy.Redirected: nil,
		faultproxy.NoDigest: nil, faultproxy.Unavailable: nil, faultproxy.CutBefore: nil, faultproxy.StalledReply: nil,
		faultproxy.WrongDigest: nil, // asked once more
		faultproxy.Corrupted:   registry.ErrDigest,
	}
	w := newWorld(t)
	plain := faultproxy.Start(t, faultproxy.Options{Target: s.Host})
	w.through(plain, manifest.Registry{Credentials: login})
	w.pack("a", "1.0.0", strings.Repeat("a: 1\n", 1000))
	if r := w.apply(executor.Options{Env: env}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	var all sync.WaitGroup
	for kind, want := range tests {
		p := faultproxy.Start(t, faultproxy.Options{Target: s.Host, Hang: time.Minute, Rules: []faultproxy.Rule{
			{Kind: kind, Method: http.MethodGet, Path: regexp.MustCompile("/manifests/"), First: 2}, // the first is refused, for the login
			{Kind: kind, Method: http.MethodGet, Path: regexp.MustCompile("/blobs/")},
		}})
		catalog := *w.catalog
		catalog.Registries = []manifest.Registry{w.catalog.Registries[0]}
		catalog.Registries[0].Host = p.Host
		dir := t.TempDir()
		all.Go(func() {
			e, err := executor.New(&catalog, executor.Options{Pulling: true, Env: env, RequestTimeout: 3 * time.Second})
			if err != nil {
				t.Error(err)
				return
			}
			defer e.Close()
			_, err = e.Pull(t.Context(), executor.PullRequest{Registry: "r", Name: "a", Version: "1.0.0", Dir: dir})
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", kind, err, want)
			}
			if left, _ := os.ReadDir(dir); want != nil && len(left) > 0 {
				t.Errorf("%s: %v is left of what could not be fetched", kind, left)
			}
			if len(p.Faults()) == 0 || len(p.Leaks()) > 0 {
				t.Errorf("%s: faults %v, logins sent elsewhere %q", kind, p.Faults(), p.Leaks())
			}
		})
	}
	all.Wait()
}

// TestConnectionsThatEndUnderManyPacks has HTTP/2 connections end by GOAWAY,
// and single streams, while many packs are under way on them.
func TestConnectionsThatEndUnderManyPacks(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	ca, err := registrytest.NewCA(t.TempDir(), "faultproxy")
	if err != nil {
		t.Fatal(err)
	}
	pair, err := ca.Issue("proxy", registrytest.Leaf{Hosts: []string{"127.0.0.1"}})
	if err != nil {
		t.Fatal(err)
	}
	p := faultproxy.Start(t, faultproxy.Options{
		Target: s.Host, TLS: &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{pair.TLS}, NextProtos: []string{"h2"}},
		Seed: 1, Rate: 0.2, Kinds: []faultproxy.Kind{faultproxy.GoAway, faultproxy.CutBefore},
	})
	w := newWorld(t)
	w.through(p, manifest.Registry{TLS: &manifest.TLS{CAFile: ca.File}})
	w.publishMany(t, executor.Options{})
	if n := p.Count(); n[faultproxy.GoAway] == 0 || n[faultproxy.CutBefore] == 0 {
		t.Errorf("faults %v", n)
	}
}

// TestTokensThatExpireUnderManyPacks has each bearer token taken three times only.
func TestTokensThatExpireUnderManyPacks(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer})
	p := faultproxy.Start(t, faultproxy.Options{Target: s.Host, TokenRequests: 3})
	w := newWorld(t)
	w.through(p, manifest.Registry{Credentials: &manifest.Credentials{Username: registrytest.Username, PasswordEnv: "PASSWORD"}})
	w.publishMany(t, executor.Options{Env: func(name string) (string, bool) { return registrytest.Password, name == "PASSWORD" }})
	if n := len(s.Tokens.Requests()); n <= manyPacks {
		t.Errorf("%d tokens for %d repositories: none expired", n, manyPacks)
	}
}

const manyPacks = 24

// publishMany publishes packs and finds them all unchanged afterwards.
func (w *world) publishMany(t *testing.T, o executor.Options) {
	t.Helper()
	for i := range manyPacks {
		w.pack(fmt.Sprint("a", i), "1.0.0", strings.Repeat("a: 1\n", i))
	}
	if r := w.apply(o); r.Err() != nil || r.Summary.Pushed != manyPacks {
		t.Errorf("%+v, %v", r.Summary, r.Err())
	}
	if r := w.apply(o); r.Err() != nil || r.Summary.Unchanged != manyPacks {
		t.Errorf("again: %+v, %v", r.Summary, r.Err())
	}
}

// TestRegistryThatDoesNotKnowArtifactType says which shape does without it; the
// default one passes, see TestPublishingThroughEveryFault.
func TestRegistryThatDoesNotKnowArtifactType(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	p := faultproxy.Start(t, faultproxy.Options{Target: s.Host, Rules: []faultproxy.Rule{{Kind: faultproxy.TypeRefused, Times: -1}}})
	w := newWorld(t)
	w.through(p, manifest.Registry{})
	shape := &w.catalog.Registries[0].Artifact.Shape
	w.pack("a", "1.0.0", "a: 1\n")
	*shape = "oras-1.1"
	r := w.apply(executor.Options{})
	if r.Summary.Failed != 1 || !strings.Contains(r.Items[0].Error, "artifactType") || !strings.Contains(r.Items[0].Hint, "oras-1.0") {
		t.Errorf("%+v", r.Items)
	}
	*shape = ""
	if r := w.apply(executor.Options{}); r.Summary.Pushed != 1 {
		t.Errorf("%+v", r.Items)
	}
}
