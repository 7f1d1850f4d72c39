package executor

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/pins"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// copied is a version in a registry that from: entries copy.
type copied struct {
	source     *target
	repository string // at the source
	name       string
	version    string
	pins       []pinned // what pin files say of it

	seen    seen   // at the source
	raw     []byte // the manifest; nil where it was not fetched, or is large
	content string // content digest; "" where it is not known

	// sidecar says that it is no version of a pack, but belongs to one; belonging
	// are then the manifests of a whole list, or nil for what has a tag of its own.
	sidecar   bool
	belonging []ocispec.Descriptor
	carried   []besides // of a version: what goes into a bundle with it

	mu    sync.Mutex
	files []pack.File // nil until the layer was read
}

// pinned is a line of a pin file.
type pinned struct {
	pins.Pin
	file string
}

// copyKey tells copies apart.
type copyKey struct{ source, name, version string }

func (c *copied) key() copyKey { return copyKey{c.source.spec.Name, c.name, c.version} }

// maxKept is how large a manifest may be that is kept in memory until it is
// pushed: those of packs have less than a kilobyte.
const maxKept = 16 << 10

// PinError tells that a source does not hold what a pin file says.
type PinError struct {
	File string
	Line int
	Pin  string // NAME:VERSION
	Err  error
}

// Error returns FILE:LINE: PIN: CAUSE.
func (e *PinError) Error() string { return fmt.Sprintf("%s:%d: %s: %v", e.File, e.Line, e.Pin, e.Err) }

// Unwrap returns the cause.
func (e *PinError) Unwrap() error { return e.Err }

// ErrPin is the cause of a pin that the source holds with another digest.
var ErrPin = errors.New("is not what is pinned")

// addCopies adds what from: entries copy to the survey.
func (e *Executor) addCopies(ctx context.Context, s *survey) error {
	bySource := make(map[*target][]*wishes)
	for _, f := range e.copying() {
		versions, err := version.ParseRange(f.Only.Versions)
		if err != nil {
			return err // a catalog that manifest.Load did not read
		}
		w := &wishes{from: f, versions: versions}
		s.wishes = append(s.wishes, w)
		bySource[e.source(f.Registry)] = append(bySource[e.source(f.Registry)], w)
	}
	g := new(errgroup.Group)
	for src, all := range bySource {
		g.Go(func() error { return e.wish(ctx, src, all) })
	}
	if err := g.Wait(); err != nil {
		return err
	}
	e.copies = make(map[copyKey]*copied)
	at := make(map[plan.Key]int, len(s.versions))
	for i := range s.versions {
		at[s.versions[i].Key()] = i
	}
	for _, w := range s.wishes {
		for i, c := range w.copies {
			if known := e.copies[c.key()]; known != nil {
				known.pins = append(known.pins, c.pins...)
				c, w.copies[i] = known, known
			}
			e.copies[c.key()] = c
			e.addTargets(s, w, c, at)
		}
	}
	return e.checkSelected(s)
}

// addTargets adds a version for each target of its entry. One that is wanted
// there already, from elsewhere, is a rival: their content must be the same.
func (e *Executor) addTargets(s *survey, w *wishes, c *copied, at map[plan.Key]int) {
	for _, want := range w.from.Registries {
		t := e.target(want.Registry)
		if t == nil {
			continue
		}
		v := e.desired(&manifest.Pack{Name: c.name, Version: c.version}, want, t.spec)
		v.From = c.source.spec.Name
		i, taken := at[v.Key()]
		switch {
		case taken && s.copies[i] == c && s.rewrites[i] == w.from.Rewrite:
			s.versions[i].OnChange = v.OnChange // the last entry has the last word
		case taken:
			s.rivals = append(s.rivals, rival{i, c, w.from})
		default:
			at[v.Key()] = len(s.versions)
			s.versions = append(s.versions, v)
			s.packs, s.targets = append(s.packs, nil), append(s.targets, t)
			s.copies, s.rewrites = append(s.copies, c), append(s.rewrites, w.from.Rewrite)
			if w.from.Referrers {
				s.signed = append(s.signed, len(s.versions)-1)
			}
		}
	}
}

// checkSelected tells of a --pack or --overwrite that means neither a pack on
// disk nor one in a source. Where a source could not be asked, it may be there.
func (e *Executor) checkSelected(s *survey) error {
	if slices.ContainsFunc(s.wishes, func(w *wishes) bool { return len(w.unlisted) > 0 }) || e.opts.Shard.Count > 1 {
		return nil
	}
	wanted := func(selects func(name, v string) bool) bool {
		return slices.ContainsFunc(e.catalog.Packs, func(p manifest.Pack) bool { return selects(p.Name, p.Version) }) ||
			slices.ContainsFunc(s.versions, func(v plan.Version) bool { return selects(v.Name, v.Version) })
	}
	for i := range e.selectors {
		if !wanted(e.selectors[i].selects) {
			return badSelector(e.selectors[i].text, "neither "+e.catalog.File+" nor a source of its from: entries has such a pack")
		}
	}
	for _, text := range e.opts.Overwrite {
		if !wanted(func(name, v string) bool { return name+"@"+v == text }) {
			return badOverwrite(text)
		}
	}
	return nil
}

