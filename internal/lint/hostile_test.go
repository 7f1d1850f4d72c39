package lint_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
)

// hostile is what packs may hold to do harm: values.yaml by a name.
func hostile() map[string]string {
	n := 4 << 20 // the most that is read
	if raceOn {
		n >>= 4 // what is slow is slower still
	}
	return map[string]string{
		"flow":         "[" + strings.Repeat("a,", n/2-2) + "]",
		"pairs":        strings.Repeat("?\n", n/2),
		"some pairs":   strings.Repeat("?\n", 80_000),
		"keys":         strings.Repeat("a: 1\n", 80_000),
		"deep flow":    strings.Repeat("[", 9000),
		"deep items":   strings.Repeat("- ", 9000),
		"deeper items": strings.Repeat("- ", n/2),
		"comments":     strings.Repeat("#\n", n/2),
		"lines":        strings.Repeat("\n", n),
		"quote":        `"` + strings.Repeat("a\n", n/2-1),
		"macros":       strings.Repeat("{{a}}", n/5),
		"open macros":  strings.Repeat("{{ \"", n/4),
		"macro lines":  strings.Repeat("{{\n", n/3),
		"bare macros":  strings.Repeat(".spectro.var.x\n", n/15),
		"images":       "pack: {content: {images: [" + strings.Repeat("{iamge: A},", 15_000) + "]}}",
		"aliases":      "a: &a [x]\nb: [" + strings.Repeat("*a,", 80_000) + "]",
		"bomb":         bomb(),
		"circle":       "a: &a\n  b: *a\ncharts: &c\n  demo: *c\npack: &p\n  content: *p\n  namespace: *p\n",
		"merged self":  "x: &x\n  <<: *x\npack: *x\ncharts: *x\n",
		"presets":      "# spectrocloud.com/enabled-presets: " + strings.Repeat("a:b,", n/4-20),
		"tabs":         strings.Repeat("\t\n", n/2),
		"NUL":          strings.Repeat("\x00", n),
		"no UTF-8":     strings.Repeat("a: \xff\xfe\n", 1000),
		"UTF-16":       "\xff\xfea\x00:\x00 \x00b\x00\n\x00",
		"CRLF and BOM": "\xef\xbb\xbfa: b\r\nc: d\r\n",
	}
}

// bomb is a document whose aliases would yield more nodes than there are atoms.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 [x,x,x,x,x,x,x,x,x]\n")
	for i := range 30 {
		refs := strings.Repeat(fmt.Sprintf(",*a%d", i), 9)[1:]
		fmt.Fprintf(&b, "a%d: &a%d [%s]\n", i+1, i+1, refs)
	}
	return b.String()
}

// hostilePacks writes packs that do all the harm they can.
func hostilePacks(t *testing.T, dir string) []lint.Input {
	t.Helper()
	var packs []lint.Input
	add := func(name, packJSON string, files map[string]string) {
		packs = append(packs, lint.Input{Dir: filepath.Join(dir, name), Path: name})
		writeBytes(t, filepath.Join(dir, name, "pack.json"), []byte(packJSON), 0o600)
		for file, text := range files {
			writeBytes(t, filepath.Join(dir, name, file), []byte(text), 0o600)
		}
	}
	meta := rightPack["pack.json"]
	for name, values := range hostile() {
		files := map[string]string{"values.yaml": values}
		if len(values) < 1<<20 {
			files["presets.yaml"], files["schema.yaml"] = values, values
		}
		add("values "+name, meta, files)
	}
	listed := func(list string, names []string) string {
		return mergeJSON(t, meta, fmt.Sprintf(`{%q: ["%s"]}`, list, strings.Join(names, `","`)))
	}
	add("json deep", strings.Repeat("[", 500_000), nil)
	add("json wide", `{"charts":[`+strings.Repeat("1,", 300_000)+"1]}", nil)
	add("json long", listed("charts", numbered("c%d.tgz", 15_000)), nil)
	add("json strings", listed("cloudTypes", numbered("cloud%d", 15_000)), nil)
	add("many documents", listed("kubeManifests", []string{"m.yaml"}), map[string]string{"m.yaml": strings.Repeat("---\na\n", 1<<18)})
	add("empty documents", listed("kubeManifests", []string{"m.yaml"}), map[string]string{"m.yaml": strings.Repeat("---\n", 1<<20)})
	add("long line", listed("kubeManifests", []string{"m.yaml"}), map[string]string{"m.yaml": strings.Repeat("a", 16<<20)})
	add("bomb of zeros", meta, map[string]string{"charts/demo-1.2.0.tgz": zeros(t, 512<<20)})
	add("large chart", meta, map[string]string{"charts/demo-1.2.0.tgz": string(chartArchive(t, map[string]string{
		"Chart.yaml": "name: demo\nversion: 1.2.0\n", "values.yaml": strings.Repeat("a: [a,a,a]\n", 20_000),
	}))})
	add("large files", listed("kubeManifests", []string{"m.yaml"}), nil)
	for _, name := range []string{"values.yaml", "m.yaml", "logo.png", "README.md", ".packsignore", ".gitattributes"} {
		sparse(t, filepath.Join(dir, "large files", name), 1<<30)
	}
	add("large meta", "", nil)
	sparse(t, filepath.Join(dir, "large meta", "pack.json"), 1<<30)
	return packs
}

func numbered(format string, n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf(format, i)
	}
	return names
}

// zeros is n zero bytes, compressed in parts.
func zeros(t *testing.T, n int) string {
	t.Helper()
	const part = 4 << 20
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(make([]byte, part)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Repeat(b.String(), n/part)
}

func sparse(t *testing.T, path string, size int64) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(f.Truncate(size), f.Close()); err != nil {
		t.Skip("no sparse files here:", err)
	}
}

// TestHostile says that whatever packs hold, a run ends with findings about
// each of them, in words that can be shown.
//
//nolint:paralleltest // measures the memory of the process
func TestHostile(t *testing.T) {
	if testing.Short() {
		t.Skip("takes some seconds")
	}
	dir := t.TempDir()
	packs := hostilePacks(t, dir)
	within := rssLimit(t)
	r, err := lint.Run(t.Context(), packs, lint.Config{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	within()
	found := make(map[string]bool)
	for _, f := range r.Findings {
		found[f.Pack] = true
		if len(f.Message) > 2000 || len(f.Hint) > 2000 {
			t.Errorf("%s: a message of %d bytes", f.Path, len(f.Message)+len(f.Hint))
		}
		if strings.Contains(f.Message, dir) {
			t.Errorf("%s: a message with the path of a temporary folder: %s", f.Path, f.Message)
		}
		if _, err := json.Marshal(f); err != nil {
			t.Errorf("%s: %v", f.Path, err)
		}
	}
	for _, p := range packs {
		if !found[p.Path] {
			t.Errorf("nothing was found in %q", p.Path)
		}
	}
}

// TestNoSuchFolder says that a folder that is not there is a finding.
func TestNoSuchFolder(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "none")
	r, err := lint.Run(t.Context(), []lint.Input{{Dir: dir, Path: "none"}}, lint.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 1 || r.Findings[0].Rule != "pack-unreadable" || strings.Contains(r.Findings[0].Message, dir) {
		t.Errorf("got %v", r.Findings)
	}
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Error("checking a folder made it")
	}
}
