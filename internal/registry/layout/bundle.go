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

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/bundle"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// Bundle is the registry of type layout whose path is a tar file: it can only be
// read. The first use opens the file and compares all of it with the checksums
// that it carries, before anything is done with what it holds.
type Bundle struct {
	layouts Registry // reads layouts, wherever their files are

	mu   sync.Mutex // guards what follows
	open *bundle.Bundle
	err  error // why it cannot be used
}

var (
	_ registry.Registry = (*Bundle)(nil)
	_ registry.Lister   = (*Bundle)(nil)
)

// IsBundle tells whether a registry of type layout is a tar file.
func IsBundle(spec *manifest.Registry) bool { return strings.HasSuffix(spec.Path, ".tar") }

// NewBundle returns the registry that spec describes, without looking at the disk.
func NewBundle(spec manifest.Registry) (*Bundle, error) {
	if !filepath.IsAbs(spec.Path) {
		return nil, fmt.Errorf("registry %s: path %q is not absolute", spec.Name, spec.Path)
	}
	return &Bundle{layouts: Registry{spec: spec, path: filepath.Clean(spec.Path)}}, nil
}

// use returns the open bundle.
func (b *Bundle) use(ctx context.Context) (*bundle.Bundle, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open != nil || b.err != nil {
		return b.open, b.err
	}
	open, err := bundle.Open(ctx, b.layouts.path)
	if err == nil {
		if err = open.Check(ctx); err != nil {
			err = errors.Join(err, open.Close())
			open = nil
		}
	}
	if err != nil && ctx.Err() != nil {
		return nil, err // the next call may have more time
	}
	b.open, b.err = open, err
	return open, err
}

// reader returns a registry of the layouts in the bundle, for one call.
func (b *Bundle) reader(ctx context.Context, op, repository string) (*Registry, error) {
	open, err := b.use(ctx)
	if err != nil {
		return nil, &registry.Error{Op: op, Ref: b.layouts.spec.Address() + "/" + repository, Err: err, Hint: b.hint(err)}
	}
	return &Registry{spec: b.layouts.spec, path: b.layouts.path, tar: open}, nil
}

func (b *Bundle) hint(err error) string {
	switch {
	case errors.Is(err, bundle.ErrBroken):
		return "copy the bundle here again from where it was made, or make it anew with `packs bundle`"
	case errors.Is(err, fs.ErrNotExist):
		return "name the file that `packs bundle` wrote as path: of registry " + b.layouts.spec.Name
	}
	return ""
}

// Manifest implements registry.Registry.
func (b *Bundle) Manifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error) {
	r, err := b.reader(ctx, "read manifest", repository)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	return r.Manifest(ctx, repository, reference)
}

// Blob implements registry.Registry.
func (b *Bundle) Blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error) {
	r, err := b.reader(ctx, "read blob", repository)
	if err != nil {
		return nil, err
	}
	return r.Blob(ctx, repository, desc)
}

// Tags implements registry.Registry.
func (b *Bundle) Tags(ctx context.Context, repository string) ([]string, error) {
	r, err := b.reader(ctx, "list tags", repository)
	if err != nil {
		return nil, err
	}
	return r.Tags(ctx, repository)
}

// Repositories implements registry.Lister.
func (b *Bundle) Repositories(ctx context.Context, below string) ([]string, error) {
	r, err := b.reader(ctx, "list repositories", below)
	if err != nil {
		return nil, err
	}
	var names []string
	entries, err := r.tar.ReadDir(below)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, r.fail("list repositories", below, "", err)
	}
	for _, e := range entries {
		name := path.Join(below, e.Name())
		if info, err := r.tar.Stat(path.Join(name, ocispec.ImageLayoutFile)); err == nil && info.Mode().IsRegular() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names, nil
}

// Push implements registry.Registry: nothing is written to a bundle.
func (b *Bundle) Push(_ context.Context, repository, tag string, _ *artifact.Artifact, _ registry.Hint) (int64, error) {
	return 0, &registry.Error{
		Op: "push", Ref: b.layouts.spec.Address() + "/" + repository + ":" + tag, Err: registry.ErrNoWrites,
		Hint: "a bundle is made whole, by `packs bundle`; name a folder to publish to",
	}
}

// Close implements registry.Registry.
func (b *Bundle) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		return nil
	}
	open := b.open
	b.open = nil
	return open.Close()
}

// inTar are the files of one layout in a bundle, which stays open.
type inTar struct {
	*bundle.Bundle
	dir string
}

func (t inTar) Open(name string) (fs.File, error) { return t.Bundle.Open(path.Join(t.dir, name)) }

func (t inTar) Stat(name string) (fs.FileInfo, error) { return t.Bundle.Stat(path.Join(t.dir, name)) }

// Close does nothing: others read from the bundle at the same time.
func (inTar) Close() error { return nil }
