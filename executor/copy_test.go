package executor_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// from makes a catalog copy from its first registry to all others.
func (w *world) from(f manifest.From) *manifest.From {
	w.t.Helper()
	f.Registry = w.catalog.Registries[0].Name
	for _, r := range w.catalog.Registries[1:] {
		f.Registries = append(f.Registries, manifest.Target{Registry: r.Name, OnChange: manifest.OnChangeFail})
	}
	f.Position.Line = 20 + len(w.catalog.From)
	w.catalog.From = append(w.catalog.From, f)
	return &w.catalog.From[len(w.catalog.From)-1]
}

// filled returns a world whose first registry holds some packs, NAME@VERSION
// with that as content; its catalog has no packs any more.
func filled(t *testing.T, w *world, packs ...string) *world {
	t.Helper()
	registries := w.catalog.Registries
	w.catalog.Registries = registries[:1]
	for _, p := range packs {
		name, v, _ := strings.Cut(p, "@")
		w.pack(name, v, "x: "+p+"\n")
	}
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	w.catalog.Registries, w.catalog.Packs = registries, nil
	return w
}

func TestMigrationCopiesByteForByte(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, dev := w.onServer("old"), w.onServer("dev")
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{Name: "disk", Type: manifest.TypeLayout, Path: filepath.Join(w.dir, "disk")})
	filled(t, w, "a@1.0.0", "a@1.1.0", "b@2.0.0-rc.1", "b@nightly")
	w.from(manifest.From{})
	r := w.apply(executor.Options{})
	if r.Err() != nil || r.Summary.Pushed != 8 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	for _, it := range r.Items {
		if it.Name == "" {
			continue
		}
		if it.From != "old" || it.Digest != manifestDigest(t, old, it.Repository, it.Version) {
			t.Errorf("%s@%s at %s has %s from %q", it.Name, it.Version, it.Registry, it.Digest, it.From)
		}
	}
	sinceOld, sinceDev := len(old.Requests()), len(dev.Requests())
	again := w.apply(executor.Options{})
	if again.Err() != nil || again.Summary.Unchanged != 8 || again.Summary.Pushed != 0 {
		t.Errorf("second run: %+v, %v", again.Summary, again.Err())
	}
	// The catalog once, the tags of each pack, each version; at the target each version and the base path.
	if got, want := requests(old, sinceOld), map[string]int{"GET other": 1, "GET tags": 2, "GET manifests": 4}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("at the source: %v, want %v", got, want)
	}
	if got, want := requests(dev, sinceDev), map[string]int{"GET manifests": 4, "HEAD manifests": 1}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("at the target: %v, want %v", got, want)
	}
}

// manifestDigest asks a server itself.
func manifestDigest(t *testing.T, s *registrytest.Server, repository, tag string) string {
	t.Helper()
	desc, _, err := direct(t, s).Manifest(t.Context(), repository, tag)
	if err != nil {
		t.Fatal(err)
	}
	return desc.Digest.String()
}

func direct(t *testing.T, s *registrytest.Server) *oci.Registry {
	t.Helper()
	r, err := oci.New(&manifest.Registry{Name: "direct", Host: s.Host, PlainHTTP: true}, oci.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = r.Close() })
	return r
}

func TestCopiesAreChosen(t *testing.T) {
	t.Parallel()
	all := []string{"a@1.0.0", "a@1.1.0", "a@2.0.0-rc.1", "a@nightly", "bc@1.0.0", "bd@1.0.0"}
	tests := []struct {
		name string
		from manifest.From
		o    executor.Options
		want string
	}{
		{"all", manifest.From{}, executor.Options{}, "a@1.0.0 a@1.1.0 a@2.0.0-rc.1 a@nightly bc@1.0.0 bd@1.0.0"},
		{"glob", manifest.From{Names: []string{"b*"}}, executor.Options{}, "bc@1.0.0 bd@1.0.0"},
		{"glob and only", manifest.From{Names: []string{"b*"}, Only: manifest.Only{Names: []string{"*d"}}}, executor.Options{}, "bd@1.0.0"},
		{"range", manifest.From{Only: manifest.Only{Versions: ">1.0.0"}}, executor.Options{}, "a@1.1.0 a@2.0.0-rc.1"},
		{"exact", manifest.From{Only: manifest.Only{Versions: "nightly"}}, executor.Options{}, "a@nightly"},
		{"option", manifest.From{}, executor.Options{Packs: []string{"a@<1.1", "bc"}}, "a@1.0.0 bc@1.0.0"},
		{"name", manifest.From{Names: []string{"bd", "gone"}}, executor.Options{}, "bd@1.0.0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := filled(t, newWorld(t, "old", "new"), all...)
			w.from(tt.from)
			p := w.plan(tt.o)
			var got []string
			for _, a := range p.Actions {
				got = append(got, a.Name+"@"+a.Version)
				if a.Kind != plan.Push || a.From != "old" || a.Registry != "new" || a.Digest == "" || a.ContentDigest == "" || a.Bytes == 0 || a.Path != "" {
					t.Errorf("%+v", a)
				}
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("chose %q, want %q", got, tt.want)
			}
			if remark := `packs.yaml:20: from: old: versions ">1.0.0" cannot judge, and so leaves out: a:nightly`; (tt.name == "range") != strings.Contains(strings.Join(p.Remarks, "\n"), remark) {
				t.Errorf("remarks %q", p.Remarks)
			}
		})
	}
}

