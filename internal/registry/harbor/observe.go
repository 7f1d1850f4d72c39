package harbor

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

const opObserve = "look up version"

// Observe tells what a tag names without a pull, as far as that can be: from
// the artifacts API where the account may read it, else by HEAD and what is
// known of the digest. Only a manifest that is neither known nor has our
// content digest is fetched. See registry.Observer.
func (r *Registry) Observe(ctx context.Context, repository, tag string) (registry.Observation, error) {
	ref := r.ref(repository, tag)
	if err := r.need(ctx, opObserve, ref); err != nil {
		return registry.Observation{}, err
	}
	o, answered, err := r.fromAPI(ctx, repository, tag)
	if err == nil && !answered {
		o, err = r.byHead(ctx, repository, tag)
	}
	if isAnswer(err) {
		return o, err
	}
	return o, r.explain(opObserve, ref, err)
}

// fromAPI asks the artifacts API. answered is false where the account may not.
func (r *Registry) fromAPI(ctx context.Context, repository, tag string) (o registry.Observation, answered bool, err error) {
	a, answered, err := r.api.get(ctx, r, repository, tag, nil)
	if err != nil || !answered {
		return o, answered, err
	}
	d := digest.Digest(a.Digest)
	o = registry.Observation{Info: a.info(repository, tag), PushedAt: a.pushedAt(tag)}
	if raw, ok := r.known.Load(d); ok {
		o.Info, err = artifact.Inspect(describe(d, raw), raw)
		return o, true, err
	}
	if o.ContentDigest != "" && o.Shape != "" {
		return o, true, nil
	}
	o.Info, err = r.fetch(ctx, repository, d)
	return o, true, err
}

// byHead asks for the digest and knows the rest, or fetches it.
func (r *Registry) byHead(ctx context.Context, repository, tag string) (registry.Observation, error) {
	d, err := r.head(ctx, repository, tag)
	if err != nil {
		return registry.Observation{}, err
	}
	if d == "" { // the registry, or a proxy, answers HEAD without it
		desc, raw, err := r.inner.Manifest(ctx, repository, tag)
		if err != nil {
			return registry.Observation{}, err
		}
		r.known.Store(desc.Digest, raw)
		info, err := artifact.Inspect(desc, raw)
		return registry.Observation{Info: info}, err
	}
	if raw, ok := r.known.Load(d); ok {
		info, err := artifact.Inspect(describe(d, raw), raw)
		return registry.Observation{Info: info}, err
	}
	info, err := r.fetch(ctx, repository, d)
	return registry.Observation{Info: info}, err
}

// fetch reads a manifest that is not known yet, which counts as a pull.
func (r *Registry) fetch(ctx context.Context, repository string, d digest.Digest) (artifact.Info, error) {
	desc, raw, err := r.inner.Manifest(ctx, repository, d.String())
	if err != nil {
		return artifact.Info{}, err
	}
	r.known.Store(d, raw)
	return artifact.Inspect(desc, raw)
}

// describe is the descriptor of bytes that are known to have the digest.
func describe(d digest.Digest, raw []byte) ocispec.Descriptor {
	return ocispec.Descriptor{MediaType: mediaType(raw), Digest: d, Size: int64(len(raw))}
}

// head returns the digest that a tag names; "" where the reply does not tell.
func (r *Registry) head(ctx context.Context, repository, tag string) (d digest.Digest, err error) {
	req := transport.Request{
		Method: http.MethodHead, URL: r.client.URL("/v2/"+repository+"/manifests/"+tag, nil),
		Header: http.Header{"Accept": {strings.Join(artifact.Accept(), ", ")}},
		Scope:  "repository:" + repository + ":pull,push",
	}
	err = r.client.Retry(ctx, func(ctx context.Context) error {
		resp, err := r.client.Do(ctx, req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // a reply to HEAD has no body
		if resp.StatusCode != http.StatusOK {
			return r.client.StatusError(resp)
		}
		d = digest.Digest(resp.Header.Get("Docker-Content-Digest"))
		return nil
	})
	s := status(err)
	switch {
	case s != nil && s.Status == http.StatusNotFound:
		return "", &registry.Error{Op: opObserve, Ref: r.ref(repository, tag), Err: registry.ErrNotFound}
	case s != nil && s.Status == http.StatusMethodNotAllowed:
		return "", nil // something in front takes no HEAD: a GET will tell
	case err != nil:
		return "", err
	case d.Validate() == nil:
		return d, nil
	}
	return "", nil
}

// Immutable tells whether an existing tag falls under an immutable tag rule of
// the project, as far as this account may see it. See registry.TagGuard.
func (r *Registry) Immutable(ctx context.Context, repository, tag string) (bool, error) {
	ref := r.ref(repository, tag)
	if err := r.need(ctx, opObserve, ref); err != nil {
		return false, err
	}
	a, answered, err := r.api.get(ctx, r, repository, tag, withImmutable)
	if err != nil || !answered {
		return false, r.explain(opObserve, ref, err)
	}
	t := a.tag(tag)
	return t != nil && t.Immutable, nil
}

// title is what a version with our content digest has as its title: the
// repository is named after the pack, the tag is the version.
func title(repository, tag string) string { return artifact.Title(path.Base(repository), tag) }

// missingVersion is the answer that there is no such version.
func (r *Registry) missingVersion(repository, tag string, noRepository bool) error {
	cause := registry.ErrNotFound
	if noRepository {
		cause = fmt.Errorf("%w: %w", registry.ErrNotFound, registry.ErrNoRepository)
	}
	return &registry.Error{Op: opObserve, Ref: r.ref(repository, tag), Err: cause}
}
