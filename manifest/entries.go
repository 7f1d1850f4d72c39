package manifest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/packs-cli/packs/internal/version"
)

// entry is one entry of packs: that names paths.
type entry struct {
	value   *value
	only    only
	targets []Target
	stated  bool // whether it says onChange itself

	matched  int      // packs that it matches and that can be read
	kept     int      // those that only: leaves
	broken   bool     // whether it matches something that is no pack
	unjudged []string // packs whose version the range could not judge
}

// only narrows an entry.
type only struct {
	names, layers []string
	versions      version.Range
}

// packEntries reads packs: as far as it stands in the file.
func (l *loader) packEntries() {
	for _, v := range l.root.get("packs").list() {
		if v.get("from") != nil {
			l.fromEntry(v)
			continue
		}
		o := v.get("only")
		l.globs(v.scalars("exclude"), "exclude")
		l.entries = append(l.entries, &entry{
			value:   v,
			only:    only{names: l.names(o), layers: o.strings("layer"), versions: l.versions(o.get("versions"))},
			targets: l.targets(v, ""),
			stated:  v.get("onChange").known(),
		})
	}
}

func (l *loader) names(v *value) []string {
	l.globs(v.scalars("name"), "name")
	return v.strings("name")
}

// versions reads a range of versions.
func (l *loader) versions(v *value) version.Range {
	if !v.known() {
		return version.Range{}
	}
	r, err := version.ParseRange(v.text)
	if err != nil {
		l.report.fail(v.pos, err, `as in ">=1.2, <2", or one exact version`, "versions is no range of versions: %s", v.shown())
		v.wrong = true
	}
	return r
}

// fromEntry reads an entry that copies from another registry.
func (l *loader) fromEntry(v *value) {
	from, o := v.get("from"), v.get("only")
	source := from.get("registry")
	if source.known() && !slices.ContainsFunc(l.catalog.Registries, func(r Registry) bool { return r.Name == source.text }) && !l.unnamed {
		names := l.registryNames()
		l.report.fail(source.pos, ErrNotFound, hints(didYouMean(source.raw, names), "there are "+strings.Join(names, ", ")), "there is no registry %s", source.shown())
	}
	l.versions(o.get("versions"))
	l.catalog.From = append(l.catalog.From, From{
		Registry:   from.str("registry"),
		Names:      l.names(from),
		Only:       Only{Names: l.names(o), Versions: o.str("versions"), Pins: l.pins(o)},
		Registries: l.targets(v, from.str("registry")),
		Referrers:  v.boolean("referrers", false),
		Rewrite:    v.boolean("rewrite", false),
		Position:   v.pos,
	})
	if last := &l.catalog.From[len(l.catalog.From)-1]; last.Referrers && last.Rewrite {
		l.report.errorf(v.get("rewrite").pos, "signatures are of the manifest as it was: take one of the two away", "rewrite: true and referrers: true exclude each other")
	}
}

// pins returns the absolute path of a pin file. It lies in the work tree, as
// packs do: what cannot be read as a pin is quoted in errors, and must be no
// secret of the machine.
func (l *loader) pins(only *value) string {
	path := l.file(only, "pins")
	if at := only.get("pins"); path != "" && !at.unset && !l.tree.holds(realPath(path)) {
		l.outside(at.pos, at.shown())
	}
	return path
}

// retiredEntries reads retired:.
func (l *loader) retiredEntries() {
	for _, v := range l.root.get("retired").list() {
		l.versions(v.get("versions"))
		r := Retired{Name: v.str("name"), Versions: v.str("versions"), Reason: v.str("reason"), Position: v.pos}
		if v.get("registries") != nil {
			for _, t := range l.targets(v, "") {
				r.Registries = append(r.Registries, t.Registry)
			}
		}
		l.catalog.Retired = append(l.catalog.Retired, r)
		l.retired = append(l.retired, v)
	}
}

