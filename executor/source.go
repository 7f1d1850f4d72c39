package executor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/pins"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// copiedTo tells whether a from: entry copies to a registry.
func copiedTo(c *manifest.Catalog, name string) bool {
	return slices.ContainsFunc(c.From, func(f manifest.From) bool { return goesTo(&f, name) })
}

func goesTo(f *manifest.From, name string) bool {
	return slices.ContainsFunc(f.Registries, func(t manifest.Target) bool { return t.Registry == name })
}

// copying returns the from: entries that copy to a target of this run.
func (e *Executor) copying() []*manifest.From {
	var all []*manifest.From
	for i := range e.catalog.From {
		f := &e.catalog.From[i]
		if !e.opts.Pulling && slices.ContainsFunc(e.targets, func(t *target) bool { return goesTo(f, t.spec.Name) }) {
			all = append(all, f)
		}
	}
	return all
}

// openSources opens the registries that are copied from, for reading: also those
// that are readOnly or manual, which are never targets unless they are named.
func (e *Executor) openSources() error {
	for _, f := range e.copying() {
		if e.source(f.Registry) != nil {
			continue
		}
		r, ok := e.catalog.Registry(f.Registry)
		if !ok {
			return fmt.Errorf("%s: there is no such registry", entryOf(e.catalog.File, f))
		}
		spec := *fit(share(r, e.opts.Shard), openFiles(), len(e.catalog.Registries))
		spec.ReadOnly = true // a token that may read is enough
		backend, err := e.opener.open(&spec)
		if err != nil {
			return err
		}
		e.sources = append(e.sources, &target{Registry: backend, spec: &spec})
	}
	return nil
}

// source returns a registry to copy from: that of a target where it is one.
func (e *Executor) source(name string) *target {
	if t := e.target(name); t != nil {
		return t
	}
	for _, t := range e.sources {
		if t.spec.Name == name {
			return t
		}
	}
	return nil
}

// wishes is what a from: entry wants to copy.
type wishes struct {
	from     *manifest.From
	versions version.Range
	copies   []*copied
	unjudged []string        // NAME:VERSION that the range could not judge
	unlisted []plan.Unlisted // why not all of it is known; without target
}

// wish finds out what the entries of one source copy: the pins that they name, or
// what it has under the names and versions that they want. It is asked once for all.
func (e *Executor) wish(ctx context.Context, src *target, all []*wishes) error {
	var listed []*wishes
	for _, w := range all {
		if w.from.Only.Pins == "" {
			listed = append(listed, w)
			continue
		}
		read, err := pins.Read(w.from.Only.Pins)
		if err != nil {
			return err
		}
		for _, p := range read {
			e.consider(w, src, p.Name, p.Version, pinned{p, e.relative(w.from.Only.Pins)})
		}
	}
	if len(listed) == 0 {
		return nil
	}
	inv := new(inventory)
	if err := e.takeStock(ctx, src, inv, e.lookUp(ctx, src, listed)); err != nil {
		return err
	}
	for i := range inv.repositories {
		s := &inv.repositories[i]
		for _, w := range listed {
			if !w.names(s.name) {
				continue
			}
			if s.err != nil {
				w.unlisted = append(w.unlisted, plan.Unlisted{Repository: s.repository, Err: s.err})
			}
			for _, v := range s.versions {
				e.consider(w, src, s.name, v)
			}
		}
	}
	return nil
}

