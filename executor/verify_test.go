package executor_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/ecrtest"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/schema"
)

func (w *world) verify(o executor.Options, deep bool) *executor.VerifyReport {
	w.t.Helper()
	r, err := w.executor(o).Verify(w.t.Context(), executor.VerifyOptions{Deep: deep})
	if err != nil {
		w.t.Fatal(err)
	}
	if err := schema.Validate(schema.VerifyReport, r); err != nil {
		w.t.Errorf("the report does not fit its schema: %v", err)
	}
	return r
}

// found lists the items of a report: "ok a@1.0.0 r".
func found(r *executor.VerifyReport) string {
	var lines []string
	for _, it := range r.Items {
		what := it.Repository
		if it.Name != "" {
			what = it.Name + "@" + it.Version
		}
		lines = append(lines, string(it.Status)+" "+what+" "+it.Registry)
	}
	return strings.Join(lines, "\n")
}

// blobFile is where a registry keeps a blob: the real server or a layout.
func blobFile(t *testing.T, below, digest string) string {
	t.Helper()
	hexed := strings.TrimPrefix(digest, "sha256:")
	var file string
	err := filepath.WalkDir(below, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() && (filepath.Base(path) == hexed || filepath.Base(path) == "data" && filepath.Base(filepath.Dir(path)) == hexed) {
			file = path
		}
		return err
	})
	if err != nil || file == "" {
		t.Fatalf("no blob %s below %s: %v", digest, below, err)
	}
	return file
}

// tamper changes a byte of a file in place.
func tamper(t *testing.T, file string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	data[len(data)/2] ^= 1
	if err := os.Chmod(file, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyFindsWhatIsRight(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	s := w.onServer("two")
	w.pack("a", "1.10.0", "x: 1\n")
	w.pack("a", "1.9.0", "x: 2\n")
	w.apply(executor.Options{})
	const want = "ok a@1.9.0 one\nok a@1.10.0 one\nok spectro-packs/archive two\nok a@1.9.0 two\nok a@1.10.0 two"
	for _, deep := range []bool{false, true} {
		since := len(s.Requests())
		r := w.verify(executor.Options{}, deep)
		if found(r) != want || !r.Summary.Right() || r.Summary.Versions != 4 || r.Summary.OK != 5 || r.Deep != deep {
			t.Errorf("deep %v: %+v\n%s", deep, r.Summary, found(r))
		}
		proof, blobs := executor.ProofManifest, "HEAD blobs"
		if deep {
			proof, blobs = executor.ProofLayer, "GET blobs"
		}
		if it := r.Items[4]; it.Proof != proof || it.Published != it.ContentDigest || it.Digest == "" || it.Layer == "" {
			t.Errorf("deep %v: item %+v", deep, it)
		}
		got := requests(s, since)
		if got["GET manifests"] != 2 || got["HEAD manifests"] != 1 || got[blobs] < 3 || got[blobs] > 4 || got["PUT manifests"] > 0 {
			t.Errorf("deep %v: requests %v", deep, got)
		}
	}
}

func TestVerifyFindsWhatIsMissingAndDifferent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.onServer("two")
	p := w.pack("a", "1.0.0", "x: 1\n")
	w.apply(executor.Options{Registries: []string{"one"}})
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	w.write(filepath.Join(p.Dir, "new"), "")
	r := w.verify(executor.Options{}, false)
	if want := "different a@1.0.0 one\nmissing spectro-packs/archive two\nmissing a@1.0.0 two"; found(r) != want {
		t.Errorf("found\n%s\nwant\n%s", found(r), want)
	}
	it := r.Items[0]
	if fmt.Sprint(it.Changes.First(9)) != "[~values.yaml +new]" || it.Published == it.ContentDigest || it.Proof != executor.ProofLayer {
		t.Errorf("item %+v, changes %v", it, it.Changes)
	}
}

func TestVerifyFindsDamage(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		damage func(t *testing.T, below string, it *executor.VerifyItem)
		plain  executor.VerifyStatus // what is found without --deep
	}{
		{"a byte of the layer", func(t *testing.T, below string, it *executor.VerifyItem) {
			t.Helper()
			tamper(t, blobFile(t, below, it.Layer))
		}, executor.VerifyOK},
		{"a byte of the manifest", func(t *testing.T, below string, it *executor.VerifyItem) {
			t.Helper()
			tamper(t, blobFile(t, below, it.Digest))
		}, executor.VerifyDamaged},
		{"a layer that is gone", func(t *testing.T, below string, it *executor.VerifyItem) {
			t.Helper()
			if err := os.Remove(blobFile(t, below, it.Layer)); err != nil {
				t.Fatal(err)
			}
		}, executor.VerifyDamaged},
		{"a layer that was cut short", func(t *testing.T, below string, it *executor.VerifyItem) {
			t.Helper()
			if err := os.Truncate(blobFile(t, below, it.Layer), 20); err != nil {
				t.Fatal(err)
			}
		}, executor.VerifyDamaged},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "one")
			s := w.onServer("two")
			w.pack("a", "1.0.0", "x: 1\n")
			w.apply(executor.Options{})
			for i, it := range w.verify(executor.Options{}, true).Items {
				if it.Name != "" {
					tt.damage(t, []string{w.catalog.Registries[0].Path, "", s.Storage}[i], &it)
				}
			}
			for _, registry := range []string{"one", "two"} {
				deep := w.verify(executor.Options{Registries: []string{registry}}, true)
				if it := deep.Items[len(deep.Items)-1]; it.Status != executor.VerifyDamaged || it.Problem == "" || deep.Summary.Right() {
					t.Errorf("deep, %s: %s: %s", registry, it.Status, it.Problem)
				}
				plain := w.verify(executor.Options{Registries: []string{registry}}, false)
				if it := plain.Items[len(plain.Items)-1]; it.Status != tt.plain {
					t.Errorf("not deep, %s: %s: %s, want %s", registry, it.Status, it.Problem, tt.plain)
				}
			}
		})
	}
}

