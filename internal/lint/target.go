package lint

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/packs-cli/packs/internal/pack"
)

// maxEntries is how many files and folders a pack may hold; the largest pack of
// the public catalog has 426.
const maxEntries = 50_000

// target is the pack under check. What rules ask for is read once.
type target struct {
	ctx    context.Context //nolint:containedctx // lives as long as the check of one pack
	in     Input
	mem    *memory
	root   *os.Root
	opener *pack.Opener // of files that are no links

	list    *pack.Listing
	entries map[string]*pack.Entry

	json     *jsonFile // nil where pack.json cannot be read
	jsonFlaw *flaw     // why
	noJSON   bool      // pack.json is missing; jsonFlaw is nil

	scans  []scan // of the entries; empty until a rule asks
	yamls  map[string]*yamlFile
	charts []*chart
	loaded bool // charts are
}

// openTarget lists a pack's folder and reads its pack.json.
func openTarget(ctx context.Context, in Input, mem *memory) (*target, error) {
	t := &target{ctx: ctx, in: in, mem: mem, entries: make(map[string]*pack.Entry), yamls: make(map[string]*yamlFile)}
	var err error
	if t.list, err = pack.List(ctx, in.Dir, maxEntries); err != nil {
		return nil, err
	}
	for i := range t.list.Entries {
		t.entries[t.list.Entries[i].Path] = &t.list.Entries[i]
	}
	if t.root, err = os.OpenRoot(in.Dir); err != nil {
		return nil, err
	}
	t.opener = pack.NewOpener(t.root)
	t.readJSON()
	return t, nil
}

// close frees the folder.
func (t *target) close() error { return errors.Join(t.opener.Close(), t.root.Close()) }

func (t *target) readJSON() {
	data, err := t.read(pack.MetaFile, maxJSON)
	if errors.Is(err, fs.ErrNotExist) {
		t.noJSON = true
		return
	}
	if err != nil {
		t.jsonFlaw = t.unreadable(pack.MetaFile, err)
		return
	}
	t.json, t.jsonFlaw = parseJSON(data)
	if t.jsonFlaw == nil && t.json.root.kind != jsonObject {
		line, column := t.json.at(t.json.root.start)
		t.jsonFlaw = newFlaw(line, column, "is "+jsonNames[t.json.root.kind]+", not an object", `it begins with "{"`)
		t.json = nil
	}
}

// meta returns the object in pack.json; nil where it cannot be read.
func (t *target) meta() *jsonValue {
	if t.json == nil {
		return nil
	}
	return t.json.root
}

// in pack.json, the place of a value.
func (t *target) metaAt(v *jsonValue) place {
	if t.json == nil || v == nil {
		return place{pack.MetaFile, 1, 1}
	}
	line, column := t.json.at(v.start)
	return place{pack.MetaFile, line, column}
}

// metaKeyAt is the place of a key's value in pack.json, or of its beginning.
func (t *target) metaKeyAt(name string) place { return t.metaAt(t.meta().get(name)) }

var errNoFile = errors.New("is no file")

// unreadable is the flaw of a file that could not be read. What is no folder
// has a finding of a rule about files already.
func (t *target) unreadable(name string, err error) *flaw {
	e := t.entries[name]
	return &flaw{message: "cannot be read: " + err.Error(), told: e != nil && (e.Mode.IsRegular() || e.Err != nil || e.Escapes)}
}

// isFile tells whether a path is a regular file, or a link to one, in the pack.
func (t *target) isFile(name string) bool {
	e := t.entries[name]
	if e == nil {
		return false
	}
	if e.Mode&fs.ModeSymlink == 0 {
		return e.Mode.IsRegular()
	}
	info, err := t.root.Stat(filepath.FromSlash(name))
	return err == nil && info.Mode().IsRegular()
}