// A slip in one of several names must not go unseen.
func TestNamesThatTheSourceLacksAreTold(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "old", "new"), "a@1.0.0", "b@1.0.0")
	for _, tt := range []struct {
		names []string
		opts  executor.Options
		want  string
	}{
		{[]string{"a", "b"}, executor.Options{}, ""},
		{[]string{"nope", "a", "typo"}, executor.Options{}, "packs.yaml:20: from: old: nothing there is chosen of nope, typo"},
		{[]string{"nope"}, executor.Options{}, "packs.yaml:20: from: old: nothing there is chosen"},
		{[]string{"nope", "a"}, executor.Options{Packs: []string{"a"}}, ""},
		{[]string{"n*", "a"}, executor.Options{}, ""},
	} {
		w.catalog.From = nil
		w.from(manifest.From{Names: tt.names})
		if p := w.plan(tt.opts); strings.Join(p.Remarks, "\n") != tt.want {
			t.Errorf("%v: remarks %q, want %q", tt.names, p.Remarks, tt.want)
		}
	}
}

func TestSelectorsThatNoSourceHas(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "old", "new"), "a@1.0.0")
	w.from(manifest.From{})
	for _, o := range []executor.Options{{Packs: []string{"b"}}, {Overwrite: []string{"a@2.0.0"}}} {
		_, err := w.executor(o).Plan(context.Background())
		var input *executor.InputError
		if !errors.As(err, &input) {
			t.Errorf("%+v: %v, want an InputError", o, err)
		}
	}
	if got := kinds(w.plan(executor.Options{Overwrite: []string{"a@1.0.0"}})); got != "push a@1.0.0 new" {
		t.Error(got)
	}
}

// TestCopiesOverOtherContent is of a target that has the version already.
func TestCopiesOverOtherContent(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "old", "new"), "a@1.0.0", "b@1.0.0")
	w.pack("a", "1.0.0", "x: other\n").Targets = []manifest.Target{{Registry: "new", OnChange: manifest.OnChangeFail}}
	w.apply(executor.Options{})
	w.catalog.Packs = nil
	f := w.from(manifest.From{})
	p := w.plan(executor.Options{})
	if got, want := kinds(p), "conflict a@1.0.0 new\npush b@1.0.0 new"; got != want {
		t.Fatalf("%s\nwant\n%s", got, want)
	}
	if a := p.Actions[0]; a.Reason != "published with other content: ~values.yaml" || !strings.Contains(a.Hint, "by what old holds") {
		t.Errorf("reason %q, hint %q", a.Reason, a.Hint)
	}
	f.Registries[0].OnChange = manifest.OnChangeSkip
	if got, want := kinds(w.plan(executor.Options{})), "skip a@1.0.0 new\npush b@1.0.0 new"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	r := w.apply(executor.Options{Overwrite: []string{"a@1.0.0"}})
	if r.Err() != nil || r.Summary.Overwritten != 1 || r.Items[0].Previous == "" {
		t.Errorf("%+v, %v", r.Items[0], r.Err())
	}
	if again := w.plan(executor.Options{}); again.Summary.Unchanged != 2 {
		t.Errorf("afterwards %s", kinds(again))
	}
}

