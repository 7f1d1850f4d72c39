package harbor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Options is what a registry needs beyond packs.yaml. The zero value is ready.
type Options struct {
	oci.Options
	// Known remembers manifests from earlier runs, so that an account which may
	// not use the artifacts API pulls each only once; nil: only for this run.
	Known Known
}

// Registry is one registry of type harbor.
type Registry struct {
	spec   *manifest.Registry
	inner  *oci.Registry
	client *transport.Client
	known  Known

	project project
	api     artifactsAPI
}

var (
	_ registry.Registry       = (*Registry)(nil)
	_ registry.BasePather     = (*Registry)(nil)
	_ registry.ProjectCreator = (*Registry)(nil)
	_ registry.Observer       = (*Registry)(nil)
	_ registry.TagGuard       = (*Registry)(nil)
	_ registry.Checker        = (*Registry)(nil)
	_ registry.Lister         = (*Registry)(nil)
)

// New opens a registry. It contacts nothing; certificate files that cannot be
// read are *registry.Error.
func New(spec *manifest.Registry, o Options) (*Registry, error) {
	if spec.Harbor == nil || spec.Harbor.Project == "" {
		return nil, fmt.Errorf("registry %s: type %s names no project", spec.Name, spec.Type)
	}
	o.Basic = true
	inner, err := oci.New(spec, o.Options)
	if err != nil {
		return nil, err
	}
	if o.Known == nil {
		o.Known = new(Memory)
	}
	return &Registry{
		spec: spec, inner: inner, client: inner.Client(), known: o.Known,
		project: project{turn: newTurn()}, api: artifactsAPI{turn: newTurn()},
	}, nil
}

// Client is the HTTP client of the registry, for what else its server offers.
func (r *Registry) Client() *transport.Client { return r.client }

// Close frees connections.
func (r *Registry) Close() error { return r.inner.Close() }

// Manifest fetches a manifest, which Harbor counts as a pull. See
// registry.Registry; Observe is the way to look at a version without that.
func (r *Registry) Manifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error) {
	const op = "read manifest"
	if err := r.need(ctx, op, r.ref(repository, reference)); err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	desc, raw, err := r.inner.Manifest(ctx, repository, reference)
	if err != nil {
		return ocispec.Descriptor{}, nil, r.explain(op, r.ref(repository, reference), err)
	}
	r.known.Store(desc.Digest, raw)
	return desc, raw, nil
}

// Blob opens a blob; Harbor does not count it as a pull. See registry.Registry.
func (r *Registry) Blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error) {
	const op = "read blob"
	if err := r.need(ctx, op, r.ref(repository, desc.Digest.String())); err != nil {
		return nil, err
	}
	rc, err := r.inner.Blob(ctx, repository, desc)
	if err != nil {
		return nil, r.explain(op, r.ref(repository, desc.Digest.String()), err)
	}
	return rc, nil
}

// Push uploads an artifact. See registry.Registry.
func (r *Registry) Push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint registry.Hint) (int64, error) {
	const op = "push"
	ref := r.ref(repository, tag)
	if err := r.need(ctx, op, ref); err != nil {
		return 0, err
	}
	var stopped error
	if before := hint.BeforeTag; before != nil {
		hint.BeforeTag = func(ctx context.Context) error {
			stopped = before(ctx)
			return stopped
		}
	}
	sent, err := r.inner.Push(ctx, repository, tag, a, hint)
	switch {
	case err == nil:
		r.known.Store(a.Manifest.Digest, a.Bytes)
		return sent, nil
	case stopped != nil:
		return sent, err
	}
	return sent, r.explain(op, ref, err)
}

// Tags lists the tags of a repository. See registry.Registry.
func (r *Registry) Tags(ctx context.Context, repository string) ([]string, error) {
	const op = "list tags"
	if err := r.need(ctx, op, r.ref(repository, "")); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			return nil, nil
		}
		return nil, err
	}
	tags, err := r.inner.Tags(ctx, repository)
	return tags, r.explain(op, r.ref(repository, ""), err)
}

// HasBasePath tells whether the base path repository holds the empty artifact,
// by a HEAD of it.
func (r *Registry) HasBasePath(ctx context.Context, repository string) (bool, error) {
	const op = "look up base path"
	if err := r.need(ctx, op, r.ref(repository, "")); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			return false, nil
		}
		return false, err
	}
	there, err := r.inner.HasBasePath(ctx, repository)
	return there, r.explain(op, r.ref(repository, ""), err)
}

// CreateBasePath pushes the empty artifact by digest, as the document does.
func (r *Registry) CreateBasePath(ctx context.Context, repository string) error {
	const op = "create base path"
	if err := r.need(ctx, op, r.ref(repository, "")); err != nil {
		return err
	}
	return r.explain(op, r.ref(repository, ""), r.inner.CreateBasePath(ctx, repository))
}

// ref names content in messages: HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST.
func (r *Registry) ref(repository, reference string) string {
	s := r.spec.Host + "/" + repository
	switch {
	case reference == "":
		return s
	case digest.Digest(reference).Validate() == nil:
		return s + "@" + reference
	}
	return s + ":" + reference
}

// turn lets one at a time find something out; the others wait for the answer.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// take waits for its turn; give must be called after it.
func (t turn) take(ctx context.Context) error {
	select {
	case t <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (t turn) give() { <-t }

// guarded is a value that many goroutines read and one sets.
type guarded[T any] struct {
	mu    sync.Mutex
	value T
}

func (g *guarded[T]) get() T {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.value
}

func (g *guarded[T]) set(v T) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.value = v
}
