package layout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

var _ registry.Observer = (*Registry)(nil)

// Observe implements registry.Observer: in a folder it costs next to nothing to
// see whether the files that a version consists of are there with their sizes.
// Whether their bytes are right, only reading tells.
func (r *Registry) Observe(ctx context.Context, repository, tag string) (registry.Observation, error) {
	info, err := r.observe(ctx, repository, tag)
	if err != nil && !errors.Is(err, artifact.ErrNotPack) {
		err = r.fail("read manifest", repository, tag, err)
	}
	return registry.Observation{Info: info}, err
}

func (r *Registry) observe(ctx context.Context, repository, tag string) (artifact.Info, error) {
	if ctx.Err() != nil {
		return artifact.Info{}, context.Cause(ctx)
	}
	f, err := r.open(repository)
	if err != nil {
		return artifact.Info{}, err
	}
	defer f.close()
	desc, raw, err := f.lookUp(tag)
	if err != nil {
		return artifact.Info{}, err
	}
	info, err := artifact.Inspect(desc, raw)
	if err != nil {
		return info, err // it is no pack, which is the caller's business
	}
	var m struct{ Config ocispec.Descriptor }
	if err := json.Unmarshal(raw, &m); err != nil {
		return artifact.Info{}, err // Inspect could read it
	}
	for _, d := range []ocispec.Descriptor{m.Config, info.Layer} {
		if err := f.whole(d); err != nil {
			return artifact.Info{}, damaged(desc.Digest, err)
		}
	}
	return info, nil
}

// whole tells whether a blob is there with its size.
func (f *folder) whole(d ocispec.Descriptor) error {
	if err := d.Digest.Validate(); err != nil {
		return fmt.Errorf("%w: it names the digest %.100q", registry.ErrCorrupt, string(d.Digest))
	}
	info, err := f.stat(blobPath(d.Digest))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%w: %s is missing", registry.ErrCorrupt, d.Digest)
	case err != nil:
		return err
	case info.Size() != d.Size:
		return fmt.Errorf("%w: %s has %d bytes, %d are expected", registry.ErrCorrupt, d.Digest, info.Size(), d.Size)
	}
	return nil
}
