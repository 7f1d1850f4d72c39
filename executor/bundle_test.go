package executor_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/bundle"
	"github.com/packs-cli/packs/internal/registrytest/harbortest"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/schema"
)

// source gives a world a real registry "r" with two versions of a and one of b,
// which is too large to be fetched before its turn.
func source(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.onServer("r")
	w.pack("a", "1.0.0", "x: 1\n")
	w.pack("a", "1.1.0", "x: 2\n")
	large := w.pack("b", "1.0.0", "x: 3\n")
	rng := rand.NewChaCha8([32]byte{1})
	noise := make([]byte, 6<<20)
	_, _ = rng.Read(noise)
	w.write(filepath.Join(large.Dir, "noise"), string(noise))
	if r := w.apply(executor.Options{}); r.Err() != nil {
		t.Fatal(r.Err())
	}
	return w
}

func (w *world) bundle(q executor.BundleRequest) (*executor.BundleReport, error) {
	w.t.Helper()
	o := executor.Options{Registries: []string{q.Registry}, Pulling: true}
	if q.MissingIn != "" {
		o.Registries = append(o.Registries, q.MissingIn)
	}
	return w.executor(o).Bundle(context.Background(), q)
}

func TestABundleIsCopiedAsItsRegistryIs(t *testing.T) {
	t.Parallel()
	w := source(t)
	file := filepath.Join(w.dir, "x.tar")
	r, err := w.bundle(executor.BundleRequest{Registry: "r", Path: file})
	if err != nil || r.Summary.Packs != 2 || r.Summary.Versions != 3 || len(r.Files) != 1 {
		t.Fatalf("%+v, %v", r, err)
	}
	if err := schema.Validate(schema.BundleReport, r); err != nil {
		t.Error(err)
	}
	parts := filepath.Join(w.dir, "p.tar")
	if r, err := w.bundle(executor.BundleRequest{Registry: "r", Path: parts, Split: 1 << 20}); err != nil || len(r.Files) < 6 {
		t.Errorf("%+v, %v", r, err)
	}
	for _, path := range []string{file, parts} {
		there := newWorld(t, "site")
		there.catalog.Registries = append([]manifest.Registry{{Name: "bundle", Type: manifest.TypeLayout, Path: path, ReadOnly: true}}, there.catalog.Registries...)
		there.from(manifest.From{})
		got := there.apply(executor.Options{})
		if got.Err() != nil || got.Summary.Pushed != 3 {
			t.Errorf("%s: %+v, %v", path, got.Summary, got.Err())
		}
		for i, it := range got.Items {
			if it.Digest != r.Items[i].Digest || it.ContentDigest != r.Items[i].ContentDigest {
				t.Errorf("%s: %s@%s is %s, bundled %s", path, it.Name, it.Version, it.Digest, r.Items[i].Digest)
			}
		}
	}
}

func TestABundleOfWhatIsMissing(t *testing.T) {
	t.Parallel()
	w := source(t)
	other := w.onServer("other")
	w.catalog.Packs[0].Targets = append(w.catalog.Packs[0].Targets, manifest.Target{Registry: "other"})
	if r := w.apply(executor.Options{Registries: []string{"other"}}); r.Err() != nil || r.Summary.Pushed != 1 {
		t.Fatal(r.Summary, r.Err())
	}
	file := filepath.Join(w.dir, "x.tar")
	r, err := w.bundle(executor.BundleRequest{Registry: "r", MissingIn: "other", Packs: []string{"a"}, Path: file})
	if err != nil || r.Summary.Versions != 1 || r.Summary.Present != 1 || r.Items[0].Version != "1.1.0" {
		t.Errorf("%+v, %v", r, err)
	}
	if err := other.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.bundle(executor.BundleRequest{Registry: "r", MissingIn: "other", Path: file}); err == nil {
		t.Error("what a registry that is down lacks is known")
	}
	var input *executor.InputError
	if _, err := w.bundle(executor.BundleRequest{Registry: "r", Path: file, Packs: []string{"nope"}}); !errors.As(err, &input) {
		t.Errorf("a pack that is not there: %v", err)
	}
}