// handPushed is an artifact as oras 1.0 makes it, of a pack's archive.
func handPushed(t *testing.T, name, version, content string, o artifact.Options) *artifact.Artifact {
	t.Helper()
	archive := archiveOf(t, name, version, content)
	a, err := artifact.New(artifact.Bytes("", archive), artifact.Title(name, version), o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// archiveOf returns the archive of a pack, as it is published.
func archiveOf(t *testing.T, name, version, content string) []byte {
	t.Helper()
	other := newWorld(t, "tmp")
	other.pack(name, version, content)
	other.apply(executor.Options{})
	out := t.TempDir()
	p, err := other.executor(executor.Options{}).Pull(t.Context(), executor.PullRequest{Registry: "tmp", Name: name, Version: version, Dir: out, Archive: true})
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(p.Path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func (w *world) pushByHand(s *registrytest.Server, name, version string, a *artifact.Artifact) {
	w.t.Helper()
	if _, err := direct(w.t, s).Push(w.t.Context(), "spectro-packs/archive/"+name, version, a, registry.Hint{}); err != nil {
		w.t.Fatal(err)
	}
}

func TestHandPushedArtifactsMigrateUnchangedOrRewritten(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, dev := w.onServer("old"), w.onServer("dev")
	ten := handPushed(t, "a", "1.0.0", "x: 1\n", artifact.Options{})
	eleven := handPushed(t, "b", "1.0.0", "x: 1\n", artifact.Options{Shape: artifact.Shape11})
	w.pushByHand(old, "a", "1.0.0", ten)
	w.pushByHand(old, "b", "1.0.0", eleven)
	f := w.from(manifest.From{})
	r := w.apply(executor.Options{})
	if r.Err() != nil || r.Summary.Pushed != 2 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	for name, a := range map[string]*artifact.Artifact{"a": ten, "b": eleven} {
		if got := manifestDigest(t, dev, "spectro-packs/archive/"+name, "1.0.0"); got != a.Manifest.Digest.String() {
			t.Errorf("%s has %s, want %s", name, got, a.Manifest.Digest)
		}
	}
	if it := r.Items[2]; !strings.Contains(it.Warning, "what old holds has the shape that oras 1.1") || !strings.Contains(it.Hint, "rewrite: true") {
		t.Errorf("warning %q, hint %q", it.Warning, it.Hint)
	}
	// Rewriting what is there already takes a word: the content is the same.
	f.Rewrite = true
	if got, want := kinds(w.plan(executor.Options{})), "unchanged a@1.0.0 dev\nunchanged b@1.0.0 dev"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	r = w.apply(executor.Options{RepairShape: true})
	if r.Err() != nil || r.Summary.Overwritten != 1 || r.Summary.Unchanged != 1 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	desc, raw, err := direct(t, dev).Manifest(t.Context(), "spectro-packs/archive/b", "1.0.0")
	if err != nil {
		t.Fatal(err)
	}
	info, err := artifact.Inspect(desc, raw)
	if err != nil || info.Shape != artifact.Shape10 || info.ContentDigest == "" || info.Layer.Digest != eleven.Layer.Digest || info.Ignored("b", "1.0.0") != "" {
		t.Errorf("%+v, %v", info, err)
	}
	if again := w.plan(executor.Options{RepairShape: true}); again.Summary.Unchanged != 2 {
		t.Errorf("afterwards %s", kinds(again))
	}
}

func TestWhatIsNoPackIsNotCopied(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.onServer("old")
	w.onServer("dev")
	w.pushByHand(old, "a", "1.0.0", artifact.Empty())
	w.from(manifest.From{})
	p := w.plan(executor.Options{})
	if got, want := kinds(p), "create-repository @ dev\nskip a@1.0.0 dev"; got != want || !strings.Contains(p.Actions[1].Warning, "not a pack") {
		t.Errorf("%s %q", got, p.Actions[1].Warning)
	}
}

func TestBlobsAreMountedWithinOneRegistry(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.onServer("dev")
	prod := w.catalog.Registries[0]
	prod.Name, prod.RepositoryPrefix = "prod", "prod"
	w.catalog.Registries = append(w.catalog.Registries, prod)
	filled(t, w, "a@1.0.0")
	w.from(manifest.From{})
	since := len(s.Requests())
	r := w.apply(executor.Options{})
	if r.Err() != nil || r.Summary.Pushed != 1 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	got := requests(s, since)
	if got["PUT uploads"] > 1 || got["GET blobs"] > 0 { // the config blob of the base path at most
		t.Errorf("requests %v: blobs are sent that could be mounted", got)
	}
	if manifestDigest(t, s, "prod/spectro-packs/archive/a", "1.0.0") != manifestDigest(t, s, "spectro-packs/archive/a", "1.0.0") {
		t.Error("digests differ")
	}
}

func TestBlobsThatAreThereAreNotSentAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, dev := w.onServer("old"), w.onServer("dev")
	filled(t, w, "a@1.0.0")
	w.from(manifest.From{})
	w.apply(executor.Options{})
	if err := os.RemoveAll(filepath.Join(dev.Storage, "docker/registry/v2/repositories/spectro-packs/archive/a/_manifests")); err != nil {
		t.Fatal(err)
	}
	sinceOld, since := len(old.Requests()), len(dev.Requests())
	if r := w.apply(executor.Options{}); r.Err() != nil || r.Summary.Pushed != 1 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	if got := requests(dev, since); got["PUT uploads"] != 0 {
		t.Errorf("requests at the target %v", got)
	}
	if got := requests(old, sinceOld); got["GET blobs"] != 0 {
		t.Errorf("requests at the source %v", got)
	}
}

func TestASourceThatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "up", "new")
	w.catalog.Registries[0] = manifest.Registry{Name: "down", Type: manifest.TypeOCI, Host: "127.0.0.1:1", PlainHTTP: true}
	w.pack("a", "1.0.0", "x").Targets = []manifest.Target{{Registry: "new", OnChange: manifest.OnChangeFail}}
	w.from(manifest.From{})
	r := w.apply(executor.Options{})
	if r.Summary.Pushed != 1 || r.Summary.Failed != 1 || !errors.Is(r.Err(), registry.ErrUnreachable) {
		t.Errorf("%+v, %v", r.Summary, r.Err())
	}
}

func TestFolderAndCopyOfOneVersion(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "old", "new"), "a@1.0.0")
	to := []manifest.Target{{Registry: "new", OnChange: manifest.OnChangeFail}}
	p := w.pack("a", "1.0.0", "x: a@1.0.0\n")
	p.Targets = to
	w.from(manifest.From{})
	got := w.plan(executor.Options{})
	if kinds(got) != "push a@1.0.0 new" || got.Actions[0].Path == "" {
		t.Errorf("same content: %s %+v", kinds(got), got.Actions)
	}
	w.write(filepath.Join(p.Dir, "values.yaml"), "y: 2\n")
	_, err := w.executor(executor.Options{}).Plan(t.Context())
	var input *executor.InputError
	if !errors.As(err, &input) || !strings.Contains(err.Error(), "packs.yaml:20:") || !strings.Contains(err.Error(), "content differs") {
		t.Errorf("other content: %v", err)
	}
}

