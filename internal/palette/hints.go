package palette

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

func isInterrupt(err error) bool {
	return errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

// meaning lets errors.Is find what an error of the transport means.
func meaning(err error) error {
	var (
		certificate *transport.CertificateError
		conn        *transport.ConnError
		credentials *transport.CredentialsError
	)
	switch {
	case errors.As(err, &certificate):
		return &meant{registry.ErrCertificate, err}
	case errors.As(err, &conn):
		return &meant{registry.ErrUnreachable, err}
	case errors.As(err, &credentials):
		return &meant{registry.ErrUnauthorized, err}
	}
	return err
}

// meant is an error with a meaning that its text does not repeat.
type meant struct{ what, err error }

func (e *meant) Error() string   { return e.err.Error() }
func (e *meant) Unwrap() []error { return []error{e.what, e.err} }

// hint says what to do about an error, or "" where nothing is known.
func hint(err error) string {
	var (
		api         *APIError
		certificate *transport.CertificateError
		conn        *transport.ConnError
		untrusted   *transport.UntrustedError
	)
	switch {
	case errors.As(err, &untrusted):
		return fmt.Sprintf("if that is the right Palette, add its host to %s in the environment", transport.TrustedHosts)
	case errors.As(err, &certificate):
		return certificateHint(certificate)
	case errors.As(err, &api):
		return statusHint(api)
	case errors.As(err, &conn):
		return connHint(conn)
	case errors.Is(err, errReply):
		return "is endpoint: of palette: the address of Palette's API, such as https://api.spectrocloud.com, and not that of its console or of a login page?"
	}
	return ""
}

func certificateHint(e *transport.CertificateError) string {
	var authority x509.UnknownAuthorityError
	switch {
	case e.Expired():
		return "have the certificate renewed; or set the clock of this machine"
	case errors.As(e.Err, &authority):
		return "if you trust that authority, save its certificate as PEM and add to palette: (or api:) in packs.yaml:  tls: {caFile: ./palette-ca.pem}"
	}
	return "use a name that the certificate is for as endpoint: of palette: in packs.yaml"
}

func connHint(e *transport.ConnError) string {
	switch e.Kind {
	case transport.KindProxy:
		return "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment"
	case transport.KindPlainHTTP, transport.KindTLS:
		return "check https:// or http:// of endpoint: of palette: in packs.yaml"
	case transport.KindClientCert:
		return "set tls: {certFile: …, keyFile: …} of palette: in packs.yaml"
	}
	return "can that host be reached from here? check endpoint: of palette: in packs.yaml"
}

func statusHint(e *APIError) string {
	switch {
	case e.Status < 400:
		return "set endpoint: of palette: in packs.yaml to the address that it redirects to, if that is Palette's API; the API key is not sent after a redirect"
	case e.Status == http.StatusUnauthorized:
		return "the API key is wrong, expired or switched off: make a new one in Palette (user menu, My API Keys) and put it where apiKeyEnv or apiKeyFile of palette: says"
	case e.Status == http.StatusForbidden:
		return "the user of this API key lacks the right: registering and syncing need the role Tenant Admin; docs/palette.md lists the role that each command needs"
	case e.Status == http.StatusConflict:
		return "something of that name is there already: look at `packs palette plan`"
	case e.Status == http.StatusTooManyRequests:
		return "Palette takes 10 requests a second from one address: try again later, or set limits: {requestsPerSecond: 5} of palette: in packs.yaml"
	case e.Instead != "":
		return "what answered is not Palette: check endpoint: of palette: in packs.yaml, and what stands between here and there"
	case e.Status >= http.StatusInternalServerError && e.Ref != "":
		return "Palette has a problem of its own: try again later; its operators find it by the ref"
	case e.Status >= http.StatusInternalServerError:
		return "Palette has a problem of its own: try again later"
	}
	return ""
}
