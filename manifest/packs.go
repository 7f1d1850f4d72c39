package manifest

import (
	"cmp"
	"fmt"
	"path"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/distribution/reference"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/version"
)

// candidate is a folder or archive that entries match.
type candidate struct {
	found
	entries []int // places in loader.entries, in their order
	meta    pack.Meta
	err     error // of reading meta
}

// packs finds the packs that entries match, reads their pack.json and works
// out where each goes.
func (l *loader) packs() {
	candidates := l.candidates()
	readMetas(candidates)
	for i := range candidates {
		l.addPack(&candidates[i])
	}
	for _, e := range l.entries {
		l.judge(e)
	}
	sortPacks(l.catalog.Packs)
	slices.SortFunc(l.catalog.Broken, func(a, b Pack) int { return cmp.Compare(a.Path, b.Path) })
	l.duplicates()
	l.retiredPacks()
	slices.Sort(l.catalog.Files)
	l.catalog.Files = slices.Compact(l.catalog.Files)
}

// sortPacks orders packs by name, version and path.
func sortPacks(packs []Pack) {
	type keyed struct {
		pack    Pack
		version version.Version
	}
	all := make([]keyed, len(packs))
	for i, p := range packs {
		all[i] = keyed{p, version.Parse(p.Version)}
	}
	slices.SortFunc(all, func(a, b keyed) int {
		if c := cmp.Compare(a.pack.Name, b.pack.Name); c != 0 {
			return c
		}
		if c := a.version.Compare(b.version); c != 0 {
			return c
		}
		return cmp.Compare(a.pack.Path, b.pack.Path)
	})
	for i := range all {
		packs[i] = all[i].pack
	}
}

// candidates returns what entries match, each folder and archive once.
func (l *loader) candidates() []candidate {
	var all []candidate
	seen := map[string]int{}
	for i, e := range l.entries {
		for _, f := range l.expand(e) {
			j, ok := seen[f.real]
			if !ok {
				j = len(all)
				seen[f.real] = j
				all = append(all, candidate{found: f})
			}
			if n := len(all[j].entries); n == 0 || all[j].entries[n-1] != i {
				all[j].entries = append(all[j].entries, i)
			}
		}
	}
	return all
}

// readMetas reads the pack.json of all candidates. It waits for disks more
// than it computes, hence two for each core.
func readMetas(candidates []candidate) {
	var next atomic.Int64
	var g errgroup.Group
	for range min(2*runtime.GOMAXPROCS(0), len(candidates)) {
		g.Go(func() error {
			for i := next.Add(1) - 1; i < int64(len(candidates)); i = next.Add(1) - 1 {
				c := &candidates[i]
				c.meta, c.err = pack.ReadMeta(c.real)
			}
			return nil
		})
	}
	_ = g.Wait() // failures are kept beside each candidate
}

// addPack puts a candidate into the catalog, or reports why it is no pack.
func (l *loader) addPack(c *candidate) {
	p := Pack{
		Name: c.meta.Name, Version: c.meta.Version, DisplayName: c.meta.DisplayName, Layer: c.meta.Layer,
		Path: l.display(c.found), Dir: c.real, Archive: c.archive, Position: l.entries[c.entries[0]].value.pos,
	}
	if c.err != nil {
		l.badPack(c, p)
		return
	}
	var kept []*entry
	for _, i := range c.entries {
		e := l.entries[i]
		e.matched++
		l.agrees(e, &p)
		if e.keeps(&p) {
			e.kept++
			kept = append(kept, e)
		}
	}
	p.Targets = l.addUp(kept)
	if len(p.Targets) == 0 {
		return // only: leaves it out, or its entry's registries are wrong
	}
	l.tooLong(&p)
	l.catalog.Packs = append(l.catalog.Packs, p)
}

// display returns the path of a pack for messages: relative to the catalog's
// folder, unless it lies outside of the work tree.
func (l *loader) display(f found) string {
	if !path.IsAbs(f.path) && !filepath.IsAbs(f.path) {
		return f.path
	}
	if l.tree.git != "" {
		inside := l.tree
		inside.border = l.tree.git
		if rel, err := filepath.Rel(l.tree.dir, f.real); err == nil && inside.holds(f.real) {
			return filepath.ToSlash(rel)
		}
	}
	return f.path
}

// named returns a path of the catalog as the user can open it: joined to the
// folder of packs.yaml as that was named.
func (l *loader) named(p string) string {
	if path.IsAbs(p) || filepath.IsAbs(p) {
		return p
	}
	return filepath.Join(filepath.Dir(l.report.file), filepath.FromSlash(p))
}

// addUp returns the targets of all entries that match a pack, in the order of
// registries. Where several go to one registry, the last that states onChange
// has the last word.
func (l *loader) addUp(entries []*entry) []Target {
	if len(entries) == 0 {
		return nil
	}
	if len(entries) == 1 {
		return slices.Clip(entries[0].targets) // shared by all packs of the entry
	}
	all := make([]Target, len(l.catalog.Registries))
	for _, e := range entries {
		for _, t := range e.targets {
			if i := l.places[t.Registry]; e.stated || all[i].Registry == "" {
				all[i] = t
			}
		}
	}
	return slices.DeleteFunc(all, func(t Target) bool { return t.Registry == "" })
}

