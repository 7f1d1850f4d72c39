package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// Manifest returns what a tag or digest names, by a single GET. See registry.Registry.
func (r *Registry) Manifest(ctx context.Context, repository, reference string) (desc ocispec.Descriptor, raw []byte, err error) {
	err = r.client.Retry(ctx, onceMore(func(ctx context.Context) (err error) {
		desc, raw, err = r.getManifest(ctx, repository, reference)
		return err
	}))
	if err != nil {
		return ocispec.Descriptor{}, nil, r.fail("read manifest", repository, reference, err)
	}
	r.noteConfig(repository, raw)
	return desc, raw, nil
}

// onceMore tries an operation a second time where digest and bytes do not fit:
// they may have been damaged on the way. A registry that says so again means it.
func onceMore(op func(ctx context.Context) error) func(ctx context.Context) error {
	tried := false
	return func(ctx context.Context) error {
		err := op(ctx)
		if !errors.Is(err, registry.ErrDigest) || tried {
			return err
		}
		tried = true
		return &transport.AgainError{Err: err}
	}
}

// noteConfig remembers that a repository holds the config blob that all packs
// share: a registry keeps the blobs that its manifests name.
func (r *Registry) noteConfig(repository string, raw []byte) {
	var m struct{ Config ocispec.Descriptor }
	if json.Unmarshal(raw, &m) == nil && m.Config.Digest == emptyConfig {
		r.blobs.has(repository, emptyConfig)
	}
}

var emptyConfig = artifact.Empty().Config.Digest

func (r *Registry) getManifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error) {
	req := r.request(http.MethodGet, repository, "/manifests/"+reference)
	req.Header.Set("Accept", strings.Join(artifact.Accept(), ", "))
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode != http.StatusOK {
		return ocispec.Descriptor{}, nil, r.client.StatusError(resp)
	}
	raw, err := io.ReadAll(io.LimitReader(resp.Body, artifact.MaxManifest+1))
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	if len(raw) > artifact.MaxManifest {
		return ocispec.Descriptor{}, nil, fmt.Errorf("%w: the manifest is larger than %d bytes", registry.ErrCorrupt, artifact.MaxManifest)
	}
	d, err := checkDigest(raw, reference, resp.Header.Get(headerDigest))
	if err != nil {
		return ocispec.Descriptor{}, nil, err
	}
	return ocispec.Descriptor{MediaType: mediaType(resp.Header.Get("Content-Type"), raw), Digest: d, Size: int64(len(raw))}, raw, nil
}

// headerDigest is where registries say the digest of what they send; some leave it out.
const headerDigest = "Docker-Content-Digest"

// checkDigest returns the digest of a manifest: that which was asked for, else
// its SHA-256. What the registry says in the header must be true as well.
func checkDigest(raw []byte, reference, header string) (digest.Digest, error) {
	d := digest.Digest(reference)
	if d.Validate() != nil { // it is a tag
		d = digest.FromBytes(raw)
	}
	if got := d.Algorithm().FromBytes(raw); got != d {
		return "", fmt.Errorf("%w: it is %s", registry.ErrDigest, got)
	}
	if header == "" {
		return d, nil
	}
	if err := sameDigest(digest.Digest(header), raw); err != nil {
		return "", err
	}
	return d, nil
}

// sameDigest checks the digest that a registry claims for bytes.
func sameDigest(claimed digest.Digest, raw []byte) error {
	if claimed.Validate() != nil {
		return fmt.Errorf("%w: the registry names the digest %.100q", registry.ErrDigest, string(claimed))
	}
	if got := claimed.Algorithm().FromBytes(raw); got != claimed {
		return fmt.Errorf("%w: the registry says %s, it is %s", registry.ErrDigest, claimed, got)
	}
	return nil
}

// mediaType returns the type of a manifest: what the header says unless that is
// missing or says nothing, then what the manifest says of itself.
func mediaType(header string, raw []byte) string {
	if t, _, err := mime.ParseMediaType(header); err == nil && strings.Contains(t, "manifest") || err == nil && strings.Contains(t, "image.index") {
		return t
	}
	var m struct {
		MediaType string `json:"mediaType"`
	}
	if json.Unmarshal(raw, &m) == nil && m.MediaType != "" {
		return m.MediaType
	}
	return ocispec.MediaTypeImageManifest
}

// putManifest writes a manifest under a tag or its digest.
func (r *Registry) putManifest(ctx context.Context, repository, reference string, a *artifact.Artifact) error {
	req := r.request(http.MethodPut, repository, "/manifests/"+reference)
	req.Header.Set("Content-Type", a.Manifest.MediaType)
	blob := artifact.Bytes(a.Manifest.MediaType, a.Bytes)
	req.Body, req.Size = blob.Open, blob.Size
	learn, err := r.pace.Wait(ctx)
	if err != nil {
		return err
	}
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	learn(resp.StatusCode == http.StatusTooManyRequests)
	if resp.StatusCode != http.StatusCreated && resp.StatusCode != http.StatusOK {
		return r.client.StatusError(resp)
	}
	if header := resp.Header.Get(headerDigest); header != "" {
		if err := sameDigest(digest.Digest(header), a.Bytes); err != nil {
			return fmt.Errorf("what the registry stored is not what was sent: %w", err)
		}
	}
	return nil
}

// holds tells whether a reference names the artifact already.
func (r *Registry) holds(ctx context.Context, repository, reference string, a *artifact.Artifact) (bool, error) {
	desc, _, err := r.getManifest(ctx, repository, reference)
	if err != nil {
		if errors.Is(classify(err), registry.ErrNotFound) {
			return false, nil
		}
		return false, err
	}
	return desc.Digest == a.Manifest.Digest, nil
}