// forge rewrites the manifest of the only version in a layout, as somebody does
// who can write to the registry.
func forge(t *testing.T, layout string, change func(text string) string) {
	t.Helper()
	index := filepath.Join(layout, "index.json")
	raw, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	var x struct {
		Manifests []struct {
			Digest string
			Size   int
		}
	}
	if err := json.Unmarshal(raw, &x); err != nil {
		t.Fatal(err)
	}
	old := x.Manifests[0]
	manifest, err := os.ReadFile(blobFile(t, layout, old.Digest))
	if err != nil {
		t.Fatal(err)
	}
	text := []byte(change(string(manifest)))
	sum := sha256.Sum256(text)
	name := hex.EncodeToString(sum[:])
	if err := os.WriteFile(filepath.Join(layout, "blobs", "sha256", name), text, 0o600); err != nil {
		t.Fatal(err)
	}
	raw = bytes.ReplaceAll(raw, []byte(old.Digest), []byte("sha256:"+name))
	raw = bytes.ReplaceAll(raw, fmt.Appendf(nil, `"size":%d`, old.Size), fmt.Appendf(nil, `"size":%d`, len(text)))
	if err := os.WriteFile(index, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestVerifyBelievesNoAnnotation(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	p := w.pack("a", "1.0.0", "x: 1\n")
	w.apply(executor.Options{})
	right := w.verify(executor.Options{}, true).Items[0].ContentDigest
	layout := filepath.Join(w.catalog.Registries[0].Path, "spectro-packs", "archive", "a")
	other := right[:len(right)-4] + "0000"

	// The files are right, the annotation is not.
	forge(t, layout, func(text string) string { return strings.ReplaceAll(text, right, other) })
	for _, deep := range []bool{true, false} {
		it := w.verify(executor.Options{}, deep).Items[0]
		if it.Status != executor.VerifyDifferent || it.Published != right || !strings.Contains(it.Problem, "the files are right, but the manifest says") {
			t.Errorf("deep %v: %s %s: %s", deep, it.Status, it.Published, it.Problem)
		}
	}
	// The annotation is right, the files are not: only reading them tells.
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	wanted := w.verify(executor.Options{}, true).Items[0].ContentDigest
	forge(t, layout, func(text string) string { return strings.ReplaceAll(text, other, wanted) })
	if it := w.verify(executor.Options{}, false).Items[0]; it.Status != executor.VerifyOK || it.Proof != executor.ProofManifest {
		t.Errorf("not deep: %s by %s", it.Status, it.Proof)
	}
	it := w.verify(executor.Options{}, true).Items[0]
	if it.Status != executor.VerifyDifferent || it.Published != right || fmt.Sprint(it.Changes.First(9)) != "[~values.yaml]" {
		t.Errorf("deep: %s %s, changes %v", it.Status, it.Published, it.Changes)
	}
	// No annotation at all: the layer is read.
	forge(t, layout, func(text string) string { return strings.ReplaceAll(text, wanted, "v9:sha512:00") })
	if it := w.verify(executor.Options{}, false).Items[0]; it.Status != executor.VerifyDifferent || it.Proof != executor.ProofLayer {
		t.Errorf("without an annotation: %s by %s", it.Status, it.Proof)
	}
	// Something that is no pack.
	forge(t, layout, func(text string) string { return strings.Replace(text, `"layers":[`, `"layers":[],"x":[`, 1) })
	if it := w.verify(executor.Options{}, false).Items[0]; it.Status != executor.VerifyDifferent || !strings.Contains(it.Problem, "0 layers") {
		t.Errorf("no pack: %s: %s", it.Status, it.Problem)
	}
}

func TestVerifyFindsWhatPaletteIgnores(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.pack("a", "1.0.0", "x: 1\n")
	r := &w.catalog.Registries[0]
	r.Artifact.Shape = "oras-1.1"
	w.apply(executor.Options{})
	if got := found(w.verify(executor.Options{}, false)); got != "ok a@1.0.0 one" {
		t.Errorf("the shape that packs.yaml gives the registry: %s", got)
	}
	r.Artifact.Shape = ""
	if got := found(w.verify(executor.Options{}, true)); got != "ignored a@1.0.0 one" {
		t.Errorf("another shape: %s", got)
	}
	if err := os.RemoveAll(r.Path); err != nil {
		t.Fatal(err)
	}
	w.apply(executor.Options{})
	forge(t, filepath.Join(r.Path, "spectro-packs", "archive", "a"), func(text string) string { return strings.ReplaceAll(text, "a-1.0.0.tar.gz", "pack.tar.gz") })
	it := w.verify(executor.Options{}, false).Items[0]
	if it.Status != executor.VerifyIgnored || !strings.Contains(it.Problem, `title "pack.tar.gz"`) {
		t.Errorf("another title: %s: %s", it.Status, it.Problem)
	}
}

func TestVerifyTellsWhatCannotBeAsked(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "down", Type: manifest.TypeOCI, Host: "127.0.0.1:1", PlainHTTP: true, BasePathRepository: true,
	})
	w.pack("a", "1.0.0", "x: 1\n")
	w.apply(executor.Options{Registries: []string{"one"}})
	r := w.verify(executor.Options{Unmanaged: true}, true)
	if want := "ok a@1.0.0 one\nunknown spectro-packs/archive down\nunknown a@1.0.0 down"; found(r) != want {
		t.Errorf("found\n%s\nwant\n%s", found(r), want)
	}
	if r.Listed() || !r.Listings[0].Complete || len(r.Listings[1].Gaps) == 0 || r.Items[2].Hint == "" {
		t.Errorf("listings %+v, hint %q", r.Listings, r.Items[2].Hint)
	}
}

func TestVerifyFindsWhatIsUnmanaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "idle")
	s := registrytest.Start(t, registrytest.Options{})
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "two", Type: manifest.TypeOCI, Host: s.Host, PlainHTTP: true, BasePathRepository: true, RepositoryPrefix: "team",
	})
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("a", "1.1.0", "x: 1\n")
	w.pack("b", "1.0.0", "x: 1\n")
	w.apply(executor.Options{})
	// Now packs.yaml forgets some of it, and one registry as a whole.
	w.catalog.Packs = w.catalog.Packs[:1]
	w.catalog.Packs[0].Targets = []manifest.Target{w.catalog.Packs[0].Targets[0], w.catalog.Packs[0].Targets[2]}
	r := w.verify(executor.Options{Unmanaged: true}, true)
	want := strings.Join([]string{
		"ok a@1.0.0 one", "unmanaged a@1.1.0 one", "unmanaged b@1.0.0 one",
		"unmanaged a@1.0.0 idle", "unmanaged a@1.1.0 idle", "unmanaged b@1.0.0 idle",
		"ok team/spectro-packs/archive two", "ok a@1.0.0 two", "unmanaged a@1.1.0 two", "unmanaged b@1.0.0 two",
	}, "\n")
	if found(r) != want || !r.Listed() || r.Summary.Unmanaged != 7 || r.Summary.Versions != 2 {
		t.Errorf("%+v\n%s\nwant\n%s", r.Summary, found(r), want)
	}
	if it := r.Items[9]; it.Digest == "" || it.Published == "" || it.Proof != executor.ProofManifest {
		t.Errorf("unmanaged item %+v", it)
	}
	few := w.verify(executor.Options{Unmanaged: true, Packs: []string{"a@<1.1"}, Registries: []string{"one"}}, false)
	if found(few) != "ok a@1.0.0 one" {
		t.Errorf("only some packs:\n%s", found(few))
	}
	if none := w.verify(executor.Options{}, false); none.Summary.Unmanaged > 0 || none.Listings != nil {
		t.Errorf("unmanaged versions that nobody asked for: %+v", none.Summary)
	}
}

