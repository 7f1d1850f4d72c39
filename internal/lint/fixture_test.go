package lint_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
)

// A fixture is a pack that differs in some files from one that is right. It is
// written as files are in the pages of docs/rules:
//
//	-- PATH --                    its whole text
//	-- PATH (in part) --          JSON members that take the place of others
//	-- PATH (missing) --          PATH (12 MiB), (JPEG image), (damaged), (executable), (CRLF), (pipe)
//	-- PATH (with · for blanks and → for tabs) --
//	-- PATH -> TARGET --          a link
//	-- PATH/ --                   an empty folder
//	-- charts/X.tgz/Chart.yaml -- a file in an archive
//	-- packs/NAME/PATH --         a file of one of several packs
//	-- at REF --                  what git has there: NAME VERSION, and which files changed since
//	-- lint.ignore --             RULE PACK REASON
type fixture struct {
	packs map[string]map[string]entry // by folder; "" where there is one
	cfg   lint.Config
}

type entry struct {
	how    string
	text   string
	target string
}

var (
	fileHeader = regexp.MustCompile(`^-- (.+?)(?: \((.+)\))?(?: -> (.+))? --$`)
	atHeader   = regexp.MustCompile(`^-- at (\S+) --$`)
)

// rightPack is the pack that fixtures start from: no rule finds anything in it.
var rightPack = map[string]string{
	"pack.json": `{
  "name": "demo",
  "displayName": "Demo",
  "version": "1.2.0",
  "layer": "addon",
  "addonType": "system app",
  "cloudTypes": ["all"],
  "annotations": {"source": "community"},
  "charts": ["charts/demo-1.2.0.tgz"]
}
`,
	"values.yaml": `pack:
  namespace: demo
  content:
    images:
      - image: docker.io/library/nginx:1.27.3
charts:
  demo:
    replicas: 2
    image:
      tag: 1.27.3
`,
	"README.md":                         "# Demo\n",
	"charts/demo-1.2.0.tgz/Chart.yaml":  "apiVersion: v2\nname: demo\nversion: 1.2.0\n",
	"charts/demo-1.2.0.tgz/values.yaml": "replicas: 1\nimage: {repository: nginx, tag: latest}\nresources: {limits: {cpu: 100m}}\nnodeSelector: {}\naffinity:\n",
}

func parseFixture(t *testing.T, text string) fixture {
	t.Helper()
	f := fixture{packs: make(map[string]map[string]entry)}
	var body *strings.Builder
	done := func() {}
	for line := range strings.SplitAfterSeq(text, "\n") {
		header := strings.TrimRight(line, "\n")
		if m := atHeader.FindStringSubmatch(header); m != nil {
			done()
			f.cfg.Since = &lint.Since{Ref: m[1], Versions: map[string][]string{}, Changed: map[string][]string{}}
			body, done = collect(func(s string) { f.since(t, s) })
			continue
		}
		if header == "-- lint.ignore --" {
			done()
			body, done = collect(f.ignore)
			continue
		}
		if m := fileHeader.FindStringSubmatch(header); m != nil {
			done()
			body, done = collect(func(s string) { f.add(m[1], entry{how: m[2], target: m[3], text: s}) })
			continue
		}
		if body != nil {
			body.WriteString(line)
		}
	}
	done()
	if len(f.packs) == 0 {
		f.packs[""] = map[string]entry{}
	}
	return f
}

func collect(use func(string)) (*strings.Builder, func()) {
	b := &strings.Builder{}
	return b, func() { use(b.String()) }
}

func (f *fixture) add(path string, e entry) {
	folder := ""
	if rest, ok := strings.CutPrefix(path, "packs/"); ok {
		folder, path, _ = strings.Cut(rest, "/")
	}
	if f.packs[folder] == nil {
		f.packs[folder] = make(map[string]entry)
	}
	f.packs[folder][path] = e
}

// since reads "demo 1.2.0" and "demo 1.2.0, changed: values.yaml README.md".
func (f *fixture) since(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		what, files, _ := strings.Cut(strings.TrimSpace(line), ", changed: ")
		name, version, ok := strings.Cut(what, " ")
		if !ok {
			continue
		}
		f.cfg.Since.Versions[name] = append(f.cfg.Since.Versions[name], version)
		if files != "" {
			f.cfg.Since.Changed[name+"-"+version] = strings.Fields(files)
		}
	}
}

func (f *fixture) ignore(text string) {
	f.cfg.File = "packs.yaml"
	for i, line := range strings.Split(strings.TrimSpace(text), "\n") {
		parts := strings.SplitN(line, " ", 3)
		f.cfg.Ignore = append(f.cfg.Ignore, lint.Ignore{Rule: parts[0], Pack: parts[1], Reason: parts[2], Line: i + 1, Column: 1})
	}
}

// write makes the packs below a folder, and returns them.
func (f *fixture) write(t *testing.T, dir string) []lint.Input {
	t.Helper()
	var packs []lint.Input
	for _, folder := range slices.Sorted(maps.Keys(f.packs)) {
		files := f.packs[folder]
		if strings.HasSuffix(folder, ".tar.gz") {
			writeArchive(t, filepath.Join(dir, folder), files)
			packs = append(packs, lint.Input{Dir: filepath.Join(dir, folder), Path: folder, Archive: true})
			continue
		}
		merged := mergePack(t, files)
		if folder == "" {
			folder = folderOf(merged["pack.json"].text)
		}
		writePack(t, filepath.Join(dir, folder), merged)
		packs = append(packs, lint.Input{Dir: filepath.Join(dir, folder), Path: folder})
	}
	return packs
}

