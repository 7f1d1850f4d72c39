// Package layout keeps packs in a folder: the embedded default, which needs no
// server. Each repository is an OCI image layout of its own, as the OCI image
// specification defines it, at PATH/[PREFIX/]spectro-packs/archive/NAME, so
// that oras and skopeo read it. The folders above are plain folders.
package layout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// Registry is a folder of OCI image layouts. Reading never creates anything.
type Registry struct {
	path string
	base string
}

var _ registry.Registry = (*Registry)(nil)

// New returns the registry in a folder. It does not touch the disk.
func New(spec manifest.Registry) (*Registry, error) {
	if spec.Path == "" {
		return nil, errors.New("a registry of type layout needs a path")
	}
	return &Registry{path: spec.Path, base: spec.Base()}, nil
}

// Close frees nothing: every operation opens what it needs.
func (*Registry) Close() error { return nil }

// Manifest returns the manifest under a tag or digest.
func (r *Registry) Manifest(ctx context.Context, repository, reference string) (desc ocispec.Descriptor, raw []byte, err error) {
	fail := func(err error) (ocispec.Descriptor, []byte, error) {
		return ocispec.Descriptor{}, nil, r.fail("read manifest", repository, reference, err)
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	repo, err := r.open(repository)
	if err != nil {
		return fail(err)
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	ix, err := readIndex(repo)
	if err != nil {
		return fail(err)
	}
	entry, ok := ix.find(reference)
	if !ok {
		return fail(registry.ErrNotFound)
	}
	if entry.Size < 0 || entry.Size > artifact.MaxManifest {
		return fail(fmt.Errorf("%w: manifest %s of %d bytes", registry.ErrCorrupt, entry.Digest, entry.Size))
	}
	if raw, err = readBlob(repo, entry); err != nil {
		return fail(err)
	}
	return ocispec.Descriptor{MediaType: entry.MediaType, Digest: entry.Digest, Size: entry.Size}, raw, nil
}

// Blob opens a blob; its reader fails at the end where the bytes are wrong.
func (r *Registry) Blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error) {
	fail := func(err error) (io.ReadCloser, error) {
		return nil, r.fail("read blob", repository, desc.Digest.String(), err)
	}
	if err := ctx.Err(); err != nil {
		return fail(err)
	}
	repo, err := r.open(repository)
	if err != nil {
		return fail(err)
	}
	f, err := openBlob(repo, desc)
	if err = errors.Join(err, repo.Close()); err != nil {
		return fail(err)
	}
	return newVerifier(f, desc), nil
}

// Tags lists the tags of a repository, sorted.
func (r *Registry) Tags(ctx context.Context, repository string) (tags []string, err error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	repo, err := r.open(repository)
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, r.fail("list tags", repository, "", err)
	}
	defer func() { err = errors.Join(err, repo.Close()) }()
	ix, err := readIndex(repo)
	if err != nil {
		return nil, r.fail("list tags", repository, "", err)
	}
	for _, m := range ix.manifests {
		if tag := m.Annotations[ocispec.AnnotationRefName]; tag != "" {
			tags = append(tags, tag)
		}
	}
	slices.Sort(tags)
	return slices.Compact(tags), nil
}

// Repositories lists the repositories below the base path, sorted.
func (r *Registry) Repositories(ctx context.Context) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(r.path, filepath.FromSlash(r.base)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, r.fail("list repositories", r.base, "", err)
	}
	var names []string
	for _, e := range entries {
		name := path.Join(r.base, e.Name())
		marker := filepath.Join(r.path, filepath.FromSlash(name), ocispec.ImageLayoutFile)
		if _, err := os.Stat(marker); err == nil {
			names = append(names, name)
		}
	}
	return names, ctx.Err()
}

// open opens the layout of a repository for reading.
func (r *Registry) open(repository string) (*os.Root, error) {
	root, err := os.OpenRoot(r.path)
	if err != nil {
		return nil, missing(err)
	}
	repo, err := root.OpenRoot(filepath.FromSlash(repository))
	if err = errors.Join(err, root.Close()); err != nil {
		return nil, missing(err)
	}
	if err := checkMarker(repo); err != nil {
		return nil, errors.Join(err, repo.Close())
	}
	return repo, nil
}

// missing turns a folder that is not there into a repository that is not.
func missing(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.Join(registry.ErrNotFound, registry.ErrNoRepository)
	}
	return err
}

// checkMarker reads the file oci-layout, which says that a folder is a layout.
func checkMarker(repo *os.Root) error {
	raw, err := readLimited(repo, ocispec.ImageLayoutFile, 4096)
	if errors.Is(err, fs.ErrNotExist) {
		// A run that was killed before its first tag leaves only blobs.
		if _, err := repo.Stat(ocispec.ImageIndexFile); errors.Is(err, fs.ErrNotExist) {
			return errors.Join(registry.ErrNotFound, registry.ErrNoRepository)
		}
		return fmt.Errorf("%w: it holds %s but no %s", registry.ErrCorrupt, ocispec.ImageIndexFile, ocispec.ImageLayoutFile)
	}
	if err != nil {
		return err
	}
	var marker ocispec.ImageLayout
	if err := json.Unmarshal(raw, &marker); err != nil {
		return fmt.Errorf("%w: %s: %w", registry.ErrCorrupt, ocispec.ImageLayoutFile, err)
	}
	if marker.Version != ocispec.ImageLayoutVersion {
		return fmt.Errorf("%w: %s has version %q, this program reads %s", registry.ErrCorrupt, ocispec.ImageLayoutFile, marker.Version, ocispec.ImageLayoutVersion)
	}
	return nil
}

// blobPath is where a layout keeps a blob.
func blobPath(d digest.Digest) (string, error) {
	if err := d.Validate(); err != nil {
		return "", fmt.Errorf("%w: digest %q: %w", registry.ErrCorrupt, d, err)
	}
	return filepath.Join(ocispec.ImageBlobsDir, d.Algorithm().String(), d.Encoded()), nil
}