func TestVerifyInECRAndHarbor(t *testing.T) {
	startECR(t, ecrtest.Options{}, devAccount)
	harbor := harbortest.Start(t, harbortest.Options{})
	addHarborProject(t, harbor, "")
	w := newWorld(t)
	w.onECR(devAccount, "")
	w.onHarbor(harbor, harbortest.AdminName)
	w.pack("a", "1.0.0", "x: 1\n")
	o := as(harbortest.AdminPassword)
	o.Unmanaged = true
	if got, want := found(w.verify(o, false)), "missing packs/spectro-packs/archive reg-"+devAccount+"\nmissing a@1.0.0 reg-"+devAccount+
		"\nmissing packs/spectro-packs/archive site\nmissing a@1.0.0 site"; got != want {
		t.Errorf("found\n%s\nwant\n%s", got, want)
	}
	if r := w.apply(as(harbortest.AdminPassword)); r.Err() != nil {
		t.Fatal(r.Err())
	}
	for _, deep := range []bool{false, true} {
		if r := w.verify(o, deep); !r.Summary.Right() || r.Summary.OK != 4 || !r.Listed() {
			t.Errorf("deep %v: %+v, listings %+v\n%s", deep, r.Summary, r.Listings, found(r))
		}
	}
}

func TestVerifyOfWhatIsCopied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "source", "target")
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("b", "1.0.0", "x: 1\n")
	w.apply(executor.Options{Registries: []string{"source"}})
	w.catalog.Packs = nil
	w.catalog.From = []manifest.From{{Registry: "source", Registries: []manifest.Target{{Registry: "target", OnChange: manifest.OnChangeFail}}}}
	if got := found(w.verify(executor.Options{}, true)); got != "missing a@1.0.0 target\nmissing b@1.0.0 target" {
		t.Errorf("before it is copied:\n%s", got)
	}
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	o := executor.Options{Unmanaged: true, Registries: []string{"target"}}
	for _, deep := range []bool{false, true} {
		r := w.verify(o, deep)
		if found(r) != "ok a@1.0.0 target\nok b@1.0.0 target" || r.Items[0].From != "source" || r.Items[0].Published == "" {
			t.Errorf("deep %v:\n%s\n%+v", deep, found(r), r.Items)
		}
	}
	tamper(t, blobFile(t, filepath.Join(w.catalog.Registries[1].Path, "spectro-packs", "archive", "a"), w.verify(o, true).Items[0].Layer))
	forge(t, filepath.Join(w.catalog.Registries[1].Path, "spectro-packs", "archive", "b"), func(text string) string { return text + "\n" })
	if got := found(w.verify(o, true)); got != "damaged a@1.0.0 target\nok b@1.0.0 target" {
		t.Errorf("another manifest with the same content is right, damage is not:\n%s", got)
	}
	if err := os.RemoveAll(w.catalog.Registries[0].Path); err != nil {
		t.Fatal(err)
	}
	if got := found(w.verify(o, true)); got != "unmanaged a@1.0.0 target\nunmanaged b@1.0.0 target" {
		t.Errorf("without the source:\n%s", got)
	}
}

