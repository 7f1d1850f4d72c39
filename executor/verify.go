package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// VerifyOptions says how much is proved.
type VerifyOptions struct {
	// Deep reads every layer and recomputes the content digest from its files.
	// Otherwise blobs are asked for by digest and size, and where a manifest says
	// which content it has, that is believed unless it is another than wanted.
	Deep bool
	// Pins, unless they are nil, are what registries shall hold, instead of what
	// packs.yaml says: every chosen registry all of them.
	Pins []Pin
}

// Verify reads from the registries what they hold, and compares it with the
// packs on disk, and with the sources of what is copied. It takes nothing from an
// earlier plan, and builds no archive. A pack that cannot be read is an error, and
// so is a source that does not hold what is pinned; all else is in the report.
func (e *Executor) Verify(ctx context.Context, o VerifyOptions) (*VerifyReport, error) {
	v := &verification{Executor: e, options: o, held: make(map[string]bool)}
	if err := v.begin(ctx); err != nil {
		return nil, err
	}
	if err := v.gather(ctx); err != nil {
		return nil, err
	}
	items, err := v.judge(ctx)
	if err != nil {
		return nil, err
	}
	r := &VerifyReport{
		APIVersion: plan.APIVersion, Kind: VerifyKind, Tool: e.opts.Tool, Source: e.opts.Source, Shard: e.opts.Shard.Ref(),
		Deep: o.Deep, Items: items, Listings: v.listings,
	}
	r.Summary = SummarizeVerify(r.Items)
	return r, nil
}

// verification is one Verify.
type verification struct {
	*Executor
	options  VerifyOptions
	survey   *survey
	pins     []Pin      // beside survey.versions, where there are any
	evidence []evidence // beside survey.versions
	extra    [][]VerifyItem
	listings []Listing

	mu   sync.Mutex
	held map[string]bool // blobs that were seen: REGISTRY REPOSITORY@DIGEST
}

// evidence is what a registry answered for one version.
type evidence struct {
	info    artifact.Info
	content string
	proof   Proof
	notPack error // why what is there is no pack
	err     error // why it could not be read
}

// gather digests the packs on disk and reads what the registries hold, both at once.
func (v *verification) gather(ctx context.Context) error {
	s := v.survey
	s.seen, s.states = make([]seen, len(s.versions)), make([]plan.State, len(s.versions))
	v.evidence = make([]evidence, len(s.versions))
	v.extra = make([][]VerifyItem, len(v.targets))
	if v.opts.Unmanaged {
		v.listings = make([]Listing, len(v.targets))
	}
	packs := s.distinctPacks()
	s.queue = newQueue(len(packs), 0, false)
	v.events.emit(Event{Type: EventPlanStarted, Total: len(packs) + len(v.copies) + len(s.versions)})
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error { return v.hash(ctx, s, packs) })
	if v.options.Pins == nil {
		all.Go(func() error { return v.observeSources(ctx) })
	}
	for i, t := range v.targets {
		all.Go(func() error { return v.gatherFrom(ctx, i, t) })
	}
	return all.Wait()
}

// gatherFrom reads what one registry holds.
func (v *verification) gatherFrom(ctx context.Context, at int, t *target) error {
	s := v.survey
	if err := t.locate(ctx); err != nil {
		s.unreachable(t, &s.places[at], err)
		for i := range s.versions {
			if s.targets[i] == t {
				v.evidence[i] = evidence{err: err}
			}
		}
		if v.opts.Unmanaged {
			v.listings[at] = notListed(t, err)
		}
		return v.interrupted(ctx)
	}
	g := new(errgroup.Group) // its functions report into the verification and return nil
	g.SetLimit(concurrency(t.spec))
	g.Go(func() error { t.lookForPlaces(ctx, &s.places[at]); return nil })
	for i := range s.versions {
		if s.targets[i] != t {
			continue
		}
		g.Go(func() error {
			if !v.ended(ctx) {
				v.evidence[i] = v.read(ctx, t, s.versions[i].Repository, s.versions[i].Version)
				v.events.emit(Event{Type: EventPlanProgress})
			}
			return nil
		})
	}
	_ = g.Wait()
	if err := v.interrupted(ctx); err != nil {
		return err
	}
	if v.opts.Unmanaged {
		return v.gatherUnmanaged(ctx, at, t)
	}
	return nil
}

