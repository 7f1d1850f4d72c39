package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

var _ registry.Deleter = (*Registry)(nil)

// Delete takes a tag away by a DELETE of the tag itself, which leaves the
// manifest to the registry's garbage collection. A registry that deletes by
// digest only (docker-registry 2) deletes all tags of the manifest: there, it is
// looked at every other tag first. See registry.Deleter.
func (r *Registry) Delete(ctx context.Context, d registry.Deletion) error {
	return r.failDelete(d.Repository, d.Tag, r.delete(ctx, &d))
}

func (r *Registry) delete(ctx context.Context, d *registry.Deletion) error {
	now, err := r.digestOf(ctx, d.Repository, d.Tag)
	if err != nil {
		return err
	}
	if now != d.Digest {
		return fmt.Errorf("%w: %s, not %s", registry.ErrMoved, now, d.Digest)
	}
	s := &siblings{Registry: r, Deletion: d}
	if err := s.deleteBelongings(ctx); err != nil {
		return err
	}
	err = r.deleteManifest(ctx, d.Repository, d.Tag)
	if !onlyByDigest(err) {
		return err
	}
	others, err := s.others(ctx)
	if err != nil {
		return err
	}
	others = slices.DeleteFunc(others, func(tag string) bool { return slices.Contains(d.Doomed, tag) })
	if len(others) > 0 {
		return fmt.Errorf("%w: %s is %s as well, and this registry deletes by digest only", registry.ErrShared, d.Digest, strings.Join(others, ", "))
	}
	return r.deleteManifest(ctx, d.Repository, d.Digest.String())
}

// siblings are the other tags of the manifest that a deletion is about. They are
// looked for at most once, and only where it matters.
type siblings struct {
	*Registry
	*registry.Deletion
	asked bool
	tags  []string
	named map[digest.Digest]bool // the manifests that other tags name
}

// others returns the other tags of the manifest, but for sidecars.
func (s *siblings) others(ctx context.Context) ([]string, error) {
	if s.asked {
		return slices.Clone(s.tags), nil
	}
	all, err := s.Tags(ctx, s.Repository)
	if err != nil {
		return nil, err
	}
	s.named = make(map[digest.Digest]bool)
	for _, tag := range all {
		if tag == s.Tag || slices.Contains(s.Sidecars, tag) {
			continue
		}
		d, err := s.digestOf(ctx, s.Repository, tag)
		if errors.Is(classify(err), registry.ErrNotFound) {
			continue // deleted meanwhile
		}
		if err != nil {
			return nil, err
		}
		s.named[d] = true
		if d == s.Digest {
			s.tags = append(s.tags, tag)
		}
	}
	s.asked = true
	return slices.Clone(s.tags), nil
}

// deleteBelongings deletes what belongs to the manifest, where the tag is its
// last one. It comes first, so that a run which was cut short finds it again by
// the version. What another tag names as well stays: whoever may push could else
// have a version deleted by calling it a signature.
func (s *siblings) deleteBelongings(ctx context.Context) error {
	referrers, err := s.ReferrerDigests(ctx, s.Repository, s.Digest)
	if err != nil || len(referrers)+len(s.Sidecars) == 0 {
		return err
	}
	others, err := s.others(ctx)
	if err != nil || len(others) > 0 {
		return err
	}
	for _, ref := range append(referrers, s.Sidecars...) {
		if s.named[digest.Digest(ref)] {
			continue
		}
		err := s.deleteManifest(ctx, s.Repository, ref)
		if onlyByDigest(err) {
			err = s.deleteByDigest(ctx, ref)
		}
		if err != nil && !errors.Is(classify(err), registry.ErrNotFound) {
			return err
		}
	}
	return nil
}

// deleteByDigest deletes a sidecar where tags cannot be deleted.
func (s *siblings) deleteByDigest(ctx context.Context, tag string) error {
	d, err := s.digestOf(ctx, s.Repository, tag)
	if err != nil || s.named[d] {
		return err
	}
	return s.deleteManifest(ctx, s.Repository, d.String())
}

// digestOf returns the digest of what a tag names, by a HEAD, or by a GET where
// the reply does not tell.
func (r *Registry) digestOf(ctx context.Context, repository, tag string) (d digest.Digest, err error) {
	err = r.client.Retry(ctx, func(ctx context.Context) error {
		d, err = r.headDigest(ctx, repository, tag)
		if noHead(err) || err == nil && d.Validate() != nil {
			var desc ocispec.Descriptor
			desc, _, err = r.getManifest(ctx, repository, tag)
			d = desc.Digest
		}
		return err
	})
	return d, err
}