// observeSources asks sources for what is to be copied, once for each version.
func (e *Executor) observeSources(ctx context.Context) error {
	bySource := make(map[*target][]*copied)
	for _, c := range e.copies {
		bySource[c.source] = append(bySource[c.source], c)
	}
	all := new(errgroup.Group) // its functions report into the copies and return nil
	for src, copies := range bySource {
		g := new(errgroup.Group)
		g.SetLimit(concurrency(src.spec))
		all.Go(func() error {
			err := src.locate(ctx)
			for _, c := range copies {
				g.Go(func() error {
					switch {
					case err != nil:
						c.seen.err = err
					case !e.ended(ctx):
						e.observeSource(ctx, c)
					}
					e.events.emit(Event{Type: EventPlanProgress})
					return nil
				})
			}
			return g.Wait()
		})
	}
	_ = all.Wait()
	if err := e.interrupted(ctx); err != nil {
		return err
	}
	return e.checkPins()
}

// observeSource looks at one version. Where a manifest is fetched for that, its
// bytes are kept, so that they need not be fetched again to be pushed.
func (e *Executor) observeSource(ctx context.Context, c *copied) {
	if _, ok := c.source.Registry.(registry.Observer); ok {
		c.seen = e.observe(ctx, c.source, c.repository, c.version)
	} else {
		c.fetch(ctx, c.version)
	}
	if c.seen.damaged != nil {
		c.seen = seen{err: c.seen.damaged} // nothing to copy
	}
	switch d := c.seen.info.Manifest.Digest; {
	case !c.seen.present:
	case e.contents[d] != "":
		c.content = e.contents[d]
	case pack.KnownDigest(c.seen.info.ContentDigest):
		c.content = c.seen.info.ContentDigest
	default:
		c.content, _ = e.layers.Get(c.seen.info.Layer.Digest)
	}
}

// fetch reads the manifest that a reference names.
func (c *copied) fetch(ctx context.Context, reference string) {
	desc, raw, err := c.source.Manifest(ctx, c.repository, reference)
	var info artifact.Info
	if err == nil {
		info, err = artifact.Inspect(desc, raw)
		if len(raw) <= maxKept {
			c.raw = raw
		}
	}
	c.seen = seenAs(info, err)
}

// checkPins compares what sources hold with what pin files say.
func (e *Executor) checkPins() error {
	var wrong []*PinError
	for _, c := range e.copies {
		for _, p := range c.pins {
			if err := c.check(p); err != nil {
				wrong = append(wrong, &PinError{File: p.file, Line: p.Line, Pin: c.name + ":" + c.version, Err: err})
			}
		}
	}
	slices.SortFunc(wrong, comparePins)
	errs := make([]error, len(wrong))
	for i, err := range wrong {
		errs[i] = err
	}
	return errors.Join(errs...)
}

// check compares a version with a pin. A source that could not be asked is told
// elsewhere.
func (c *copied) check(p pinned) error {
	held := c.seen.info.Manifest.Digest
	switch {
	case c.seen.err != nil:
		return nil //nolint:nilerr // the plan tells it
	case !c.seen.present:
		return fmt.Errorf("%s does not hold it: %w", c.source.spec.Name, registry.ErrNotFound)
	case p.Manifest != "" && p.Manifest != held:
		return fmt.Errorf("%w: %s holds %s", ErrPin, c.source.spec.Name, held)
	case p.Content != "" && pack.KnownDigest(c.seen.info.ContentDigest) && p.Content != c.seen.info.ContentDigest:
		return fmt.Errorf("%w: %s holds the content %s", ErrPin, c.source.spec.Name, c.seen.info.ContentDigest)
	}
	return nil
}

// describe says what is copied, in the terms of package plan.
func (s *survey) describe(i int) {
	v, c := &s.versions[i], s.copies[i]
	c.mu.Lock()
	defer c.mu.Unlock()
	info := &c.seen.info
	v.Digest, v.ContentDigest, v.Bytes = info.Manifest.Digest.String(), c.content, info.Layer.Size
	switch {
	case c.seen.err != nil:
		v.Err = c.seen.err
	case !c.seen.present:
		v.Err = fmt.Errorf("%s: %w", c.source.spec.Reference(c.name, c.version), registry.ErrNotFound)
	case c.seen.notPack != nil:
		v.NotPack = c.seen.notPack.Error()
	case c.sidecar:
		v.Bytes = c.size()
	case s.rewrites[i]:
		a, err := newArtifact(artifact.Blob{Descriptor: info.Layer}, c.name, c.version, c.content, s.targets[i].spec)
		if v.Err = err; err == nil {
			v.Digest = a.Manifest.Digest.String()
		}
	default:
		v.Ignored = info.Ignored(c.name, c.version)
	}
}