func TestVerifyAgainstPins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "two")
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("b", "1.0.0", "x: 1\n")
	w.apply(executor.Options{})
	items := w.verify(executor.Options{}, true).Items
	w.catalog.Packs = nil // a site without git
	pin := func(i int) executor.Pin {
		return executor.Pin{Name: items[i].Name, Version: items[i].Version, Digest: items[i].Digest, ContentDigest: items[i].Published}
	}
	check := func(what string, o executor.Options, pins []executor.Pin, want string) {
		t.Helper()
		o.Idle = true
		r, err := w.executor(o).Verify(t.Context(), executor.VerifyOptions{Deep: true, Pins: pins})
		if err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(schema.VerifyReport, r); err != nil {
			t.Error(err)
		}
		if found(r) != want {
			t.Errorf("%s: found\n%s\nwant\n%s", what, found(r), want)
		}
	}
	check("as pinned", executor.Options{}, []executor.Pin{pin(0), pin(1)}, "ok a@1.0.0 one\nok b@1.0.0 one\nok a@1.0.0 two\nok b@1.0.0 two")
	one := executor.Options{Registries: []string{"one"}}
	check("names alone", one, []executor.Pin{{Name: "a", Version: "1.0.0"}, {Name: "a", Version: "2.0.0"}}, "ok a@1.0.0 one\nmissing a@2.0.0 one")
	manifest, content := pin(0), pin(0)
	manifest.Digest, content.ContentDigest = items[1].Digest, items[1].Published
	check("another manifest", one, []executor.Pin{manifest}, "different a@1.0.0 one")
	check("other content", one, []executor.Pin{content}, "different a@1.0.0 one")
	one.Unmanaged = true
	check("what is not pinned", one, []executor.Pin{pin(1)}, "ok b@1.0.0 one\nunmanaged a@1.0.0 one")
	check("no pins at all", one, []executor.Pin{}, "unmanaged a@1.0.0 one\nunmanaged b@1.0.0 one")
	one.Unmanaged = false
	tamper(t, blobFile(t, w.catalog.Registries[0].Path, items[0].Layer))
	check("damage", one, []executor.Pin{pin(0)}, "damaged a@1.0.0 one")
}

func TestPlanListsWhatIsUnmanaged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one", "idle")
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("a", "1.1.0", "x: 1\n")
	w.apply(executor.Options{})
	w.catalog.Packs = w.catalog.Packs[:1]
	w.catalog.Packs[0].Targets = w.catalog.Packs[0].Targets[:1]
	p := w.plan(executor.Options{Unmanaged: true})
	var got []string
	for _, u := range p.Unmanaged {
		got = append(got, u.Name+"@"+u.Version+" "+u.Registry)
	}
	if want := "a@1.1.0 one, a@1.0.0 idle, a@1.1.0 idle"; strings.Join(got, ", ") != want || len(p.Gaps) > 0 || p.Summary.Pending() {
		t.Errorf("unmanaged %q, gaps %q, summary %+v; want %s", got, p.Gaps, p.Summary, want)
	}
	if err := schema.Validate(schema.Plan, p); err != nil {
		t.Error(err)
	}
	if p := w.plan(executor.Options{}); p.Unmanaged != nil || p.Gaps != nil {
		t.Errorf("unmanaged versions that nobody asked for: %+v", p.Unmanaged)
	}
	if s := w.executor(executor.Options{}).Saved(p); s.Unmanaged != nil {
		t.Errorf("a saved plan holds what apply cannot check: %+v", s.Unmanaged)
	}
}
