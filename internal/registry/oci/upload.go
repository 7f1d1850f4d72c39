package oci

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/opencontainers/go-digest"
	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// upload is one blob on its way into a repository.
type upload struct {
	repository string
	blob       artifact.Blob
	from       string        // a repository to mount it from; may be empty
	sent       func(n int64) // is told of bytes
	doubt      bool          // an earlier try may have got through without our knowing
}

// upload sends a blob: POST for a session and one PUT, each time anew from the
// start, since a session that failed is lost in most registries.
func (r *Registry) upload(ctx context.Context, u *upload) error {
	return r.client.Retry(ctx, onceMore(func(ctx context.Context) error {
		if u.doubt {
			there, err := r.hasBlob(ctx, u.repository, u.blob.Descriptor)
			if there || interrupted(err) {
				return err
			} // a registry that cannot tell gets it again
		}
		session, err := r.startUpload(ctx, u)
		if err != nil || session == nil {
			return err
		}
		err = r.finishUpload(ctx, u, session)
		u.doubt = interrupted(err) || errors.Is(err, registry.ErrDigest)
		return err
	}))
}

// interrupted tells whether an error leaves open what the registry did.
func interrupted(err error) bool {
	var conn *transport.ConnError
	if errors.As(err, &conn) {
		return true
	}
	var status *transport.StatusError
	return errors.As(err, &status) && status.Status >= http.StatusInternalServerError
}

// startUpload opens an upload session. It returns no session where the registry
// took the blob from another repository.
func (r *Registry) startUpload(ctx context.Context, u *upload) (session *url.URL, err error) {
	req := r.request(http.MethodPost, u.repository, "/blobs/uploads/")
	if u.from != "" {
		req.URL.RawQuery = url.Values{"mount": {u.blob.Digest.String()}, "from": {u.from}}.Encode()
		if u.from != u.repository && r.client.Bearer() {
			req.Scope += " repository:" + u.from + ":pull"
		}
	}
	session, err = r.askSession(ctx, req, u)
	if err != nil && u.from != "" && !interrupted(err) && ctx.Err() == nil {
		u.from = "" // mounting is an optimisation: what it is refused for does not matter
		return r.startUpload(ctx, u)
	}
	return session, err
}

// askSession sends the POST and reads the reply.
func (r *Registry) askSession(ctx context.Context, req transport.Request, u *upload) (*url.URL, error) {
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // its body says nothing
	switch {
	case resp.StatusCode == http.StatusCreated && u.from != "":
		return nil, nil //nolint:nilnil // mounted: there is no session
	case resp.StatusCode != http.StatusAccepted:
		return nil, r.client.StatusError(resp)
	}
	return uploadURL(r.url(u.repository, "", nil), resp.Header.Get("Location"))
}

// ErrLocation tells that a registry named an upload address on another host,
// which must not get the login.
var ErrLocation = errors.New("the registry wants the upload at another address")

// uploadURL turns the Location of an upload session into an address. Only its
// path and query are taken: scheme and host stay those that packs.yaml says,
// also where a proxy in between made the registry believe that it is plain HTTP.
func uploadURL(base *url.URL, location string) (*url.URL, error) {
	if location == "" {
		return nil, fmt.Errorf("%w: it names none", ErrLocation)
	}
	u, err := base.Parse(location)
	if err != nil {
		return nil, fmt.Errorf("%w: it cannot be read", ErrLocation) // its query may hold a signature
	}
	if !sameAddress(base, u) {
		return nil, fmt.Errorf("%w: %s instead of %s", ErrLocation, u.Scheme+"://"+u.Host, base.Scheme+"://"+base.Host)
	}
	out := *base
	out.Path, out.RawPath, out.RawQuery = u.Path, u.RawPath, u.RawQuery
	return &out, nil
}

// sameAddress tells whether a location is at the host that was asked. Its scheme
// does not matter: registries behind a proxy that ends TLS often name the wrong
// one. Without a port it means the usual one.
func sameAddress(base, location *url.URL) bool {
	usual := "443"
	if base.Scheme == "http" {
		usual = "80"
	}
	return strings.EqualFold(base.Hostname(), location.Hostname()) &&
		cmp.Or(base.Port(), usual) == cmp.Or(location.Port(), usual)
}

// finishUpload sends the whole blob.
func (r *Registry) finishUpload(ctx context.Context, u *upload, session *url.URL) error {
	req := r.request(http.MethodPut, u.repository, "")
	req.URL = withDigest(session, u.blob.Digest)
	req.Header.Set("Content-Type", "application/octet-stream")
	req.Size = u.blob.Size
	req.Body = func() (io.ReadCloser, error) {
		rc, err := u.blob.Open()
		if err != nil {
			return nil, err
		}
		return &counted{ReadCloser: rc, sent: u.sent}, nil
	}
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // its body says nothing
	switch resp.StatusCode {
	case http.StatusCreated, http.StatusOK, http.StatusNoContent:
	default:
		return sessionError(r.client.StatusError(resp))
	}
	if header := resp.Header.Get(headerDigest); header != "" && header != u.blob.Digest.String() {
		return fmt.Errorf("what the registry stored is not what was sent: %w: it says %.100q", registry.ErrDigest, header)
	}
	return nil
}

// withDigest adds the digest to an upload address and leaves the rest of the
// query as the registry wrote it: it may be signed.
func withDigest(session *url.URL, d digest.Digest) *url.URL {
	u := *session
	if u.RawQuery != "" {
		u.RawQuery += "&"
	}
	u.RawQuery += "digest=" + url.QueryEscape(d.String())
	return &u
}

// sessionError marks refusals of the PUT that a new session may mend: the
// session is lost (each registry has its own words), or the bytes were damaged
// on the way.
func sessionError(e *transport.StatusError) error {
	lost := e.Status == http.StatusNotFound && !e.Has(codeNameUnknown) || e.Status == http.StatusRequestedRangeNotSatisfiable
	if lost || e.Has(errcode.ErrorCodeBlobUploadUnknown, errcode.ErrorCodeBlobUploadInvalid, errcode.ErrorCodeDigestInvalid, errcode.ErrorCodeSizeInvalid) {
		return &transport.AgainError{Err: e}
	}
	return e
}

// counted tells how many bytes were read.
type counted struct {
	io.ReadCloser
	sent func(n int64)
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	if n > 0 {
		c.sent(int64(n))
	}
	return n, err
}