// TestWhatTheRunPushesToTheSourceIsLeftToTheNext: the source is seen as it was.
func TestWhatTheRunPushesToTheSourceIsLeftToTheNext(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "dev", "prod")
	w.pack("a", "1.0.0", "x").Targets = []manifest.Target{{Registry: "dev", OnChange: manifest.OnChangeFail}}
	w.from(manifest.From{})
	p := w.plan(executor.Options{})
	if got := kinds(p); got != "push a@1.0.0 dev" || !strings.Contains(strings.Join(p.Remarks, "\n"), "the next run copies") {
		t.Errorf("%s, remarks %q", got, p.Remarks)
	}
	w.apply(executor.Options{})
	if got, want := kinds(w.plan(executor.Options{})), "unchanged a@1.0.0 dev\npush a@1.0.0 prod"; got != want {
		t.Errorf("the next run: %s\nwant\n%s", got, want)
	}
}

func TestPins(t *testing.T) {
	t.Parallel()
	w := filled(t, newWorld(t, "dev", "prod"), "a@1.0.0", "a@1.1.0", "b@1.0.0")
	file := filepath.Join(w.dir, "prod.pins")
	w.from(manifest.From{Only: manifest.Only{Pins: file}})
	w.write(file, "a:1.1.0\nb:1.0.0 # all else is not yet tested\n")
	p := w.plan(executor.Options{})
	if got, want := kinds(p), "push a@1.1.0 prod\npush b@1.0.0 prod"; got != want {
		t.Fatalf("%s\nwant\n%s", got, want)
	}
	w.write(file, fmt.Sprintf("a:1.1.0@%s %s\n", p.Actions[0].Digest, p.Actions[0].ContentDigest))
	if got := kinds(w.plan(executor.Options{})); got != "push a@1.1.0 prod" {
		t.Errorf("right digests: %s", got)
	}
	other := strings.Repeat("0", 64)
	for text, want := range map[string]string{
		"\na:1.1.0@sha256:" + other + "\n":        "prod.pins:2: a:1.1.0: is not what is pinned: dev holds sha256:",
		"a:1.1.0 v1:sha256:" + other + "\n":       "prod.pins:1: a:1.1.0: is not what is pinned: dev holds the content v1:sha256:",
		"b:1.0.0\na:9.9.9\nc:1.0.0\n":             "prod.pins:2: a:9.9.9: dev does not hold it: not found\nprod.pins:3: c:1.0.0: dev does not hold it: not found",
		"b:1.0.0\na:\n":                           `prod.pins:2: "" cannot be the version of a pack`,
		"a:1.1.0@" + p.Actions[0].Digest + " v1:": `no content digest`,
	} {
		w.write(file, text)
		if _, err := w.executor(executor.Options{}).Plan(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v\nwant %s", text, err, want)
		}
	}
}

