package executor_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/schema"
)

func (w *world) diff(o executor.Options, q executor.DiffRequest) *executor.DiffReport {
	w.t.Helper()
	r, err := w.executor(o).Diff(w.t.Context(), q)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := schema.Validate(schema.DiffReport, r); err != nil {
		w.t.Errorf("the report does not fit its schema: %v", err)
	}
	return r
}

// compared lists items: "different a 1.0.0 r 1.0.0 r: ~values.yaml".
func compared(r *executor.DiffReport) string {
	var lines []string
	for _, it := range r.Items {
		line := strings.Join([]string{string(it.Status), it.Name, it.Old.Version, it.Old.Registry, it.New.Version, it.New.Registry}, " ")
		for _, f := range it.Files {
			line += " " + string(f.Change) + ":" + f.Path
		}
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

func TestDiffFileByFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.onServer("two")
	p := w.pack("a", "1.0.0", "x: 1\ny: 2\n")
	for name, text := range map[string]string{"gone": "x", "logo.png": "\x00png1", "large.txt": strings.Repeat("line\n", 200_000), "run.sh": "#!/bin/sh\n"} {
		w.write(filepath.Join(p.Dir, name), text)
	}
	if err := os.Symlink("gone", filepath.Join(p.Dir, "link")); err != nil {
		t.Skip(err)
	}
	w.pack("b", "1.0.0", "x: 1\n")
	w.apply(executor.Options{})
	w.pack("a", "1.10.0", "new")
	w.pack("a", "1.9.0", "new")
	if err := os.Remove(filepath.Join(p.Dir, "gone")); err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{"values.yaml": "x: 1\ny: 3", "added": "1", "logo.png": "\x00png2", "large.txt": strings.Repeat("line\n", 200_001)} {
		w.write(filepath.Join(p.Dir, name), text)
	}
	if err := errors.Join(os.Chmod(filepath.Join(p.Dir, "run.sh"), 0o755), os.Remove(filepath.Join(p.Dir, "link")), os.Symlink("added", filepath.Join(p.Dir, "link"))); err != nil {
		t.Fatal(err)
	}
	r := w.diff(executor.Options{}, executor.DiffRequest{})
	const files = " added:added removed:gone modified:large.txt modified:link modified:logo.png mode:run.sh modified:values.yaml"
	want := strings.Join([]string{
		"different a 1.0.0 one 1.0.0 " + files, "only-new a 1.9.0 one 1.9.0", "only-new a 1.10.0 one 1.10.0", "equal b 1.0.0 one 1.0.0",
		"different a 1.0.0 two 1.0.0 " + files, "only-new a 1.9.0 two 1.9.0", "only-new a 1.10.0 two 1.10.0", "equal b 1.0.0 two 1.0.0",
	}, "\n")
	if compared(r) != want {
		t.Errorf("compared\n%s\nwant\n%s", compared(r), want)
	}
	if s := r.Summary; s.Different != 2 || s.OnlyNew != 4 || s.Equal != 2 || s.Files != 14 || !s.Differs() {
		t.Errorf("summary %+v", s)
	}
	for _, i := range []int{0, 4} {
		f := r.Items[i].Files
		if f[6].Diff != "@@ -1,2 +1,2 @@\n x: 1\n-y: 2\n+y: 3\n\\ No newline at end of file\n" {
			t.Errorf("values.yaml: %q %s", f[6].Diff, f[6].Note)
		}
		if f[4].Diff != "" || f[4].Note != "binary" || f[4].Old.Size != 5 || f[4].Old.Digest == f[4].New.Digest {
			t.Errorf("logo.png: %+v", f[4])
		}
		if f[2].Diff != "" || !strings.Contains(f[2].Note, "larger than") {
			t.Errorf("large.txt: %q %s", f[2].Diff, f[2].Note)
		}
		if f[3].Old.Target != "gone" || f[3].New.Target != "added" || f[5].Old.Executable || !f[5].New.Executable || f[0].Old != nil || f[1].New != nil {
			t.Errorf("link %+v, run.sh %+v", f[3], f[5])
		}
	}
}

func TestDiffBetweenRegistriesAndVersions(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.onServer("two")
	w.catalog.Registries[1].ReadOnly = true // it may be read
	w.pack("a", "1.0.0", "x: 1\n")
	b := w.pack("b", "1.0.0", "x: 1\n")
	w.apply(executor.Options{Registries: []string{"one"}})
	w.catalog.Registries[1].ReadOnly = false
	w.write(filepath.Join(b.Dir, "values.yaml"), "x: 2\n")
	w.pack("c", "1.0.0", "x: 1\n")
	w.apply(executor.Options{Registries: []string{"two"}})
	w.catalog.Registries[1].ReadOnly = true
	w.catalog.Packs = nil // registries hold what packs.yaml does not have
	o := executor.Options{Registries: []string{"one", "two"}, Pulling: true}
	r := w.diff(o, executor.DiffRequest{Between: [2]string{"one", "two"}})
	if want := "equal a 1.0.0 one 1.0.0 two\ndifferent b 1.0.0 one 1.0.0 two modified:values.yaml\nonly-new c 1.0.0 one 1.0.0 two"; compared(r) != want {
		t.Errorf("compared\n%s\nwant\n%s", compared(r), want)
	}
	if back := w.diff(o, executor.DiffRequest{Between: [2]string{"two", "one"}}); back.Items[2].Status != executor.DiffOnlyOld || back.Items[1].Files[0].Diff != "@@ -1,1 +1,1 @@\n-x: 2\n+x: 1\n" {
		t.Errorf("the other way: %+v", back.Items)
	}
	two := w.diff(o, executor.DiffRequest{In: "two", Versions: [2]string{"b@1.0.0", "c@1.0.0"}})
	if compared(two) != "different c 1.0.0 two 1.0.0 two modified:pack.json modified:values.yaml" {
		t.Errorf("two packs: %s", compared(two))
	}
	across := w.diff(o, executor.DiffRequest{Between: [2]string{"one", "two"}, Versions: [2]string{"b@1.0.0", "b@1.0.0"}})
	if compared(across) != "different b 1.0.0 one 1.0.0 two modified:values.yaml" {
		t.Errorf("a version in two registries: %s", compared(across))
	}
	for _, q := range []executor.DiffRequest{
		{Between: [2]string{"one", "three"}}, {Versions: [2]string{"a@1.0.0", "a@2.0.0"}}, {Versions: [2]string{"a", "b"}}, {In: "three", Versions: [2]string{"a@1", "b@1"}},
	} {
		var input *executor.InputError
		if _, err := w.executor(o).Diff(t.Context(), q); !errors.As(err, &input) {
			t.Errorf("%+v: %v, want *InputError", q, err)
		}
	}
}

func TestDiffTellsWhatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	w.catalog.Registries = append(w.catalog.Registries, manifest.Registry{
		Name: "down", Type: manifest.TypeOCI, Host: "127.0.0.1:1", PlainHTTP: true, BasePathRepository: true,
	})
	p := w.pack("a", "1.0.0", "x: 1\n")
	w.apply(executor.Options{Registries: []string{"one"}})
	layer := w.verify(executor.Options{Registries: []string{"one"}}, true).Items[0].Layer
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	tamper(t, blobFile(t, w.catalog.Registries[0].Path, layer))
	r := w.diff(executor.Options{}, executor.DiffRequest{})
	if want := "unknown a 1.0.0 one 1.0.0\nunknown a 1.0.0 down 1.0.0"; compared(r) != want || r.Summary.Unknown != 2 || r.Items[0].Problem == "" {
		t.Errorf("compared\n%s\nwant\n%s", compared(r), want)
	}
}

