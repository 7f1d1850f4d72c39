package executor

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// tagOf is how tags begin that belong to a manifest; alone it is the tag of the
// list that the OCI distribution specification wants where a registry has no
// referrers API.
func tagOf(d digest.Digest) string { return d.Algorithm().String() + "-" + d.Encoded() }

// addSidecars adds what belongs to copies whose entry wants it along: a version
// for each tag, as cosign names them, and one for the list of all else. It goes
// only to where its subject is or will be.
func (e *Executor) addSidecars(ctx context.Context, s *survey) error {
	targets := make(map[*copied][]int)
	s.sidecarsAt = len(s.versions)
	for _, i := range s.signed {
		v, st, c := &s.versions[i], &s.states[i], s.copies[i]
		comes := !st.Present || st.Digest == v.Digest || v.OnChange == string(manifest.OnChangeOverwrite)
		if v.Err == nil && v.NotPack == "" && st.Err == nil && comes {
			targets[c] = append(targets[c], i)
		}
	}
	registries := s.targets // as they are before others are added
	var mu sync.Mutex
	g := new(errgroup.Group)
	g.SetLimit(defaultConcurrency)
	for c, at := range targets {
		g.Go(func() error {
			if e.ended(ctx) {
				return nil
			}
			found, err := e.sidecars(ctx, c)
			if err != nil {
				found = []*copied{c.unknownSidecar(err)}
			}
			states := make([][]seen, len(found))
			for i, side := range found {
				for _, v := range at {
					states[i] = append(states[i], e.observeSidecar(ctx, registries[v], side))
				}
			}
			mu.Lock()
			defer mu.Unlock()
			for i, side := range found {
				for j, v := range at {
					e.addSidecar(s, v, side, states[i][j])
				}
			}
			return nil
		})
	}
	_ = g.Wait() // its functions only return nil
	return e.interrupted(ctx)
}

// addSidecar adds one to the survey, for the target of the version it belongs to.
func (e *Executor) addSidecar(s *survey, subject int, side *copied, there seen) {
	t, of := s.targets[subject], &s.versions[subject]
	v := plan.Version{
		Registry: of.Registry, Repository: of.Repository, Name: of.Name, Version: side.version, OnChange: of.OnChange,
		From: of.From, Reference: t.spec.Reference(of.Name, side.version), Subject: of.Name + "@" + of.Version,
	}
	if slices.ContainsFunc(s.versions[s.sidecarsAt:], func(other plan.Version) bool { return other.Key() == v.Key() }) {
		return // of two versions that are one manifest
	}
	e.copies[side.key()] = side
	s.versions, s.targets = append(s.versions, v), append(s.targets, t)
	s.packs, s.order = append(s.packs, nil), append(s.order, -1)
	s.copies, s.rewrites = append(s.copies, side), append(s.rewrites, false)
	s.seen = append(s.seen, there)
	st := plan.State{Present: there.present, NoRepository: there.noRepository, Err: there.err}
	if there.present {
		st.Digest = there.info.Manifest.Digest.String()
	}
	s.states = append(s.states, st)
	s.describe(len(s.versions) - 1)
}

// unknownSidecar stands for what cannot be asked for.
func (c *copied) unknownSidecar(err error) *copied {
	return &copied{source: c.source, repository: c.repository, name: c.name, version: tagOf(c.seen.info.Manifest.Digest), sidecar: true, seen: seen{err: err}}
}

// sidecars finds what belongs to a copy at its source.
func (e *Executor) sidecars(ctx context.Context, c *copied) ([]*copied, error) {
	subject := c.seen.info.Manifest.Digest
	tags, err := c.source.Tags(ctx, c.repository)
	if err != nil {
		return nil, err
	}
	var all []*copied
	for _, tag := range tags {
		if !isSidecar(tag) || !strings.HasPrefix(tag, tagOf(subject)+".") {
			continue
		}
		desc, _, err := c.source.Manifest(ctx, c.repository, tag)
		if err != nil {
			return nil, err
		}
		all = append(all, c.beside(tag, desc))
	}
	list, err := belonging(ctx, c.source, c.repository, subject)
	if err != nil || len(list) == 0 {
		return all, err
	}
	_, desc, err := indexOf(list)
	if err != nil {
		return nil, err
	}
	side := c.beside(tagOf(subject), desc)
	side.belonging = list
	return append(all, side), nil
}

func (c *copied) beside(tag string, desc ocispec.Descriptor) *copied {
	return &copied{
		source: c.source, repository: c.repository, name: c.name, version: tag, sidecar: true,
		seen: seen{present: true, info: artifact.Info{Manifest: desc}},
	}
}

