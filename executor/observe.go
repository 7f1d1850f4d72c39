package executor

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/plan"
)

// seen is what a registry holds under a version, before it is compared.
type seen struct {
	present      bool
	noRepository bool // not even the repository is there
	info         artifact.Info
	notPack      error // why it cannot be a pack
	damaged      error // why it cannot be read whole
	err          error // the registry could not be asked
}

// observe asks a registry once for a version.
func (e *Executor) observe(ctx context.Context, t *target, repository, tag string) seen {
	return seenAs(look(ctx, t, repository, tag))
}

// seenAs tells what a registry's answer means.
func seenAs(info artifact.Info, err error) seen {
	var damaged *registry.DamagedError
	switch {
	case errors.Is(err, registry.ErrNotFound):
		return seen{noRepository: errors.Is(err, registry.ErrNoRepository)}
	case errors.Is(err, artifact.ErrNotPack):
		return seen{present: true, info: info, notPack: err}
	case errors.As(err, &damaged):
		info.Manifest.Digest = damaged.Digest
		return seen{present: true, info: info, damaged: damaged}
	case err != nil:
		return seen{err: err}
	}
	return seen{present: true, info: info}
}

// look prefers what costs a registry least.
func look(ctx context.Context, t *target, repository, tag string) (artifact.Info, error) {
	if o, ok := t.Registry.(registry.Observer); ok {
		seen, err := o.Observe(ctx, repository, tag)
		return seen.Info, err
	}
	return fetchInfo(ctx, t, repository, tag)
}

func fetchInfo(ctx context.Context, t *target, repository, reference string) (artifact.Info, error) {
	desc, raw, err := t.Manifest(ctx, repository, reference)
	if err != nil {
		return artifact.Info{}, err
	}
	return artifact.Inspect(desc, raw)
}

// state turns what was seen into what plan.Compute needs, without reading the layer.
func (s seen) state(name, version string) plan.State {
	st := plan.State{Present: s.present, NoRepository: s.noRepository, Err: s.err}
	if !s.present || s.err != nil {
		return st
	}
	st.Digest = s.info.Manifest.Digest.String()
	if s.damaged != nil {
		st.Damaged = strings.TrimPrefix(s.damaged.Error(), registry.ErrCorrupt.Error()+": ") // which is what damaged means
		return st
	}
	if s.notPack != nil {
		st.NotPack = s.notPack.Error()
		return st
	}
	if pack.KnownDigest(s.info.ContentDigest) {
		st.ContentDigest = s.info.ContentDigest
	}
	st.Ignored = s.info.Ignored(name, version)
	return st
}

// readLayer pulls a pack's layer and digests the files in it.
func (e *Executor) readLayer(ctx context.Context, t *target, repository string, layer ocispec.Descriptor) (inv *pack.Inventory, err error) {
	rc, err := t.Blob(ctx, repository, layer)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rc.Close()) }()
	inv, err = pack.ReadArchive(ctx, rc, pack.Limits{})
	if err != nil {
		return nil, fmt.Errorf("layer %s: %w", layer.Digest, trueCause(rc, err))
	}
	// Read to the end, so that the digest of the whole layer is checked.
	if _, err := io.Copy(io.Discard, rc); err != nil {
		return nil, fmt.Errorf("layer %s: %w", layer.Digest, err)
	}
	return inv, nil
}

// trueCause tells bytes that are no archive from bytes that are not those of the
// layer: the rest of them is read.
func trueCause(rest io.Reader, err error) error {
	if !errors.Is(err, pack.ErrArchive) || errors.Is(err, pack.ErrTooLarge) {
		return err
	}
	if _, damaged := io.Copy(io.Discard, rest); damaged != nil {
		return damaged
	}
	return err
}

// isBadArchive tells whether a layer was read, and holds no pack.
func isBadArchive(err error) bool {
	return errors.Is(err, pack.ErrArchive) && !errors.Is(err, registry.ErrDigest)
}