func TestDiffOfWhatIsCopied(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "source", "target")
	p := w.pack("a", "1.0.0", "x: 1\n")
	w.apply(executor.Options{Registries: []string{"target"}})
	w.write(filepath.Join(p.Dir, "values.yaml"), "x: 2\n")
	w.apply(executor.Options{Registries: []string{"source"}})
	w.catalog.Packs = nil
	w.catalog.From = []manifest.From{{Registry: "source", Registries: []manifest.Target{{Registry: "target", OnChange: manifest.OnChangeFail}}}}
	r := w.diff(executor.Options{}, executor.DiffRequest{})
	if compared(r) != "different a 1.0.0 target 1.0.0 source modified:values.yaml" || r.Items[0].Files[0].Diff != "@@ -1,1 +1,1 @@\n-x: 1\n+x: 2\n" {
		t.Errorf("compared %s: %+v", compared(r), r.Items)
	}
}

func TestDiffIsCutWhereItIsLarge(t *testing.T) {
	t.Parallel()
	w := newWorld(t, "one")
	p := w.pack("a", "1.0.0", strings.Repeat("old line\n", 40_000))
	w.apply(executor.Options{})
	w.write(filepath.Join(p.Dir, "values.yaml"), strings.Repeat("new line\n", 40_000))
	f := w.diff(executor.Options{}, executor.DiffRequest{}).Items[0].Files[0]
	if len(f.Diff) > 256<<10 || !strings.HasSuffix(f.Diff, "line\n") || !strings.Contains(f.Note, "more lines") {
		t.Errorf("%d bytes of diff, note %q", len(f.Diff), f.Note)
	}
}