// belonging lists what belongs to a manifest: by the referrers API, else by the
// tag that holds the list.
func belonging(ctx context.Context, t *target, repository string, subject digest.Digest) ([]ocispec.Descriptor, error) {
	if r, ok := t.Registry.(registry.Referrer); ok {
		list, listed, err := r.Referrers(ctx, repository, subject)
		if err != nil || listed {
			return sorted(list), err
		}
	}
	_, raw, err := t.Manifest(ctx, repository, tagOf(subject))
	if errors.Is(err, registry.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	list, err := registry.ParseIndex(raw)
	return sorted(list), err
}

func sorted(list []ocispec.Descriptor) []ocispec.Descriptor {
	slices.SortStableFunc(list, func(a, b ocispec.Descriptor) int { return cmp.Compare(a.Digest, b.Digest) })
	return slices.CompactFunc(list, func(a, b ocispec.Descriptor) bool { return a.Digest == b.Digest })
}

// indexOf writes a list as the index that a tag holds.
func indexOf(list []ocispec.Descriptor) (raw []byte, desc ocispec.Descriptor, err error) {
	raw, err = json.Marshal(ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex, Manifests: list,
	})
	return raw, ocispec.Descriptor{MediaType: ocispec.MediaTypeImageIndex, Digest: digest.FromBytes(raw), Size: int64(len(raw))}, err
}

// observeSidecar looks whether a target has a sidecar. Of a list it has all, or
// it is missing: what else belongs to the subject there stays.
func (e *Executor) observeSidecar(ctx context.Context, t *target, side *copied) seen {
	if side.seen.err != nil {
		return seen{}
	}
	repository := t.spec.Repository(side.name)
	if side.belonging == nil {
		desc, _, err := t.Manifest(ctx, repository, side.version)
		return seenAs(artifact.Info{Manifest: desc}, err)
	}
	missing, _, err := side.missing(ctx, t, repository)
	switch {
	case err != nil:
		return seen{err: err, noRepository: errors.Is(err, registry.ErrNoRepository)}
	case len(missing) > 0:
		return seen{}
	}
	return seen{present: true, info: side.seen.info}
}

// missing returns what of a list a target lacks, and what it has.
func (c *copied) missing(ctx context.Context, t *target, repository string) (missing, have []ocispec.Descriptor, err error) {
	algorithm, hexed, _ := strings.Cut(c.version, "-")
	if have, err = belonging(ctx, t, repository, digest.NewDigestFromEncoded(digest.Algorithm(algorithm), hexed)); err != nil {
		return nil, nil, err
	}
	for _, want := range c.belonging {
		if !slices.ContainsFunc(have, func(d ocispec.Descriptor) bool { return d.Digest == want.Digest }) {
			missing = append(missing, want)
		}
	}
	return missing, have, nil
}

// size is how many bytes a copy has, as far as that is known before it is read.
func (c *copied) size() int64 {
	n := c.seen.info.Layer.Size
	for _, d := range c.belonging {
		n += d.Size
	}
	return n
}

// copyBelonging copies what a target lacks of a list, each by its digest. Where
// the target has no referrers API, the tag gets the list of both.
func (r *run) copyBelonging(ctx context.Context, i int, c *copied) error {
	a, it := &r.plan.Actions[i], &r.items[i]
	t := r.target(a.Registry)
	missing, _, err := c.missing(ctx, t, a.Repository)
	if err != nil {
		return err
	}
	for _, d := range missing {
		art, err := c.artifactOf(ctx, d)
		if err != nil {
			return err
		}
		sent, err := t.Push(ctx, a.Repository, "", art, r.hintFor(a, c))
		it.Bytes += sent
		if err != nil {
			return err
		}
	}
	left, have, err := c.missing(ctx, t, a.Repository)
	if err != nil {
		return err
	}
	if len(left) > 0 {
		raw, desc, err := indexOf(sorted(append(have, left...)))
		if err != nil {
			return err
		}
		sent, err := t.Push(ctx, a.Repository, c.version, &artifact.Artifact{Manifest: desc, Bytes: raw}, registry.Hint{})
		it.Bytes += sent
		if err != nil {
			return err
		}
	}
	it.Status, it.Digest = StatusDone, a.Digest
	return nil
}

// artifactOf makes an artifact of a manifest at the source, whatever it is but an
// index.
func (c *copied) artifactOf(ctx context.Context, of ocispec.Descriptor) (*artifact.Artifact, error) {
	desc, raw, err := c.source.Manifest(ctx, c.repository, of.Digest.String())
	if err != nil {
		return nil, err
	}
	var m struct {
		ocispec.Manifest
		Manifests json.RawMessage `json:"manifests"`
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		return nil, fmt.Errorf("%w: manifest %s: %w", registry.ErrCorrupt, desc.Digest, err)
	}
	if m.Manifests != nil {
		return nil, fmt.Errorf("%s belongs to %s:%s and is an index: packs copies manifests only", desc.Digest, c.name, c.version)
	}
	a := &artifact.Artifact{Manifest: desc, Bytes: raw}
	for _, d := range append([]ocispec.Descriptor{m.Config}, m.Layers...) {
		if err := d.Digest.Validate(); err != nil || d.Size < 0 {
			return nil, fmt.Errorf("%w: manifest %s names the blob %.100q with %d bytes", registry.ErrCorrupt, desc.Digest, string(d.Digest), d.Size)
		}
		a.Others = append(a.Others, artifact.Blob{Descriptor: d, Open: c.open(ctx, d)})
	}
	a.Config, a.Others = a.Others[0], a.Others[1:]
	slices.SortStableFunc(a.Others, func(a, b artifact.Blob) int { return cmp.Compare(a.Digest, b.Digest) })
	a.Others = slices.CompactFunc(a.Others, func(a, b artifact.Blob) bool { return a.Digest == b.Digest })
	return a, nil
}