// TestAStreamThatBreaksStartsAnew: the blob comes from the source once more.
func TestAStreamThatBreaksStartsAnew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old := w.onServer("old")
	filled(t, w, "a@1.0.0")
	broken := breaking(t, old, "/blobs/", 2)
	w.catalog.Registries[0].Host = broken
	w.onServer("dev")
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{Name: "disk", Type: manifest.TypeLayout, Path: filepath.Join(w.dir, "disk")})
	w.from(manifest.From{})
	if r := w.apply(executor.Options{}); r.Err() != nil || r.Summary.Pushed != 2 {
		t.Errorf("%+v, %v", r.Summary, r.Err())
	}
}

// breaking stands before a server and cuts the first replies of some kind in
// their middle. It returns its HOST:PORT.
func breaking(t *testing.T, s *registrytest.Server, kind string, times int64) string {
	t.Helper()
	var cut atomic.Int64
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: s.Host})
	proxy.Transport = &http.Transport{DisableKeepAlives: true}
	proxy.ErrorLog = log.New(io.Discard, "", 0)
	proxy.ModifyResponse = func(r *http.Response) error {
		if strings.Contains(r.Request.URL.Path, kind) && r.Request.Method == http.MethodGet && cut.Add(1) <= times {
			r.Body = &half{rc: r.Body, left: r.ContentLength / 2}
		}
		return nil
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(func() {
		front.Close()
		if cut.Load() < times {
			t.Errorf("%d replies were cut, want %d", cut.Load(), times)
		}
	})
	return strings.TrimPrefix(front.URL, "http://")
}

// half is a body that breaks off.
type half struct {
	rc   io.ReadCloser
	left int64
}

func (h *half) Read(p []byte) (int, error) {
	if h.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	n, err := h.rc.Read(p[:min(int64(len(p)), h.left)])
	h.left -= int64(n)
	return n, err
}

func (h *half) Close() error { return h.rc.Close() }

func TestWhatBelongsToACopyComesAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	old, dev := w.onServer("old"), w.onServer("dev")
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{Name: "disk", Type: manifest.TypeLayout, Path: filepath.Join(w.dir, "disk")})
	filled(t, w, "a@1.0.0", "b@1.0.0")
	subject := manifestDigest(t, old, "spectro-packs/archive/a", "1.0.0")
	tag := strings.ReplaceAll(subject, ":", "-")
	signature := artifact.Bytes("application/vnd.dev.cosign.simplesigning.v1+json", []byte("signed"))
	signed, err := artifact.New(signature, "signature", artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	w.pushByHand(old, "a", tag+".sig", signed)
	w.pushByHand(old, "a", "sha256-"+strings.Repeat("0", 64)+".sig", signed) // of something else
	f := w.from(manifest.From{})
	if got, want := kinds(w.plan(executor.Options{Registries: []string{"dev"}})), "create-repository @ dev\npush a@1.0.0 dev\npush b@1.0.0 dev"; got != want {
		t.Errorf("without referrers: %s\nwant\n%s", got, want)
	}
	w.apply(executor.Options{Registries: []string{"dev"}})
	f.Referrers = true
	p := w.plan(executor.Options{Registries: []string{"dev"}})
	if got, want := kinds(p), "unchanged a@1.0.0 dev\npush a@"+tag+".sig dev\nunchanged b@1.0.0 dev"; got != want || p.Actions[1].Subject != "a@1.0.0" {
		t.Errorf("signed later: %s\nwant\n%s", got, want)
	}
	if r := w.apply(executor.Options{}); r.Err() != nil || r.Summary.Pushed != 4 {
		t.Fatalf("%+v, %v", r.Summary, r.Err())
	}
	if got := manifestDigest(t, dev, "spectro-packs/archive/a", tag+".sig"); got != signed.Manifest.Digest.String() {
		t.Errorf("the signature is %s, want %s", got, signed.Manifest.Digest)
	}
	if again := w.plan(executor.Options{}); again.Summary.Pending() || again.Summary.Unchanged != 6 {
		t.Errorf("afterwards %s", kinds(again))
	}
}