// writeArchive writes a pack as an archive, or what is said to be one.
func writeArchive(t *testing.T, path string, files map[string]entry) {
	t.Helper()
	if e, ok := files[""]; ok {
		writeEntry(t, path, path, e)
		return
	}
	inside := make(map[string]string)
	for name, e := range mergePack(t, files) {
		if archive, _, ok := strings.Cut(name, ".tgz/"); ok {
			name, e.text = archive+".tgz", string(chartArchive(t, map[string]string{
				"Chart.yaml": rightPack[archive+".tgz/Chart.yaml"], "values.yaml": rightPack[archive+".tgz/values.yaml"],
			}))
		}
		inside[name] = e.text
	}
	writeBytes(t, path, chartArchive(t, inside), 0o644)
}

// folderOf returns NAME-VERSION, so that no pack breaks the rule about folders
// by accident.
func folderOf(packJSON string) string {
	var m struct{ Name, Version string }
	if json.Unmarshal([]byte(packJSON), &m) != nil || m.Name == "" || strings.ContainsAny(m.Name+m.Version, "/ ") {
		return "demo-1.2.0"
	}
	return m.Name + "-" + m.Version
}

func mergePack(t *testing.T, files map[string]entry) map[string]entry {
	t.Helper()
	merged := make(map[string]entry)
	for path, text := range rightPack {
		merged[path] = entry{text: text}
	}
	merged["logo.png"] = entry{text: logo(64)}
	if e := files["pack.json"]; e.how == "in part" {
		e.text = mergeJSON(t, rightPack["pack.json"], e.text)
		files["pack.json"] = e
	}
	for path, e := range files {
		if archive, _, inArchive := strings.Cut(path, ".tgz/"); inArchive && files[archive+".tgz/Chart.yaml"].text != "" && archive != "charts/demo-1.2.0" {
			maps.DeleteFunc(merged, func(p string, _ entry) bool { return strings.HasPrefix(p, "charts/demo-1.2.0.tgz/") })
		}
		if e.how == "missing" {
			maps.DeleteFunc(merged, func(p string, _ entry) bool { return p == path || strings.HasPrefix(p, path+"/") })
		}
	}
	for path, e := range files {
		if e.how != "missing" {
			merged[path] = e
		}
	}
	return merged
}

func mergeJSON(t *testing.T, base, part string) string {
	t.Helper()
	var a, b map[string]json.RawMessage
	if err := json.Unmarshal([]byte(base), &a); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal([]byte(part), &b); err != nil {
		t.Fatalf("%s: %v", part, err)
	}
	for k, v := range b {
		if a[k] = v; string(v) == `"(none)"` {
			delete(a, k)
		}
	}
	text, err := json.MarshalIndent(a, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writePack(t *testing.T, dir string, files map[string]entry) {
	t.Helper()
	archives := make(map[string]map[string]string)
	for path, e := range files {
		if archive, inner, ok := strings.Cut(path, ".tgz/"); ok {
			if archives[archive+".tgz"] == nil {
				archives[archive+".tgz"] = make(map[string]string)
			}
			archives[archive+".tgz"][inner] = e.text
			continue
		}
		writeEntry(t, filepath.Join(dir, filepath.FromSlash(path)), path, e)
	}
	for name, inner := range archives {
		if e, ok := files[name]; ok && e.how != "" {
			continue // the archive itself is said to be something else
		}
		writeBytes(t, filepath.Join(dir, filepath.FromSlash(name)), chartArchive(t, inner), 0o644)
	}
}

func writeEntry(t *testing.T, path, name string, e entry) {
	t.Helper()
	if strings.HasSuffix(name, "/") {
		if err := os.MkdirAll(path, 0o755); err != nil {
			t.Fatal(err)
		}
		return
	}
	mode := os.FileMode(0o644)
	text := e.text
	switch {
	case e.target != "":
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(e.target, path); err != nil {
			t.Fatal(err)
		}
		return
	case e.how == "pipe":
		makePipe(t, path)
		return
	case e.how == "executable":
		mode = 0o755
	case e.how == "CRLF":
		text = strings.ReplaceAll(text, "\n", "\r\n")
	case e.how == "JPEG image":
		text = "\xff\xd8\xff\xe0" + strings.Repeat("x", 100)
	case e.how == "damaged":
		text = "\x1f\x8b\x08\x00garbage"
	case e.how == "with a byte order mark":
		text = "\xef\xbb\xbf" + text
	case strings.HasPrefix(e.how, "with ·"):
		text = strings.NewReplacer("·", " ", "→", "\t").Replace(text)
	case strings.HasSuffix(e.how, " MiB"):
		n, err := strconv.Atoi(strings.TrimSuffix(e.how, " MiB"))
		if err != nil {
			t.Fatal(err)
		}
		text = string(make([]byte, n<<20))
	case strings.HasSuffix(e.how, " pixels"):
		n, err := strconv.Atoi(strings.TrimSuffix(e.how, " pixels"))
		if err != nil {
			t.Fatal(err)
		}
		text = logo(n)
	}
	writeBytes(t, path, []byte(text), mode)
}

func writeBytes(t *testing.T, path string, data []byte, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, mode); err != nil {
		t.Fatal(err)
	}
}
