package executor

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"slices"
	"sync"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/cache"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/spool"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// Executor plans and applies one catalog. It keeps connections and what it
// learnt of registries; Close frees them. One run at a time.
type Executor struct {
	catalog *manifest.Catalog
	opts    Options
	events  emitter
	targets []*target // the chosen registries, in the order of packs.yaml
	sources []*target // registries that are only copied from, for reading
	chosen  []*manifest.Pack

	selectors []selector

	overwrite map[string]bool // NAME@VERSION
	opener    *opener
	budget    *spool.Budget
	ahead     *ahead
	folders   *cache.Folders
	layers    *cache.Layers

	mu        sync.Mutex
	seen      map[plan.Key]time.Time   // when a version was seen missing
	hasConfig map[string]bool          // REGISTRY REPOSITORY that hold a manifest of our shape
	copies    map[copyKey]*copied      // what the last Plan found to copy
	contents  map[digest.Digest]string // content digests of manifests, from pin files
}

// target is a chosen registry with its open backend.
type target struct {
	registry.Registry
	spec   *manifest.Registry
	others bool  // the base path repository belongs to another shard
	idle   bool  // nothing goes there: it is only listed, or pruned
	lost   error // the registry did not tell where it is: nothing can be asked of it
}

// InputError is a mistake in the options: a registry or pack that the catalog
// does not have, a range that cannot be read.
type InputError struct {
	Option  string // the option as a user knows it: "--registry"
	Value   string
	Message string
}

// Error returns OPTION [VALUE]: MESSAGE.
func (e *InputError) Error() string {
	if e.Value == "" {
		return e.Option + ": " + e.Message
	}
	return fmt.Sprintf("%s %s: %s", e.Option, e.Value, e.Message)
}

// New returns an executor for a catalog. It contacts nothing; mistakes in the
// options are *InputError.
func New(c *manifest.Catalog, o Options) (*Executor, error) {
	o.setDefaults(runtime.GOMAXPROCS(0))
	e := &Executor{
		catalog: c, opts: o, events: emitter{fn: o.OnEvent},
		overwrite: make(map[string]bool), seen: make(map[plan.Key]time.Time), hasConfig: make(map[string]bool),
		contents: make(map[digest.Digest]string),
	}
	e.opener = &opener{Options: &e.opts}
	e.budget = spool.NewBudget(e.opts.MemoryBudget, e.opts.TempDir)
	e.ahead = &ahead{layers: make(map[*manifest.Pack]*layer)}
	e.folders = cache.OpenFolders(o.CacheDir, filepath.Join(c.Dir, filepath.Base(c.File)))
	e.layers = cache.OpenLayers(o.CacheDir)
	regs, err := chooseRegistries(c, o.Registries, o.Pulling || o.Palette)
	if err != nil {
		return nil, err
	}
	if e.selectors, err = parseSelectors(o.Packs); err != nil {
		return nil, err
	}
	if e.chosen, err = choosePacks(c, e.selectors); err != nil {
		return nil, err
	}
	if err := e.setOverwrite(); err != nil {
		return nil, err
	}
	all := e.chosen
	e.chosen = ofShard(o.Shard, all)
	for _, r := range regs {
		copied := !o.Pulling && copiedTo(c, r.Name)
		basePath := o.Shard.HasBasePath() && r.BasePathRepository && wanted(all, r.Name)
		goes := copied || o.Idle || wanted(all, r.Name) || slices.Contains(o.Registries, r.Name)
		own := basePath || copied || wanted(e.chosen, r.Name) || slices.Contains(o.Registries, r.Name)
		part := own || o.Unmanaged || o.Idle || !o.Pulling && retires(c, r.Name)
		if o.Palette {
			part = r.Palette != nil
		}
		if !part {
			continue
		}
		r = fit(share(r, o.Shard), openFiles(), len(regs))
		backend, err := e.opener.open(r)
		if err != nil {
			return nil, errors.Join(err, e.Close())
		}
		e.targets = append(e.targets, &target{Registry: backend, spec: r, others: !o.Shard.HasBasePath(), idle: !goes})
	}
	if err := e.checkPrune(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	if err := e.openSources(); err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

// wanted tells whether any of some packs goes to a registry.
func wanted(packs []*manifest.Pack, name string) bool {
	return slices.ContainsFunc(packs, func(p *manifest.Pack) bool {
		return slices.ContainsFunc(p.Targets, func(t manifest.Target) bool { return t.Registry == name })
	})
}

// Close frees connections and files.
func (e *Executor) Close() error {
	var errs []error
	for _, t := range append(slices.Clip(e.targets), e.sources...) {
		errs = append(errs, t.Close())
	}
	return errors.Join(append(errs, e.opener.Close(), e.ahead.Close())...)
}

// stopped tells whether nothing new may start.
func (e *Executor) stopped() bool {
	select {
	case <-e.opts.Stop:
		return true
	default:
		return false
	}
}

// ended tells whether the run is over, by Stop or by its context.
func (e *Executor) ended(ctx context.Context) bool { return ctx.Err() != nil || e.stopped() }

func (e *Executor) target(name string) *target {
	for _, t := range e.targets {
		if t.spec.Name == name {
			return t
		}
	}
	return nil
}