// read reads one version: its manifest, and as much of its blobs as is asked for.
func (v *verification) read(ctx context.Context, t *target, repository, tag string) evidence {
	desc, raw, err := t.Manifest(ctx, repository, tag)
	if err != nil {
		return evidence{err: err}
	}
	ev := evidence{}
	if ev.info, ev.notPack = artifact.Inspect(desc, raw); ev.notPack != nil {
		return ev
	}
	config, err := artifact.Config(raw)
	if err != nil {
		ev.notPack = err
		return ev
	}
	if ev.err = v.config(ctx, t, repository, config); ev.err != nil {
		return ev
	}
	v.content(ctx, t, repository, &ev)
	return ev
}

// content finds out which content a version has.
func (v *verification) content(ctx context.Context, t *target, repository string, ev *evidence) {
	layer := ev.info.Layer
	if !v.options.Deep {
		if ev.err = v.blob(ctx, t, repository, layer); ev.err != nil {
			return
		}
		remembered, known := v.layers.Get(layer.Digest)
		switch {
		case known:
			ev.content, ev.proof = remembered, ProofRemembered
			return
		case pack.KnownDigest(ev.info.ContentDigest):
			ev.content, ev.proof = ev.info.ContentDigest, ProofManifest
			return
		}
	}
	v.readContent(ctx, t, repository, ev)
}

// readContent recomputes the content digest from the files in the layer.
func (v *verification) readContent(ctx context.Context, t *target, repository string, ev *evidence) {
	inv, err := v.readLayer(ctx, t, repository, ev.info.Layer)
	switch {
	case isBadArchive(err):
		ev.notPack = err
	case err != nil:
		ev.err = blobError(ev.info.Layer, err)
	default:
		ev.content, ev.proof = inv.Digest, ProofLayer
		if err := v.layers.Put(ev.info.Layer.Digest, inv.Digest); err != nil {
			v.opts.Logger.Info("the digest of a layer is not remembered", "error", err)
		}
	}
}

// config checks the config blob, which all versions of a pack share: each is
// asked for once, and its bytes are read where layers are, too.
func (v *verification) config(ctx context.Context, t *target, repository string, config ocispec.Descriptor) (err error) {
	key := t.spec.Name + " " + repository + "@" + config.Digest.String()
	v.mu.Lock()
	held := v.held[key]
	v.mu.Unlock()
	if held {
		return nil
	}
	if v.options.Deep {
		err = readWhole(ctx, t, repository, config)
	} else {
		err = v.blob(ctx, t, repository, config)
	}
	if err == nil {
		v.mu.Lock()
		v.held[key] = true
		v.mu.Unlock()
	}
	return err
}

// readWhole reads a blob and checks every byte of it.
func readWhole(ctx context.Context, t *target, repository string, desc ocispec.Descriptor) (err error) {
	rc, err := t.Blob(ctx, repository, desc)
	if err != nil {
		return blobError(desc, err)
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	_, err = io.Copy(io.Discard, rc)
	return err
}

// blob asks whether a registry holds a blob with all its bytes.
func (v *verification) blob(ctx context.Context, t *target, repository string, desc ocispec.Descriptor) error {
	s, ok := t.Registry.(registry.BlobStater)
	if !ok {
		rc, err := t.Blob(ctx, repository, desc)
		if err != nil {
			return blobError(desc, err)
		}
		return rc.Close()
	}
	there, err := s.HasBlob(ctx, repository, desc)
	if err == nil && !there {
		err = fmt.Errorf("%w: the manifest names the blob %s, and it is not there with its %d bytes", registry.ErrCorrupt, desc.Digest, desc.Size)
	}
	return err
}

// blobError tells a blob that is missing from a version that is.
func blobError(desc ocispec.Descriptor, err error) error {
	if errors.Is(err, registry.ErrNotFound) && !errors.Is(err, registry.ErrCorrupt) {
		return fmt.Errorf("%w: the manifest names the blob %s: %w", registry.ErrCorrupt, desc.Digest, err)
	}
	return err
}
