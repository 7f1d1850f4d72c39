package lint

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/suggest"
)

// Files that a pack is known to hold.
const (
	valuesFile  = "values.yaml"
	readmeFile  = "README.md"
	logoFile    = "logo.png"
	schemaFile  = "schema.yaml"
	presetsFile = "presets.yaml"
)

const packUnreadable = "pack-unreadable"

var fileRules = []Rule{
	{ID: packUnreadable, Severity: Error, Summary: "a pack, or a file of it, cannot be read", check: checkReadable},
	{ID: "packsignore-syntax", Severity: Error, Summary: ".packsignore is not in gitignore syntax", check: checkIgnoreFile},
	{ID: "unpublishable-file", Severity: Error, Summary: "a device, socket, pipe or a file whose name is not UTF-8", check: checkUnpublishable},
	{ID: "symlink-escape", Severity: Error, Summary: "a link leaves the pack or goes in circles", check: checkLinks},
	{ID: "readme-missing", Severity: Error, Summary: "there is no README.md", check: func(p *pass) { checkPresent(p, readmeFile, "people read it in Palette before they use the pack") }},
	{ID: "values-missing", Severity: Error, Summary: "there is no values.yaml", check: func(p *pass) {
		checkPresent(p, valuesFile, "it may be empty, but Palette wants it")
	}},
	{ID: "chart-missing", Severity: Error, Summary: "pack.json lists a chart that is not there", check: checkChartsThere},
	{ID: "manifest-missing", Severity: Error, Summary: "pack.json lists a manifest that is not there", check: checkManifestsThere},
	{ID: "unlisted-chart", Severity: Warning, Summary: "a chart archive is there that pack.json does not list", check: checkUnlistedCharts},
	{ID: "manifest-basename-clash", Severity: Error, Summary: "two manifests have one base name, which is their key in values.yaml", check: checkBasenames},
	{ID: "large-file", Severity: Warning, Summary: "a file has more than 10 MiB", check: checkLargeFiles},
	{ID: "junk-file", Severity: Warning, Summary: "a file that editors, tools or systems leave behind is published", check: checkJunk},
	{ID: "executable-bit", Severity: Info, Summary: "a file that is no program is executable", check: checkExecutables},
	{ID: "empty-folder", Severity: Info, Summary: "a folder is empty, which neither git nor a pack can carry", check: checkEmptyFolders},
}

// unreadable is the finding about a pack that cannot be opened at all.
func unreadable(in Input, err error) Finding {
	rule, _ := Lookup(packUnreadable)
	hint := ""
	switch {
	case errors.Is(err, fs.ErrNotExist):
		hint = "there is no such folder or archive"
	case errors.Is(err, fs.ErrPermission):
		hint = "check the rights of the folder"
	case errors.Is(err, pack.ErrArchive):
		hint = "a pack archive is a .tar.gz of a folder that holds pack.json"
	}
	return Finding{Rule: rule.ID, Severity: rule.Severity, Path: in.Path, Pack: in.Path, rel: in.rel(""), Hint: hint, Message: "cannot be read: " + cause(err).Error()}
}

func checkReadable(p *pass) {
	scans := p.scanned()
	for i, e := range p.list.Entries {
		if err := cmp.Or(e.Err, scans[i].err); err != nil && !errors.Is(err, pack.ErrUnsupported) {
			p.report(place{file: e.Path}, "check its rights", "cannot be read: "+cause(err).Error())
		}
	}
}

func checkIgnoreFile(p *pass) {
	if p.list.IgnoreErr != nil {
		p.report(place{file: pack.IgnoreFile}, "", "cannot be used: "+cause(p.list.IgnoreErr).Error())
	}
}

func checkUnpublishable(p *pass) {
	for _, e := range p.list.Entries {
		if errors.Is(e.Err, pack.ErrUnsupported) {
			p.report(place{file: e.Path}, "take it away, or name it in .packsignore", e.Err.Error())
		}
	}
}

func checkLinks(p *pass) {
	for _, e := range p.list.Entries {
		if e.Escapes {
			p.reportf(place{file: e.Path}, "copy the file into the pack instead", "this link to %s leaves the pack, or goes in circles", quote(e.Target))
		}
	}
}

// checkPresent wants a regular file, or a link to one.
func checkPresent(p *pass, name, why string) {
	if p.isFile(name) {
		return
	}
	hint := why
	for _, e := range p.list.Entries {
		if strings.EqualFold(e.Path, name) && e.Path != name {
			hint = fmt.Sprintf("there is %s: rename it", e.Path)
		}
	}
	if p.entries[name] != nil {
		p.report(place{pack.MetaFile, 1, 1}, hint, name+" is no file")
		return
	}
	p.report(place{pack.MetaFile, 1, 1}, hint, name+" is missing")
}

func checkChartsThere(p *pass)    { checkListed(p, "charts", ".tgz") }
func checkManifestsThere(p *pass) { checkListed(p, "kubeManifests", ".yaml", ".yml") }

// checkListed wants every file that a list of pack.json names.
func checkListed(p *pass, list string, suffixes ...string) {
	for _, v := range p.meta().list(list) {
		name := clean(v.text)
		switch err := inside(v.text); {
		case err != nil:
			p.reportf(p.metaAt(v), "paths are relative to the pack, as in "+quote(list+"/NAME"+suffixes[0]), "%s lists %s, which %v", list, quote(v.text), err)
		case p.isFile(name):
		case p.entries[name] != nil:
			p.reportf(p.metaAt(v), "list a file ending in "+oneOf(suffixes), "%s lists %s, which is no file", list, quote(v.text))
		case p.behindLink(name) && p.readable(name):
		default:
			p.reportf(p.metaAt(v), p.nearFile(name, suffixes), "%s lists %s, which is not in the pack", list, quote(v.text))
		}
	}
}

