package scaffold_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/scaffold"
)

// TestNewPackIsRight says that the linter finds nothing in a new pack, whatever
// kind of pack it is.
func TestNewPackIsRight(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var packs []lint.Input
	add := func(o scaffold.PackOptions) {
		t.Helper()
		o.Parent = dir
		p, err := o.Write()
		if err != nil {
			t.Fatal(err)
		}
		packs = append(packs, lint.Input{Dir: p.Dir, Path: filepath.Base(p.Dir)})
	}
	for _, kind := range []string{scaffold.KindChart, scaffold.KindManifests} {
		for _, layer := range scaffold.Layers {
			add(scaffold.PackOptions{Name: kind + "-" + layer, Version: "1.2.3", Kind: kind, Layer: layer})
		}
		add(scaffold.PackOptions{Name: "a_b.c-" + kind, Version: "1.0.0-rc.1", Kind: kind, Layer: "addon", DisplayName: `A: "b" {{ #c`})
		add(scaffold.PackOptions{Name: "a-name-that-is-longer-than-what-kubernetes-takes-for-a-label-" + kind, Version: "0.1.0", Kind: kind, Layer: "addon"})
	}
	r, err := lint.Run(t.Context(), packs, lint.Config{Rules: map[string]lint.Severity{"trailing-space": lint.Error}})
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		t.Errorf("%s:%d:%d: %s [%s]", f.Path, f.Line, f.Column, f.Message, f.Rule)
	}
	if r.Checked != 16 {
		t.Errorf("%d packs were checked", r.Checked)
	}
}

func TestNewPackIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	o := scaffold.PackOptions{Name: "nginx", Version: "1.2.3", Kind: scaffold.KindChart, Layer: "addon"}
	texts := make(map[string]string)
	for range 2 {
		o.Parent = t.TempDir()
		p, err := o.Write()
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range p.Files {
			data, err := os.ReadFile(filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			if before, there := texts[name]; there && before != string(data) {
				t.Errorf("%s differs", name)
			}
			texts[name] = string(data)
		}
	}
}

// TestNewPackRefuses says that nothing is left behind by what cannot be a pack.
func TestNewPackRefuses(t *testing.T) {
	t.Parallel()
	right := scaffold.PackOptions{Name: "nginx", Version: "1.2.3", Kind: scaffold.KindChart, Layer: "addon"}
	for name, change := range map[string]func(*scaffold.PackOptions){
		"no name":         func(o *scaffold.PackOptions) { o.Name = "" },
		"upper case":      func(o *scaffold.PackOptions) { o.Name = "Nginx" },
		"a path":          func(o *scaffold.PackOptions) { o.Name = "../nginx" },
		"no ASCII":        func(o *scaffold.PackOptions) { o.Name = "é" },
		"two dashes":      func(o *scaffold.PackOptions) { o.Name = "a--b" },
		"a leading v":     func(o *scaffold.PackOptions) { o.Version = "v1.0.0" },
		"two numbers":     func(o *scaffold.PackOptions) { o.Version = "1.0" },
		"build metadata":  func(o *scaffold.PackOptions) { o.Version = "1.0.0+b" },
		"no such kind":    func(o *scaffold.PackOptions) { o.Kind = "helm" },
		"no such layer":   func(o *scaffold.PackOptions) { o.Layer = "app" },
		"a line too many": func(o *scaffold.PackOptions) { o.DisplayName = "a\nb" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := right
			o.Parent = t.TempDir()
			change(&o)
			_, err := o.Write()
			var invalid *scaffold.InvalidError
			if !errors.As(err, &invalid) || invalid.Hint == "" {
				t.Errorf("got %v, want *InvalidError with a hint", err)
			}
			if left, err := os.ReadDir(o.Parent); err != nil || len(left) > 0 {
				t.Errorf("left behind: %v, %v", left, err)
			}
		})
	}
	o := right
	o.Parent = t.TempDir()
	p, err := o.Write()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := o.Write(); !errors.Is(err, fs.ErrExist) {
		t.Errorf("again: %v, want fs.ErrExist", err)
	}
	o.Parent = p.Dir
	if _, err := o.Write(); !errors.Is(err, scaffold.ErrInsidePack) {
		t.Errorf("inside a pack: %v, want ErrInsidePack", err)
	}
}