// open opens a file of the pack; one that is left out of it does not exist. It
// never waits for the other end of a pipe.
func (t *target) open(name string) (*os.File, error) {
	e := t.entries[name]
	if e == nil && !t.behindLink(name) {
		return nil, fs.ErrNotExist
	}
	var f *os.File
	var err error
	if e != nil && e.Mode.IsRegular() {
		f, err = t.opener.Open(name)
	} else {
		f, err = t.root.OpenFile(filepath.FromSlash(name), os.O_RDONLY|nonblock, 0)
	}
	if err != nil {
		return nil, cause(err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errNoFile
	}
	if err != nil {
		return nil, errors.Join(cause(err), f.Close())
	}
	return f, nil
}

// behindLink tells whether a path lies below a folder that is a link.
func (t *target) behindLink(name string) bool {
	for dir := path.Dir(name); dir != "." && dir != "/"; dir = path.Dir(dir) {
		if e := t.entries[dir]; e != nil && e.Mode&fs.ModeSymlink != 0 {
			return true
		}
	}
	return false
}

// cause takes the path of this machine out of an error.
func cause(err error) error {
	if p := (*fs.PathError)(nil); errors.As(err, &p) {
		return p.Err
	}
	return err
}

// read reads a file of the pack that has at most that many bytes; of a longer
// one it reads one byte more.
func (t *target) read(name string, most int64) (data []byte, err error) {
	f, err := t.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, cause(f.Close())) }()
	var b bytes.Buffer
	if e := t.entries[name]; e != nil {
		b.Grow(int(min(e.Size, most)) + bytes.MinRead) // else it grows by and by
	}
	_, err = b.ReadFrom(io.LimitReader(f, most+1))
	return b.Bytes(), cause(err)
}

// yaml returns a YAML file of the pack; nil where there is none.
func (t *target) yaml(name string) *yamlFile {
	if f, ok := t.yamls[name]; ok {
		return f
	}
	if t.entries[name] != nil && !t.isFile(name) {
		return nil // other rules tell of links and folders
	}
	data, err := t.read(name, maxYAML)
	var f *yamlFile
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		f = &yamlFile{name: name, lines: newLines(nil), flaw: t.unreadable(name, err)}
	default:
		f = parseYAML(name, data, t.mem)
	}
	t.yamls[name] = f
	return f
}

// values returns values.yaml where it was read and holds a mapping, else nil.
func (t *target) values() *yamlFile {
	f := t.yaml(valuesFile)
	if f == nil || f.flaw != nil || f.root == nil {
		return nil
	}
	return f
}

// listedCharts reads the charts that pack.json lists.
func (t *target) listedCharts() []*chart {
	if t.loaded {
		return t.charts
	}
	t.loaded = true
	seen := make(map[string]bool)
	for _, v := range t.meta().list("charts") {
		name := clean(v.text)
		if seen[name] {
			continue
		}
		seen[name] = true
		c := &chart{path: name, listed: v}
		t.charts = append(t.charts, c)
		t.readChart(c)
	}
	return t.charts
}

func (t *target) readChart(c *chart) {
	f, err := t.open(c.path)
	if err != nil {
		c.missing = errors.Is(err, fs.ErrNotExist) || errors.Is(err, errNoFile)
		if !c.missing {
			c.flaw = t.unreadable(c.path, err)
		}
		return
	}
	defer f.Close() //nolint:errcheck // only read
	in := newReader(f)
	defer freeReader(in)
	files, err := readChart(in)
	if err != nil {
		c.flaw = &flaw{message: err.Error()}
		return
	}
	c.parse(files, t.mem)
}

// clean returns a path of pack.json as files of the pack are named.
func clean(name string) string {
	return path.Clean(strings.TrimPrefix(strings.ReplaceAll(name, `\`, "/"), "./"))
}

// inside tells whether a path that pack.json states stays in the pack.
func inside(name string) error {
	switch c := clean(name); {
	case strings.TrimSpace(name) == "":
		return errors.New("is empty")
	case path.IsAbs(c):
		return errors.New("is an absolute path: it must be relative to the pack")
	case c == ".." || strings.HasPrefix(c, "../"):
		return errors.New("leaves the pack")
	case strings.Contains(name, `\`):
		return fmt.Errorf("is written with backslashes: write %s", quote(strings.ReplaceAll(name, `\`, "/")))
	}
	return nil
}