// expand finds what an entry's path matches, and reports what is wrong with it.
func (l *loader) expand(e *entry) []found {
	p := e.value.get("path")
	if !p.known() {
		return nil
	}
	if fault := globFault(p.text); fault != "" {
		l.report.errorf(p.pos, fault, "path is no glob: %s", p.shown())
		return nil
	}
	excludes := e.value.scalars("exclude")
	var patterns []string
	for _, x := range excludes {
		patterns = append(patterns, path.Clean(x.text))
	}
	g, at := newGlobber(l.tree, p.text, patterns, &l.visits)
	if l.visits > maxVisits {
		return nil
	}
	g.run(at)
	if l.visits > maxVisits {
		l.report.fail(p.pos, ErrTooLarge, "fewer entries, or narrower ones", "globs have come to more than %d files and folders", maxVisits)
		return nil
	}
	l.walked(e, g, p)
	for i, x := range excludes {
		if !g.excluded[i] && len(g.found) > 0 {
			l.report.remarkf(x.pos, nil, "", "exclude %s takes nothing away", x.shown())
		}
	}
	return g.found
}

// walked reports what a walk came upon.
func (l *loader) walked(e *entry, g *globber, p *value) {
	for _, path := range g.outside {
		l.outside(p.pos, quote(path))
	}
	for _, path := range g.bare {
		e.broken = true
		l.report.fail(p.pos, ErrPack, "name only folders that hold one, leave it out with exclude:, or use **", "%s holds no pack.json", path)
		l.catalog.Broken = append(l.catalog.Broken, Pack{Path: path, Dir: l.absolute(path), Position: e.value.pos})
	}
	for _, f := range g.failed {
		l.report.fail(p.pos, f.err, "", "%s cannot be read: %s", f.path, reason(f.err))
	}
	if len(g.outside)+len(g.bare)+len(g.failed) > 0 {
		return
	}
	if len(g.found) > 0 {
		if len(g.archives) > 0 {
			l.report.remarkf(p.pos, nil, "an entry that ends in *.tar.gz or *.tgz takes them", "archives are passed over by a ** at the end: %s", some(g.archives))
		}
		return
	}
	message, hint := g.nothing(p)
	l.report.fail(p.pos, ErrNotFound, hint, "%s", message)
}

// reason is the bare cause of a failed operation on a file.
func reason(err error) error {
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return pathErr.Err
	}
	return err
}

// some lists the first of many names.
func some(names []string) string {
	const shown = 3
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}

// nothing says why a pattern matches nothing, and what may be meant.
func (g *globber) nothing(p *value) (message, hint string) {
	switch {
	case slices.Contains(g.excluded, true):
		return fmt.Sprintf("path %s matches nothing but what exclude takes away", p.shown()), ""
	case len(g.archives) > 0:
		return fmt.Sprintf("path %s matches no folder that holds a pack.json", p.shown()), "an entry that ends in *.tar.gz or *.tgz takes archives: " + some(g.archives)
	case len(g.files) > 0 && !isGlob(p.text):
		return fmt.Sprintf("path %s is neither a folder nor a .tar.gz or .tgz archive", p.shown()), ""
	case g.missing != nil && !p.interpolated:
		return fmt.Sprintf("path %s matches nothing: there is no %s", p.shown(), path.Join(g.missing.in.path, g.missing.name)), g.sibling()
	case g.star < len(g.parts):
		return fmt.Sprintf("path %s matches nothing: no folder there holds a pack.json", p.shown()), ""
	default:
		return fmt.Sprintf("path %s matches nothing", p.shown()), ""
	}
}

// sibling hints at a name beside the one that is missing.
func (g *globber) sibling() string {
	if !g.tree.holds(g.missing.in.real) {
		return ""
	}
	entries, err := os.ReadDir(g.missing.in.real)
	if err != nil {
		return ""
	}
	names := make([]string, 0, len(entries))
	for _, e := range entries {
		if e.IsDir() || isArchive(e.Name()) {
			names = append(names, e.Name())
		}
	}
	near := nearest(g.missing.name, names)
	if near == "" {
		return ""
	}
	return "did you mean " + path.Join(g.missing.in.path, near) + "?"
}

// keeps tells whether only: leaves a pack.
func (e *entry) keeps(p *Pack) bool {
	o := &e.only
	if len(o.names) > 0 && !slices.ContainsFunc(o.names, func(glob string) bool { return doublestar.MatchUnvalidated(glob, p.Name) }) {
		return false
	}
	if len(o.layers) > 0 && !slices.Contains(o.layers, p.Layer) {
		return false
	}
	in, judged := o.versions.Contains(p.Version)
	if !judged {
		e.unjudged = append(e.unjudged, p.Name+":"+p.Version)
	}
	return in
}