func (r *Registry) headDigest(ctx context.Context, repository, tag string) (digest.Digest, error) {
	req := r.request(http.MethodHead, repository, "/manifests/"+tag)
	req.Header.Set("Accept", strings.Join(artifact.Accept(), ", "))
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return "", err
	}
	defer func() { _ = resp.Body.Close() }() // a reply to HEAD has no body
	if resp.StatusCode != http.StatusOK {
		return "", r.client.StatusError(resp)
	}
	return digest.Digest(resp.Header.Get(headerDigest)), nil
}

// deleteManifest sends one DELETE. Where a try before got no reply, that the
// manifest is gone means that it was done.
func (r *Registry) deleteManifest(ctx context.Context, repository, reference string) error {
	tries := 0
	return r.client.Retry(ctx, func(ctx context.Context) error {
		tries++
		req := r.request(http.MethodDelete, repository, "/manifests/"+reference)
		req.Scope = "repository:" + repository + ":delete,pull" // asked for by deletes only: not every account has it
		resp, err := r.client.Do(ctx, req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // only read from
		if resp.StatusCode == http.StatusAccepted || resp.StatusCode == http.StatusOK || resp.StatusCode == http.StatusNoContent {
			return nil
		}
		failed := r.client.StatusError(resp)
		if failed.Status == http.StatusNotFound && tries > 1 {
			return nil
		}
		return failed
	})
}

// onlyByDigest tells whether a registry refused to delete a tag because it
// knows digests only: docker-registry 2 says DIGEST_INVALID, others UNSUPPORTED.
func onlyByDigest(err error) bool {
	s := asStatus(err)
	return s != nil && s.Status == http.StatusBadRequest && s.Has("DIGEST_INVALID", "UNSUPPORTED")
}

const maxReferrers = 4 << 20 // bytes of a list of referrers, as the specification bounds manifests

// ReferrerDigests returns the digests of the manifests that have a manifest as their
// subject. A registry without the API, or that does not let us read it, has none.
func (r *Registry) ReferrerDigests(ctx context.Context, repository string, subject digest.Digest) (digests []string, err error) {
	if r.noReferrers.Load() {
		return nil, nil
	}
	err = r.client.Retry(ctx, func(ctx context.Context) error {
		req := r.request(http.MethodGet, repository, "/referrers/"+subject.String())
		resp, err := r.client.Do(ctx, req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // only read from
		if resp.StatusCode != http.StatusOK {
			return r.client.StatusError(resp)
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxReferrers+1))
		if err != nil {
			return err
		}
		digests, err = parseReferrers(body)
		return err
	})
	if s := asStatus(err); s != nil && !s.Temporary() && s.Status >= 400 && s.Status < 500 {
		if s.Status == http.StatusNotFound {
			r.noReferrers.Store(true) // docker-registry and distribution know no such path
		}
		return nil, nil
	}
	return digests, err
}

func parseReferrers(body []byte) ([]string, error) {
	if len(body) > maxReferrers {
		return nil, fmt.Errorf("%w: the list of referrers is longer than %d bytes", registry.ErrCorrupt, maxReferrers)
	}
	var index struct{ Manifests []ocispec.Descriptor }
	if err := json.Unmarshal(body, &index); err != nil {
		return nil, fmt.Errorf("%w: the list of referrers is not valid JSON: %w", registry.ErrCorrupt, err)
	}
	digests := make([]string, len(index.Manifests))
	for i := range index.Manifests {
		d := index.Manifests[i].Digest
		if err := d.Validate(); err != nil {
			return nil, fmt.Errorf("%w: the list of referrers names the digest %.100q", registry.ErrCorrupt, string(d))
		}
		digests[i] = d.String()
	}
	return digests, nil
}

// failDelete explains what stands in the way of a delete.
func (r *Registry) failDelete(repository, tag string, err error) error {
	err = r.fail("delete", repository, tag, err)
	var e *registry.Error
	if !errors.As(err, &e) {
		return err
	}
	var login *transport.LoginError
	s := asStatus(err)
	switch {
	case errors.Is(err, registry.ErrShared):
		e.Hint = "retire those versions as well, or publish this one anew with other content first"
	case errors.As(err, &login) && login.Accepted, s != nil && s.Status == http.StatusForbidden:
		e.Hint = "give " + r.client.Who().String() + " the right to delete there"
	case s == nil || s.Status != http.StatusMethodNotAllowed:
	case s.Has("DENIED"):
		e.Err = &causeError{meaning: registry.ErrReferenced, err: e.Err}
		e.Hint = "an index, or a manifest whose subject it is, still names it: delete that first"
	default:
		e.Err = &causeError{meaning: registry.ErrNoDelete, err: e.Err}
		e.Hint = "the registry lets nobody delete: switch it on there (distribution: storage.delete.enabled: true, or REGISTRY_STORAGE_DELETE_ENABLED=true), then run the same again"
	}
	return err
}
