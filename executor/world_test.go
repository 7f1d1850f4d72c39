package executor_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// world is a catalog on disk: packs that the test writes, and registries of
// type layout below the same folder.
type world struct {
	t       *testing.T
	dir     string
	catalog *manifest.Catalog
}

func newWorld(t *testing.T, registries ...string) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir(), catalog: &manifest.Catalog{File: "packs.yaml"}}
	w.catalog.Dir = w.dir
	for _, name := range registries {
		w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
			Name: name, Type: manifest.TypeLayout, Path: filepath.Join(w.dir, "registries", name),
		})
	}
	return w
}

// pack writes a pack whose one further file holds content, and adds it to the
// catalog for every registry.
func (w *world) pack(name, version, content string) *manifest.Pack {
	w.t.Helper()
	dir := filepath.Join(w.dir, name+"-"+version)
	w.write(filepath.Join(dir, "pack.json"), `{"name":"`+name+`","displayName":"X","version":"`+version+`","layer":"addon"}`)
	w.write(filepath.Join(dir, "values.yaml"), content)
	p := manifest.Pack{Name: name, Version: version, Path: name + "-" + version, Dir: dir}
	for _, r := range w.catalog.Registries {
		p.Targets = append(p.Targets, manifest.Target{Registry: r.Name, OnChange: manifest.OnChangeFail})
	}
	w.catalog.Packs = append(w.catalog.Packs, p)
	return &w.catalog.Packs[len(w.catalog.Packs)-1]
}

func (w *world) write(path, content string) {
	w.t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) executor(o executor.Options) *executor.Executor {
	w.t.Helper()
	e, err := executor.New(w.catalog, o)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() {
		if err := e.Close(); err != nil {
			w.t.Error(err)
		}
	})
	return e
}

func (w *world) plan(o executor.Options) *plan.Plan {
	w.t.Helper()
	p, err := w.executor(o).Plan(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	return p
}

func (w *world) apply(o executor.Options) *executor.Report {
	w.t.Helper()
	e := w.executor(o)
	p, err := e.Plan(context.Background())
	if err != nil {
		w.t.Fatal(err)
	}
	r, err := e.Apply(context.Background(), p)
	if err != nil {
		w.t.Fatal(err)
	}
	return r
}

// kinds lists the actions of a plan: "push a@1.0.0 r".
func kinds(p *plan.Plan) string {
	var lines []string
	for _, a := range p.Actions {
		lines = append(lines, string(a.Kind)+" "+a.Name+"@"+a.Version+" "+a.Registry)
	}
	return strings.Join(lines, "\n")
}