func (t *target) readable(name string) bool {
	f, err := t.open(name)
	if err != nil {
		return false
	}
	return f.Close() == nil
}

// nearFile returns a hint that names a file which was meant.
func (t *target) nearFile(name string, suffixes []string) string {
	var files []string
	for _, e := range t.list.Entries {
		if e.Mode.IsRegular() && slices.Contains(suffixes, path.Ext(e.Path)) && !t.inChart(e.Path) {
			files = append(files, e.Path)
		}
	}
	if near := suggest.Nearest(name, files); near != "" {
		return didYouMean(near)
	}
	if i := slices.IndexFunc(files, func(f string) bool { return path.Base(f) == path.Base(name) }); i >= 0 {
		return didYouMean(files[i])
	}
	return ""
}

// inChart tells whether a file lies in an unpacked chart: below a folder that
// holds Chart.yaml.
func (t *target) inChart(file string) bool {
	for dir := path.Dir(file); dir != "."; dir = path.Dir(dir) {
		if t.entries[dir+"/Chart.yaml"] != nil {
			return true
		}
	}
	return false
}

func checkUnlistedCharts(p *pass) {
	if p.meta() == nil {
		return
	}
	listed := make(map[string]bool)
	for _, v := range p.meta().list("charts") {
		listed[clean(v.text)] = true
	}
	for _, e := range p.list.Entries {
		if e.Mode.IsRegular() && path.Ext(e.Path) == ".tgz" && !listed[e.Path] && !p.inChart(e.Path) {
			p.reportf(place{file: e.Path}, "list it under charts in pack.json, or take it away", "pack.json does not list %s: it is published, and never installed", e.Path)
		}
	}
}

func checkBasenames(p *pass) {
	first := make(map[string]*jsonValue)
	for _, v := range p.meta().list("kubeManifests") {
		base := manifestKey(v.text)
		if other := first[base]; other != nil {
			p.reportf(p.metaAt(v), "rename one of the files", "%s and %s both have the key %s below manifests: in values.yaml", quote(other.text), quote(v.text), quote(base))
			continue
		}
		first[base] = v
	}
}

// manifestKey is the key of a manifest below manifests: in values.yaml.
func manifestKey(name string) string {
	base := path.Base(clean(name))
	return strings.TrimSuffix(base, path.Ext(base))
}

const largeFile = 10 << 20

func checkLargeFiles(p *pass) {
	for _, e := range p.list.Entries {
		if e.Mode.IsRegular() && e.Size > largeFile {
			p.reportf(place{file: e.Path}, "name it in .packsignore if the pack does not need it", "has %d MiB, and every cluster that uses the pack fetches it", e.Size>>20)
		}
	}
}

var (
	junkSuffixes = []string{"~", ".swp", ".swo", ".orig", ".rej", ".bak", ".tmp", ".pyc"}
	junkFolders  = []string{".idea", ".vscode", "__MACOSX", "__pycache__", "node_modules", ".terraform"}
)

func checkJunk(p *pass) {
	own := p.meta().str("name") + "-" + p.meta().str("version")
	for _, e := range p.list.Entries {
		base := path.Base(e.Path)
		switch {
		case e.Mode.IsDir() && slices.Contains(junkFolders, base):
			p.reportf(place{file: e.Path}, "take it away, or name it in .packsignore", "the folder %s is left behind by a tool, and would be published", base)
		case !e.Mode.IsRegular() || p.inJunk(e.Path):
		case slices.ContainsFunc(junkSuffixes, func(s string) bool { return strings.HasSuffix(base, s) && base != s }):
			p.reportf(place{file: e.Path}, "take it away, or name it in .packsignore", "%s looks left behind by an editor or a tool, and would be published", base)
		case base == own+".tar.gz" || base == own+".tgz" && path.Dir(e.Path) == ".":
			p.reportf(place{file: e.Path}, "take it away: `packs apply` makes the archive", "%s is an archive of the pack inside the pack", base)
		}
	}
}

func (t *target) inJunk(file string) bool {
	return slices.ContainsFunc(strings.Split(path.Dir(file), "/"), func(part string) bool { return slices.Contains(junkFolders, part) })
}

// programSuffixes end the names of files that are run although they do not say
// with what.
var programSuffixes = []string{".sh", ".bash", ".py", ".pl", ".rb", ".exe", ".bat", ".ps1"}

func checkExecutables(p *pass) {
	for _, e := range p.list.Entries {
		if !e.Executable || slices.Contains(programSuffixes, path.Ext(e.Path)) || p.isProgram(e.Path) {
			continue
		}
		p.report(place{file: e.Path}, "chmod -x, and git update-index --chmod=-x", "is executable, but no program: the bit is part of the pack's identity, and some systems cannot keep it")
	}
}

// isProgram tells whether a file begins as programs and scripts do.
func (t *target) isProgram(name string) bool {
	f, err := t.open(name)
	if err != nil {
		return true // somebody else's finding
	}
	defer f.Close() //nolint:errcheck // only read
	head := make([]byte, 4)
	n, err := io.ReadFull(f, head)
	if err != nil && n == 0 {
		return false
	}
	for _, magic := range []string{"#!", "\x7fELF", "MZ", "\xcf\xfa\xed\xfe", "\xca\xfe\xba\xbe"} {
		if bytes.HasPrefix(head[:n], []byte(magic)) {
			return true
		}
	}
	return false
}

func checkEmptyFolders(p *pass) {
	for _, e := range p.list.Entries {
		if e.Empty {
			p.report(place{file: e.Path}, "put a .gitkeep into it if the pack needs the folder", "is an empty folder: neither git nor the published pack will have it")
		}
	}
}
