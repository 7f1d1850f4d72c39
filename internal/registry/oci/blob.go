package oci

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

// Blob opens a blob. See registry.Registry. Where the connection ends in the
// middle of it, the reader goes on with another one.
func (r *Registry) Blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error) {
	const op = "read blob"
	if err := desc.Digest.Validate(); err != nil {
		return nil, &registry.Error{Op: op, Ref: r.ref(repository, ""), Err: fmt.Errorf("%w: digest %.100q: %w", registry.ErrCorrupt, string(desc.Digest), err)}
	}
	var body io.ReadCloser
	err := r.client.Retry(ctx, func(ctx context.Context) (err error) {
		body, err = r.getBlob(ctx, repository, desc, 0)
		return err
	})
	if err != nil {
		return nil, r.fail(op, repository, desc.Digest.String(), err)
	}
	return &verified{
		rc: &resumed{registry: r, ctx: ctx, repository: repository, desc: desc, body: body}, left: desc.Size, verifier: desc.Digest.Verifier(),
		fail: func(err error) error { return r.fail(op, repository, desc.Digest.String(), err) },
	}, nil
}

// getBlob asks for a blob from a position on, and returns what follows it.
func (r *Registry) getBlob(ctx context.Context, repository string, desc ocispec.Descriptor, from int64) (io.ReadCloser, error) {
	req := r.request(http.MethodGet, repository, "/blobs/"+desc.Digest.String())
	if from > 0 {
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", from))
	}
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	want := desc.Size
	switch {
	case resp.StatusCode == http.StatusPartialContent && from > 0:
		want -= from
		if !strings.HasPrefix(resp.Header.Get("Content-Range"), fmt.Sprintf("bytes %d-", from)) {
			_ = resp.Body.Close() // nothing of it is used
			return nil, fmt.Errorf("%w: it sends another part than was asked for", registry.ErrDigest)
		}
		from = 0
	case resp.StatusCode != http.StatusOK:
		return nil, r.client.StatusError(resp)
	}
	if resp.ContentLength >= 0 && resp.ContentLength != want {
		_ = resp.Body.Close() // nothing of it is used
		return nil, fmt.Errorf("%w: it has %d bytes, %d are expected", registry.ErrDigest, resp.ContentLength, want)
	}
	if _, err := io.CopyN(io.Discard, resp.Body, from); err != nil { // it knows no ranges
		_ = resp.Body.Close()
		return nil, err
	}
	return resp.Body, nil
}

// hasBlob asks whether a repository holds a blob in full.
func (r *Registry) hasBlob(ctx context.Context, repository string, desc ocispec.Descriptor) (bool, error) {
	there, size, err := r.exists(ctx, r.request(http.MethodHead, repository, "/blobs/"+desc.Digest.String()))
	if err != nil || !there {
		return false, err
	}
	return size < 0 || size == desc.Size, nil
}

// verified is a blob that fails at its end unless it is what it should be.
type verified struct {
	rc       io.ReadCloser
	left     int64
	verifier digest.Verifier
	fail     func(error) error
	err      error // sticky
}

func (v *verified) Read(p []byte) (int, error) {
	if v.err != nil {
		return 0, v.err
	}
	n, err := v.rc.Read(p)
	v.left -= int64(n)
	if v.left < 0 {
		v.err = v.fail(fmt.Errorf("%w: it is longer than announced", registry.ErrDigest))
		return 0, v.err
	}
	_, _ = v.verifier.Write(p[:n]) // a hash takes everything
	switch {
	case err == nil:
		return n, nil
	case !errors.Is(err, io.EOF):
		v.err = v.fail(err)
	case v.left > 0:
		v.err = v.fail(fmt.Errorf("%w: %d bytes of it are missing", registry.ErrDigest, v.left))
	case !v.verifier.Verified():
		v.err = v.fail(registry.ErrDigest)
	default:
		v.err = io.EOF
	}
	return n, v.err
}

func (v *verified) Close() error { return v.rc.Close() }
