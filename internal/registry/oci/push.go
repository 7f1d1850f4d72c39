package oci

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// Push uploads an artifact: its blobs at once, then the manifest. See
// registry.Registry. A layer is uploaded without asking whether it is there,
// unless Hint.MayExist says so. Hint.Progress counts the bytes of the
// layer, each once, however often it has to be sent.
func (r *Registry) Push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint registry.Hint) (int64, error) {
	p := &push{Registry: r, repository: repository, reference: tag, artifact: a, hint: hint, meter: meter{progress: hint.Progress}}
	if tag == "" {
		p.reference = a.Manifest.Digest.String()
	}
	if hint.HasConfig {
		r.blobs.has(repository, a.Config.Digest)
	}
	if err := p.sendBlobs(ctx); err != nil {
		return p.meter.total(), err
	}
	if hint.BeforeTag != nil {
		if err := hint.BeforeTag(ctx); err != nil {
			return p.meter.total(), err
		}
	}
	if err := p.sendManifest(ctx); err != nil {
		return p.meter.total(), p.fail("write manifest", repository, p.reference, err)
	}
	p.meter.add(a.Manifest.Size)
	return p.meter.total(), nil
}

// push is one artifact on its way.
type push struct {
	*Registry
	repository string
	reference  string // tag or digest of the manifest
	artifact   *artifact.Artifact
	hint       registry.Hint
	meter      meter
}

func (p *push) sendBlobs(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	if p.artifact.Config.Digest != "" { // an index has none
		g.Go(func() error { return p.sendConfig(ctx) })
	}
	g.Go(func() error { return p.sendLayer(ctx) })
	for _, blob := range p.artifact.Others {
		g.Go(func() error {
			err := p.blobs.do(ctx, p.repository, blob.Digest, func(from string) error {
				return p.uploadUnlessThere(ctx, &upload{repository: p.repository, blob: blob, sent: p.meter.add}, from)
			})
			return p.fail("upload blob", p.repository, p.reference, err)
		})
	}
	return g.Wait()
}

// sendConfig sees to it that the repository holds the config blob, which all
// packs share.
func (p *push) sendConfig(ctx context.Context) error {
	blob := p.artifact.Config
	err := p.blobs.do(ctx, p.repository, blob.Digest, func(from string) error {
		if p.client.Bearer() {
			from = "" // a token for two repositories would cost the request that mounting saves
		}
		from = cmp.Or(p.hint.From, from) // that token is needed for the layer anyway
		return p.upload(ctx, &upload{repository: p.repository, blob: blob, from: from, sent: p.meter.add})
	})
	return p.fail("upload config", p.repository, p.reference, err)
}

func (p *push) sendLayer(ctx context.Context) error {
	blob := p.artifact.Layer
	if blob == nil {
		return nil
	}
	u := &upload{repository: p.repository, blob: *blob, sent: p.meter.add}
	u.blob.Open = p.meter.layer(blob.Open)
	if !p.hint.MayExist {
		return p.fail("upload layer", p.repository, p.reference, p.upload(ctx, u))
	}
	err := p.blobs.do(ctx, p.repository, blob.Digest, func(from string) error {
		return p.uploadUnlessThere(ctx, u, from)
	})
	return p.fail("upload layer", p.repository, p.reference, err)
}

// uploadUnlessThere sends a blob that may be there. Where the registry mounts,
// the request for an upload session asks for that, too: to mount a blob from its
// own repository succeeds where it is there. from is a repository that got it in
// this run.
func (p *push) uploadUnlessThere(ctx context.Context, u *upload, from string) error {
	switch {
	case p.opts.AskForBlobs:
		u.doubt, u.from = true, p.hint.From
	case p.client.Bearer(): // a token for two repositories costs a request: only for what is sure to be there
		u.from = cmp.Or(p.hint.From, p.repository)
	default:
		u.from = cmp.Or(p.hint.From, from, p.repository)
	}
	return p.upload(ctx, u)
}

// maxMends is how often a manifest is written again after the registry said
// that one of its blobs is missing.
const maxMends = 3

func (p *push) sendManifest(ctx context.Context) error {
	doubt := false // an earlier try may have got through without our knowing
	return p.client.Retry(ctx, onceMore(func(ctx context.Context) error {
		if doubt {
			there, err := p.holds(ctx, p.repository, p.reference, p.artifact)
			if there || interrupted(err) {
				return err
			} // a registry that cannot tell gets it again
		}
		err := p.putAndMend(ctx)
		doubt = interrupted(err) || errors.Is(err, registry.ErrDigest)
		return err
	}))
}

// putAndMend writes the manifest, and uploads again what the registry misses.
func (p *push) putAndMend(ctx context.Context) error {
	for n := 0; ; n++ {
		err := p.putManifest(ctx, p.repository, p.reference, p.artifact)
		var status *transport.StatusError
		if !errors.As(err, &status) || !status.Has(codeBlobUnknown, codeManifestInvalid) || n == maxMends {
			return err
		}
		mended, mendErr := p.mend(ctx)
		switch {
		case mendErr != nil:
			return mendErr
		case mended:
			continue
		case status.Has(codeBlobUnknown):
			return &transport.AgainError{Err: err} // it was out of sight for a moment
		}
		return err
	}
}

// mend uploads the blobs of the artifact that the repository does not hold.
func (p *push) mend(ctx context.Context) (mended bool, err error) {
	missing := func(desc ocispec.Descriptor) (bool, error) {
		there, err := p.hasBlob(ctx, p.repository, desc)
		return err == nil && !there, err
	}
	if p.artifact.Config.Digest == "" {
		return false, nil
	}
	config, err := missing(p.artifact.Config.Descriptor)
	if err != nil {
		return false, err
	}
	if config {
		p.blobs.forget(p.repository, p.artifact.Config.Digest)
		if err := p.sendConfig(ctx); err != nil {
			return false, err
		}
	}
	if p.artifact.Layer == nil {
		return config, nil
	}
	layer, err := missing(p.artifact.Layer.Descriptor)
	if err != nil || !layer {
		return config, err
	}
	return true, p.sendLayer(ctx)
}

// isImmutable tells whether a registry refused to change a tag: ECR says 400
// TAG_INVALID "…immutable", Harbor 412 PRECONDITION, for the same digest too.
func isImmutable(e *transport.StatusError) bool {
	if e.Method != http.MethodPut || e.Status < 400 || e.Status >= 500 {
		return false
	}
	return e.Status == http.StatusPreconditionFailed || strings.Contains(strings.ToLower(e.Message()), "immutable")
}