// agrees reports a name or version that an entry states and pack.json does not have.
func (l *loader) agrees(e *entry, p *Pack) {
	for _, stated := range []struct{ key, is string }{{"name", p.Name}, {"version", p.Version}} {
		v := e.value.get(stated.key)
		if v.known() && v.text != stated.is {
			l.report.fail(v.pos, ErrPack, "the pack.json decides: correct one of them, or take "+stated.key+": away here",
				"%s %s differs from the pack.json of %s, which says %s", stated.key, v.shown(), p.Path, quote(stated.is))
		}
	}
}

// tooLong reports a pack whose repository would have a longer name than there may be.
func (l *loader) tooLong(p *Pack) {
	if l.longestBase+1+len(p.Name) <= reference.RepositoryNameTotalLengthMax {
		return
	}
	for _, t := range p.Targets {
		if r := &l.catalog.Registries[l.places[t.Registry]]; len(r.Base())+1+len(p.Name) > reference.RepositoryNameTotalLengthMax {
			l.report.fail(p.Position, ErrPack, "", "repository %s has more than %d characters", quote(r.Repository(p.Name)), reference.RepositoryNameTotalLengthMax)
		}
	}
}

// judge reports what only: did to the packs of an entry.
func (l *loader) judge(e *entry) {
	o := e.value.get("only")
	if len(e.unjudged) > 0 {
		v := o.get("versions")
		l.report.remarkf(v.position(o), nil, "an exact version names one that is no semantic version",
			"versions %s cannot judge, and so leaves out: %s", v.shown(), some(e.unjudged))
	}
	if e.matched > 0 && e.kept == 0 && !e.broken {
		l.report.fail(o.position(e.value), ErrNotFound, "", "only: leaves none of the %s that path %s matches", count(e.matched, "pack"), e.value.get("path").shown())
	}
}

func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// duplicates reports versions that two packs claim in one registry: the same
// text, or texts that differ by case only, which some registries and file
// systems take for one. Packs are sorted by name.
func (l *loader) duplicates() {
	seen := map[string][]*Pack{}
	for i := range l.catalog.Packs {
		p := &l.catalog.Packs[i]
		if i > 0 && l.catalog.Packs[i-1].Name != p.Name {
			clear(seen)
		}
		key := strings.ToLower(p.Version)
		for _, other := range seen[key] {
			if shared := sharedTargets(p, other); len(shared) > 0 {
				l.duplicate(p, other, shared)
				break
			}
		}
		seen[key] = append(seen[key], p)
	}
}

func sharedTargets(a, b *Pack) []string {
	var shared []string
	for _, t := range a.Targets {
		if slices.ContainsFunc(b.Targets, func(other Target) bool { return other.Registry == t.Registry }) {
			shared = append(shared, t.Registry)
		}
	}
	return shared
}

func (l *loader) duplicate(p, other *Pack, shared []string) {
	first, second := other, p
	if first.Position.Line > second.Position.Line || first.Position == second.Position && first.Path > second.Path {
		first, second = second, first
	}
	for i, name := range shared {
		shared[i] = l.registryValues[l.places[name]].get("name").raw
	}
	where := "registry " + shared[0]
	if len(shared) > 1 {
		where = "registries " + allOf(shared)
	}
	if first.Version == second.Version {
		l.report.fail(second.Position, ErrDuplicatePack, "give one another version, exclude it, or send them to different registries",
			"%s:%s is there twice for %s: in %s (line %d) and in %s", first.Name, first.Version, where, first.Path, first.Position.Line, second.Path)
		return
	}
	l.report.fail(second.Position, ErrDuplicatePack, "some registries and file systems take them for one: spell them alike, exclude one, or send them to different registries",
		"%s:%s in %s (line %d) and %s:%s in %s differ by case only, both for %s",
		first.Name, first.Version, first.Path, first.Position.Line, second.Name, second.Version, second.Path, where)
}

// retiredPacks reports versions that are to be taken away and published at once.
func (l *loader) retiredPacks() {
	for i := range l.catalog.Retired {
		r, v := &l.catalog.Retired[i], l.retired[i]
		versions, err := version.ParseRetired(r.Versions)
		if err != nil || !v.get("versions").known() || !v.get("name").known() {
			continue
		}
		at, _ := slices.BinarySearchFunc(l.catalog.Packs, r.Name, func(p Pack, name string) int { return cmp.Compare(p.Name, name) })
		for _, p := range l.catalog.Packs[at:] {
			if p.Name != r.Name {
				break
			}
			in, _ := versions.Contains(p.Version)
			stays := func(t Target) bool { return len(r.Registries) == 0 || slices.Contains(r.Registries, t.Registry) }
			if in && slices.ContainsFunc(p.Targets, stays) {
				l.report.errorf(v.pos, "remove or exclude the pack, or narrow versions", "%s:%s is retired, but %s still publishes it", p.Name, p.Version, p.Path)
			}
		}
	}
}
