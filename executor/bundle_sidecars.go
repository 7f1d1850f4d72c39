package executor

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// maxBeside is how many bytes the manifests may have together that belong to one
// version: they are held in memory until the bundle is written.
const maxBeside = 32 << 20

// besides is what belongs to a version under one tag, with its manifests.
type besides struct {
	tag       string
	desc      ocispec.Descriptor // what the tag names
	list      []byte             // the index that it is, for a list; nil where the tag names the one manifest
	manifests []*artifact.Artifact
}

// takeBeside reads the manifests of what belongs to a version.
func (b *bundling) takeBeside(ctx context.Context, c *copied) error {
	if !b.request.Referrers {
		return nil
	}
	found, err := b.sidecars(ctx, c)
	if err != nil {
		return err
	}
	left := int64(maxBeside)
	for _, side := range found {
		taken, err := side.take(ctx, &left)
		if err != nil {
			return fmt.Errorf("%s:%s: what belongs to it: %w", c.name, c.version, err)
		}
		c.carried = append(c.carried, *taken)
	}
	return nil
}

// take reads the manifests of a sidecar, of at most left bytes.
func (c *copied) take(ctx context.Context, left *int64) (*besides, error) {
	s := &besides{tag: c.version, desc: c.seen.info.Manifest}
	named := slices.Clone(c.belonging)
	if named == nil {
		named = []ocispec.Descriptor{s.desc}
	}
	for i, d := range named {
		a, err := c.artifactOf(ctx, d)
		if err != nil {
			return nil, err
		}
		if *left -= int64(len(a.Bytes)); *left < 0 {
			return nil, fmt.Errorf("%w: their manifests have more than %d bytes", registry.ErrCorrupt, maxBeside)
		}
		s.manifests = append(s.manifests, a)
		if named[i], err = referrer(a); err != nil {
			return nil, err
		}
	}
	if c.belonging == nil {
		return s, nil
	}
	var err error
	if s.list, s.desc, err = indexOf(named); err == nil && len(s.list) > artifact.MaxManifest {
		err = fmt.Errorf("%w: their list has more than %d bytes", registry.ErrCorrupt, artifact.MaxManifest)
	}
	return s, err
}

// referrer describes a manifest as the OCI distribution specification wants it in
// a list. It comes from the manifest alone: registries fill their lists in
// differently, and the same packs are to give the same bytes.
func referrer(a *artifact.Artifact) (ocispec.Descriptor, error) {
	var m ocispec.Manifest
	if err := json.Unmarshal(a.Bytes, &m); err != nil {
		return ocispec.Descriptor{}, fmt.Errorf("%w: manifest %s: %w", registry.ErrCorrupt, a.Manifest.Digest, err)
	}
	kind := m.ArtifactType
	if kind == "" {
		kind = m.Config.MediaType
	}
	return ocispec.Descriptor{
		MediaType: a.Manifest.MediaType, Digest: a.Manifest.Digest, Size: int64(len(a.Bytes)),
		ArtifactType: kind, Annotations: m.Annotations,
	}, nil
}

// hasBeside tells whether a registry that has a version has all that belongs to
// it as well.
func (b *bundling) hasBeside(ctx context.Context, t *target, c *copied) (bool, error) {
	found, err := b.sidecars(ctx, c)
	if err != nil {
		return false, err
	}
	for _, side := range found {
		there := b.observeSidecar(ctx, t, side)
		if there.err != nil {
			return false, there.err
		}
		if !there.present || side.belonging == nil && there.info.Manifest.Digest != side.seen.info.Manifest.Digest {
			return false, nil
		}
	}
	return true, nil
}

// reportBeside tells of what belongs to a version, in the order of its tags.
func reportBeside(c *copied) ([]BundleReferrer, error) {
	var all []BundleReferrer
	for i := range c.carried {
		s := &c.carried[i]
		tag := ""
		if s.list == nil {
			tag = s.tag
		}
		for _, a := range s.manifests {
			d, err := referrer(a)
			if err != nil {
				return nil, err
			}
			all = append(all, BundleReferrer{Tag: tag, Digest: d.Digest.String(), ArtifactType: d.ArtifactType})
		}
	}
	return all, nil
}
