package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/bundle"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// Registry is a folder of OCI image layouts. Make one with New.
type Registry struct {
	spec manifest.Registry
	path string         // absolute
	tar  *bundle.Bundle // where the layouts are in a bundle; nil: in a folder

	mu    sync.Mutex
	turns map[string]chan struct{} // one writer at a time for each repository; guarded by mu
}

var (
	_ registry.Registry = (*Registry)(nil)
	_ registry.Lister   = (*Registry)(nil)
)

// New returns the registry of type layout that spec describes, without looking
// at the disk. A folder that does not exist is empty, and made by the first push.
func New(spec manifest.Registry) (*Registry, error) {
	if !filepath.IsAbs(spec.Path) {
		return nil, fmt.Errorf("registry %s: path %q is not absolute", spec.Name, spec.Path)
	}
	return &Registry{spec: spec, path: filepath.Clean(spec.Path), turns: map[string]chan struct{}{}}, nil
}

// Manifest implements registry.Registry. A digest is found even where index.json
// does not name it, as long as its bytes are a manifest.
func (r *Registry) Manifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error) {
	desc, raw, err := r.manifest(ctx, repository, reference)
	if err != nil {
		return ocispec.Descriptor{}, nil, r.fail("read manifest", repository, reference, err)
	}
	return desc, raw, nil
}

func (r *Registry) manifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error) {
	if ctx.Err() != nil {
		return ocispec.Descriptor{}, nil, context.Cause(ctx)
	}
	f, err := r.open(repository)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	defer f.close()
	return f.lookUp(reference)
}

// lookUp returns the manifest that a tag or a digest names. What a tag names and
// cannot be read is *registry.DamagedError.
func (f *folder) lookUp(reference string) (ocispec.Descriptor, []byte, error) {
	none := ocispec.Descriptor{}
	x, _, err := f.readIndex()
	if err != nil {
		return none, nil, damaged("", err)
	}
	if strings.Contains(reference, ":") { // a tag has none
		d, err := digest.Parse(reference)
		if err != nil {
			return none, nil, fmt.Errorf("digest %q: %w", reference, err)
		}
		return f.manifestByDigest(x, d)
	}
	desc, err := x.find(reference)
	if err != nil {
		return none, nil, damaged("", err)
	}
	raw, err := f.readManifest(desc)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: the tag points to %s, which is missing", registry.ErrCorrupt, desc.Digest)
	}
	if err != nil {
		return none, nil, damaged(desc.Digest, err)
	}
	desc.MediaType, _ = mediaType(desc, raw)
	return desc, raw, nil
}

// damaged makes a *registry.DamagedError of what is corrupt.
func damaged(d digest.Digest, err error) error {
	if !errors.Is(err, registry.ErrCorrupt) {
		return err
	}
	return &registry.DamagedError{Digest: d, Err: err}
}

func (f *folder) manifestByDigest(x *index, d digest.Digest) (ocispec.Descriptor, []byte, error) {
	none := ocispec.Descriptor{}
	desc, listed := x.byDigest(d)
	if !listed {
		info, err := f.files.Stat(blobPath(d))
		if errors.Is(err, fs.ErrNotExist) {
			return none, nil, registry.ErrNotFound
		}
		if err != nil {
			return none, nil, err
		}
		if info.Size() > artifact.MaxManifest {
			return none, nil, registry.ErrNotFound // a layer, say
		}
		desc = ocispec.Descriptor{Digest: d, Size: info.Size()}
	}
	raw, err := f.readManifest(desc)
	if errors.Is(err, fs.ErrNotExist) {
		err = fmt.Errorf("%w: index.json names %s, which is missing", registry.ErrCorrupt, d)
	}
	if err != nil {
		return none, nil, err
	}
	var ok bool
	if desc.MediaType, ok = mediaType(desc, raw); !ok {
		return none, nil, registry.ErrNotFound
	}
	return desc, raw, nil
}

// Blob implements registry.Registry. A blob that is missing from a layout gives
// ErrNotFound and ErrCorrupt: something in the layout names it.
func (r *Registry) Blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error) {
	rc, err := r.blob(ctx, repository, desc)
	if err != nil {
		return nil, r.fail("read blob", repository, desc.Digest.String(), err)
	}
	return rc, nil
}

func (r *Registry) blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	if err := desc.Digest.Validate(); err != nil {
		return nil, fmt.Errorf("digest %q: %w", desc.Digest, err)
	}
	f, err := r.open(repository)
	if err != nil {
		return nil, err
	}
	defer f.close()
	file, err := f.openBlob(desc)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: %w: there is no such blob", registry.ErrCorrupt, registry.ErrNotFound)
	}
	if err != nil {
		return nil, err
	}
	failure := func(err error) error { return r.fail("read blob", repository, desc.Digest.String(), err) }
	return &blobReader{ctx: ctx, file: file, left: desc.Size, want: desc.Digest, hash: desc.Digest.Algorithm().Digester(), fail: failure}, nil
}

// Tags implements registry.Registry: in the order of their bytes.
func (r *Registry) Tags(ctx context.Context, repository string) ([]string, error) {
	tags, err := r.tags(ctx, repository)
	if errors.Is(err, registry.ErrNoRepository) {
		return nil, nil
	}
	return tags, r.fail("list tags", repository, "", err)
}

func (r *Registry) tags(ctx context.Context, repository string) ([]string, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f, err := r.open(repository)
	if err != nil {
		return nil, err
	}
	defer f.close()
	x, _, err := f.readIndex()
	if err != nil {
		return nil, err
	}
	return x.tags(), nil
}

// Repositories lists the repositories right below a base path: folders that are
// a layout. See registry.Lister.
func (r *Registry) Repositories(ctx context.Context, below string) ([]string, error) {
	names, err := r.repositories(ctx, below)
	return names, r.fail("list repositories", below, "", err)
}

func (r *Registry) repositories(ctx context.Context, base string) ([]string, error) {
	root, err := r.openBase()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer closeRead(root)
	entries, err := fs.ReadDir(root.FS(), base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		name := path.Join(base, e.Name())
		// A pack may be called oci-layout: only a file makes a layout.
		if info, err := root.Stat(path.Join(name, ocispec.ImageLayoutFile)); err == nil && info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Close implements registry.Registry; nothing stays open between calls.
func (r *Registry) Close() error { return nil }