// TestABundleThatFailsIsNone: a blob that is damaged in the registry.
func TestABundleThatFailsIsNone(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"a", "b"} { // fetched ahead, and in its turn
		w := newWorld(t)
		s := w.onServer("r")
		p := w.pack(name, "1.0.0", "x: 1\n")
		if name == "b" {
			noise := make([]byte, 6<<20)
			_, _ = rand.NewChaCha8([32]byte{2}).Read(noise)
			w.write(filepath.Join(p.Dir, "noise"), string(noise))
		}
		r := w.apply(executor.Options{})
		if r.Err() != nil {
			t.Fatal(r.Err())
		}
		damageLargest(t, s.Storage)
		file := filepath.Join(w.dir, "out", "x.tar")
		w.write(filepath.Join(w.dir, "out", ".keep"), "")
		if _, err := w.bundle(executor.BundleRequest{Registry: "r", Path: file}); err == nil {
			t.Errorf("%s: a damaged blob was bundled", name)
		}
		left, err := os.ReadDir(filepath.Dir(file))
		if err != nil || len(left) != 1 {
			t.Errorf("%s: there is %v, %v", name, left, err)
		}
	}
}

// damageLargest changes the first byte of the largest file that a server stores.
func damageLargest(t *testing.T, storage string) {
	t.Helper()
	largest, size := "", int64(0)
	err := filepath.WalkDir(storage, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err == nil && info.Size() > size {
			largest, size = path, info.Size()
		}
		return err
	})
	if err != nil || largest == "" {
		t.Fatal(largest, err)
	}
	raw, err := os.ReadFile(largest)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(largest, raw, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestABundleEndsWithItsContext(t *testing.T) {
	t.Parallel()
	w := source(t)
	stop := make(chan struct{})
	close(stop)
	e := w.executor(executor.Options{Registries: []string{"r"}, Pulling: true, Stop: stop})
	file := filepath.Join(w.dir, "x.tar")
	if _, err := e.Bundle(context.Background(), executor.BundleRequest{Registry: "r", Path: file}); !errors.Is(err, executor.ErrInterrupted) {
		t.Errorf("stopped: %v", err)
	}
	if _, err := os.Stat(file); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a file: %v", err)
	}
}

// TestTheListOfABundleIsWhatIsInIt reads a bundle as others do.
func TestTheListOfABundleIsWhatIsInIt(t *testing.T) {
	t.Parallel()
	w := source(t)
	file := filepath.Join(w.dir, "x.tar")
	if _, err := w.bundle(executor.BundleRequest{Registry: "r", Path: file}); err != nil {
		t.Fatal(err)
	}
	b, err := bundle.Open(context.Background(), file)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	for name, described := range map[string]string{"bundle.json": schema.Bundle, "report.json": schema.BundleReport} {
		text, err := fs.ReadFile(b, name)
		if err == nil {
			err = schema.Validate(described, text)
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	catalog, err := fs.ReadFile(b, "packs.yaml")
	if err != nil || !bytes.Contains(catalog, []byte("from: {registry: bundle}")) {
		t.Errorf("packs.yaml: %v\n%s", err, catalog)
	}
}

// TestABundleTellsNotOfItsRegistry: what belongs to a pack comes by Harbor's API
// or by a tag of a registry that has none, and the bytes are the same.
func TestABundleTellsNotOfItsRegistry(t *testing.T) {
	t.Parallel()
	s := harbortest.Start(t, harbortest.Options{})
	if err := s.AddProject(t.Context(), "packs", ""); err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	w.onHarbor(s, harbortest.AdminName)
	o := as(harbortest.AdminPassword)
	w.pack("a", "1.0.0", "x\n")
	if r := w.apply(o); r.Err() != nil {
		t.Fatal(r.Err())
	}
	attach(t, s, harborBase+"/a", "1.0.0")
	w.catalog.Packs = nil
	w.onServer("plain")
	w.from(manifest.From{Referrers: true})
	if r := w.apply(o); r.Err() != nil {
		t.Fatal(r.Err())
	}
	var sums []string
	for _, name := range []string{w.catalog.Registries[0].Name, "plain"} {
		o := o
		o.Registries, o.Pulling = []string{name}, true
		r, err := w.executor(o).Bundle(t.Context(), executor.BundleRequest{Registry: name, Path: filepath.Join(w.dir, name+".tar"), Referrers: true})
		if err != nil || r.Summary.Referrers != 1 || r.Items[0].Referrers[0].ArtifactType != "application/vnd.test" {
			t.Fatalf("%s: %+v, %v", name, r, err)
		}
		if err := schema.Validate(schema.BundleReport, r); err != nil {
			t.Error(err)
		}
		sums = append(sums, r.Files[0].SHA256)
	}
	if sums[0] != sums[1] {
		t.Errorf("the bundles differ: %q", sums)
	}
}
