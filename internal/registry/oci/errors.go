package oci

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"oras.land/oras-go/v2/registry/remote/errcode"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// Error codes of the OCI distribution specification.
const (
	codeNameUnknown     = errcode.ErrorCodeNameUnknown
	codeBlobUnknown     = errcode.ErrorCodeManifestBlobUnknown
	codeManifestInvalid = errcode.ErrorCodeManifestInvalid
)

// causeError gives an error a meaning that errors.Is finds, without repeating
// it in the text.
type causeError struct {
	meaning error // of package registry
	err     error
}

func (e *causeError) Error() string   { return e.err.Error() }
func (e *causeError) Unwrap() []error { return []error{e.meaning, e.err} }

// fail makes the error of an operation: what was asked of what, why it failed,
// what it means and what to do. nil stays nil.
func (r *Registry) fail(op, repository, reference string, err error) error {
	return r.Explain(op, r.ref(repository, reference), err)
}

// Explain makes the error of something that the registry's server was asked
// beyond the OCI protocol, as fail does. ref names what it was asked of.
func (r *Registry) Explain(op, ref string, err error) error {
	var done *registry.Error
	if err == nil || errors.As(err, &done) {
		return err
	}
	err = classify(err)
	return &registry.Error{Op: op, Ref: ref, Err: err, Hint: r.hint(err)}
}

// classify finds out what an error of the transport means.
func classify(err error) error {
	if meaning := meaningOf(err); meaning != nil && !errors.Is(err, meaning) {
		return &causeError{meaning: meaning, err: err}
	}
	return err
}

func meaningOf(err error) error {
	var (
		login       *transport.LoginError
		credentials *transport.CredentialsError
		certificate *transport.CertificateError
		conn        *transport.ConnError
	)
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return nil
	case errors.As(err, &login):
		if login.Accepted {
			return registry.ErrDenied
		}
		return registry.ErrUnauthorized
	case errors.As(err, &credentials):
		return registry.ErrUnauthorized
	case errors.As(err, &certificate):
		return registry.ErrCertificate
	case errors.As(err, &conn):
		if conn.Kind == transport.KindClientCert || conn.Kind == transport.KindRealm {
			return registry.ErrUnauthorized
		}
		return registry.ErrUnreachable
	}
	return meaningOfStatus(asStatus(err))
}

func asStatus(err error) *transport.StatusError {
	var status *transport.StatusError
	if errors.As(err, &status) {
		return status
	}
	return nil
}

// errNoRepository is both: the tag is not there because its repository is not.
var errNoRepository = fmt.Errorf("%w: %w", registry.ErrNotFound, registry.ErrNoRepository)

func meaningOfStatus(e *transport.StatusError) error {
	switch {
	case e == nil:
		return nil
	case isImmutable(e):
		return registry.ErrImmutable
	case e.Has(errcode.ErrorCodeDigestInvalid, errcode.ErrorCodeSizeInvalid):
		return registry.ErrDigest
	case e.Status == http.StatusNotFound && e.Has(codeNameUnknown):
		return errNoRepository
	case e.Status == http.StatusNotFound:
		return registry.ErrNotFound
	case e.Status == http.StatusUnauthorized:
		return registry.ErrUnauthorized
	case e.Status == http.StatusForbidden:
		return registry.ErrDenied
	}
	return nil
}