// lookUp returns the names whose versions are to be listed. Where an entry
// writes its names out, the source need not be able to list its repositories.
func (e *Executor) lookUp(ctx context.Context, src *target, all []*wishes) []string {
	var names, there []string
	var failed error
	asked := false
	for _, w := range all {
		candidates, exact := exactNames(w.from)
		if !exact {
			if !asked {
				asked = true
				if failed = src.locate(ctx); failed == nil {
					there, failed = list(ctx, src)
				}
			}
			if failed != nil {
				w.unlisted = append(w.unlisted, plan.Unlisted{Repository: src.spec.Base(), Err: e.unlisted(w.from, failed)})
			}
			candidates = there
		}
		for _, name := range candidates {
			if w.names(name) && e.mayWant(name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// mayWant tells whether the options let any version of a pack take part.
func (e *Executor) mayWant(name string) bool {
	return e.opts.Shard.HasPack(name) &&
		(len(e.selectors) == 0 || slices.ContainsFunc(e.selectors, func(s selector) bool { return matches(s.name, name) }))
}

// relative returns a path as a reader of packs.yaml knows it.
func (e *Executor) relative(file string) string {
	if rel, err := filepath.Rel(e.catalog.Dir, file); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return file
}

// consider adds a version to the wishes where entry and options want it.
func (e *Executor) consider(w *wishes, src *target, name, v string, pins ...pinned) {
	for _, p := range pins {
		if p.Manifest != "" && p.Content != "" {
			e.knowContent(p.Manifest, p.Content)
		}
	}
	if !w.names(name) || !e.mayWant(name) ||
		len(e.selectors) > 0 && !slices.ContainsFunc(e.selectors, func(s selector) bool { return s.selects(name, v) }) {
		return
	}
	in, judged := w.versions.Contains(v)
	if !judged {
		w.unjudged = append(w.unjudged, name+":"+v)
	}
	if in {
		w.copies = append(w.copies, &copied{source: src, repository: src.spec.Repository(name), name: name, version: v, pins: pins})
	}
}

// knowContent remembers what a pin file says of a manifest's content.
func (e *Executor) knowContent(manifest digest.Digest, content string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.contents[manifest] = content
}

// names tells whether an entry wants packs of a name.
func (w *wishes) names(name string) bool {
	for _, globs := range [][]string{w.from.Names, w.from.Only.Names} {
		if len(globs) > 0 && !slices.ContainsFunc(globs, func(glob string) bool { return matches(glob, name) }) {
			return false
		}
	}
	return true
}

// exactNames returns the names that an entry writes out, unless it has globs only.
func exactNames(f *manifest.From) (names []string, exact bool) {
	for _, list := range [][]string{f.Names, f.Only.Names} {
		if len(list) > 0 && !slices.ContainsFunc(list, func(s string) bool { return !pack.ValidName(s) }) {
			names = slices.Sorted(slices.Values(list))
			return slices.Compact(names), true
		}
	}
	return nil, false
}

// unlisted says what a source that cannot be listed means for an entry.
func (e *Executor) unlisted(f *manifest.From, err error) error {
	var known *registry.Error
	if !errors.Is(err, registry.ErrNotListed) || !errors.As(err, &known) {
		return err
	}
	wanted := strings.Join(append(slices.Clip(f.Names), f.Only.Names...), ", ")
	if wanted == "" {
		wanted = "*"
	}
	return &registry.Error{
		Op: fmt.Sprintf("%s: look up %s at", entryOf(e.catalog.File, f), wanted), Ref: known.Ref, Err: known.Err,
		Hint: fmt.Sprintf("write out the names: from: {registry: %s, name: [nginx, argo-cd]}, or pins; or use a login that may list repositories", f.Registry),
	}
}

// unknown lists for each target what is not known of an entry.
func (e *Executor) unknown(w *wishes) []plan.Unlisted {
	var all []plan.Unlisted
	for _, want := range w.from.Registries {
		if e.target(want.Registry) == nil {
			continue
		}
		for _, u := range w.unlisted {
			u.Registry, u.From = want.Registry, w.from.Registry
			all = append(all, u)
		}
	}
	return all
}

// remarks tells what a reader of the plan should know of an entry.
func (e *Executor) remarks(w *wishes, p *plan.Plan) []string {
	var all []string
	say := func(format string, args ...any) {
		all = append(all, fmt.Sprintf("%s: ", entryOf(e.catalog.File, w.from))+fmt.Sprintf(format, args...))
	}
	if len(w.unjudged) > 0 {
		say("versions %q cannot judge, and so leaves out: %s", w.from.Only.Versions, some(w.unjudged))
	}
	switch absent := e.absent(w); {
	case len(w.unlisted) > 0: // the rest may be there
	case len(w.copies) == 0:
		say("nothing there is chosen")
	case len(absent) > 0:
		say("nothing there is chosen of %s", some(absent))
	}
	if slices.ContainsFunc(p.Actions, func(a plan.Action) bool {
		return a.Registry == w.from.Registry && (a.Kind == plan.Push || a.Kind == plan.Overwrite)
	}) {
		say("it is copied as it was at the start; what this run publishes there, the next run copies")
	}
	return all
}

// absent returns the names that an entry writes out and chooses nothing of: a
// slip in one would else be seen by nobody.
func (e *Executor) absent(w *wishes) []string {
	names, exact := exactNames(w.from)
	if !exact {
		return nil
	}
	return slices.DeleteFunc(names, func(name string) bool {
		return !e.mayWant(name) || slices.ContainsFunc(w.copies, func(c *copied) bool { return c.name == name })
	})
}

// entryOf names a from: entry in messages; one that nobody wrote has no line.
func entryOf(file string, f *manifest.From) string {
	if f.Position.Line == 0 {
		return "from " + f.Registry
	}
	return fmt.Sprintf("%s:%d: from: %s", file, f.Position.Line, f.Registry)
}

// some lists the first of many names.
func some(names []string) string {
	const shown = 10
	if len(names) <= shown {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:shown], ", "), len(names)-shown)
}
