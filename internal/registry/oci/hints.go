package oci

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/transport"
)

// hint says what to do about an error, or "" where nothing is known.
func (r *Registry) hint(err error) string {
	var (
		login       *transport.LoginError
		credentials *transport.CredentialsError
		certificate *transport.CertificateError
		conn        *transport.ConnError
	)
	switch {
	case errors.As(err, &login):
		return r.loginHint(login)
	case errors.Is(err, transport.ErrExec):
		return "say --allow-exec if you trust this packs.yaml to run programs"
	case errors.As(err, &credentials):
		if r.spec.Credentials == nil {
			return "mend that, or set credentials: {username: …, passwordEnv: …} for " + r.entry()
		}
		return "mend that, or take credentials: out of " + r.entry() + " to use docker's login"
	case errors.As(err, &certificate):
		return r.certificateHint(certificate)
	case errors.As(err, &conn):
		return r.connHint(conn)
	case errors.Is(err, ErrLocation):
		return "the registry does not know its own address: set its external URL (Harbor: external_url; distribution: http.host), or let the proxy before it pass the Host header on"
	}
	return r.statusHint(asStatus(err))
}

// entry names the registry, and its place in packs.yaml where it has one.
func (r *Registry) entry() string {
	if r.spec.Position.Line > 0 {
		return fmt.Sprintf("registry %q in packs.yaml (line %d)", r.spec.Name, r.spec.Position.Line)
	}
	return fmt.Sprintf("registry %q", r.spec.Name)
}

func (r *Registry) loginHint(e *transport.LoginError) string {
	switch {
	case e.Accepted:
		return "the login is right, but may not do this: give it the right to pull and push there"
	case e.Login.Anonymous():
		return fmt.Sprintf("log in with `packs login %s` (or docker login %s), or set credentials: {username: …, passwordEnv: …} for %s", r.spec.Name, r.spec.Host, r.entry())
	case r.spec.Credentials == nil:
		return fmt.Sprintf("log in again with `packs login %s` (or docker login %s)", r.spec.Name, r.spec.Host)
	}
	return "check user and password; a refused login is not sent again, so that the account is not locked"
}

func (r *Registry) certificateHint(e *transport.CertificateError) string {
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	switch {
	case e.Expired():
		return "have the certificate renewed; or set the clock of this machine"
	case errors.As(e.Err, &name):
		return r.nameHint(e)
	case errors.As(e.Err, &authority) && r.spec.TLS != nil && (r.spec.TLS.CAFile != "" || r.spec.TLS.CA != ""):
		return "the authority in tls: of " + r.entry() + " is not the one that signed it: put the certificate of that one there"
	case errors.As(e.Err, &authority):
		return "if you trust that authority, save its certificate as PEM and add to " + r.entry() + ":  tls: {caFile: ./ca.pem}"
	}
	return ""
}

// nameHint says which host to write, where the certificate is for one.
func (r *Registry) nameHint(e *transport.CertificateError) string {
	const otherwise = ", or have a certificate issued for "
	if e.Cert == nil || len(e.Cert.DNSNames) == 0 || strings.Contains(e.Cert.DNSNames[0], "*") {
		return "use a name that the certificate is for as host of " + r.entry() + otherwise + r.spec.Host
	}
	host := e.Cert.DNSNames[0]
	if _, port, err := net.SplitHostPort(r.spec.Host); err == nil {
		host = net.JoinHostPort(host, port)
	}
	return "if that is the same registry, write to " + r.entry() + ":  host: " + host + otherwise + r.spec.Host
}

func (r *Registry) connHint(e *transport.ConnError) string {
	switch e.Kind {
	case transport.KindRefused, transport.KindTimeout, transport.KindNoHost:
		return "is the registry running, and can it be reached from here? check host of " + r.entry()
	case transport.KindPlainHTTP:
		return "if that is the right port and the registry really speaks plain HTTP, set plainHTTP: true for " + r.entry()
	case transport.KindTLS:
		return "set plainHTTP: false for " + r.entry()
	case transport.KindClientCert:
		return "set tls: {certFile: …, keyFile: …} for " + r.entry() + " to a certificate that the registry knows"
	case transport.KindProxy:
		return "check HTTPS_PROXY, HTTP_PROXY and NO_PROXY in the environment"
	case transport.KindBroken:
		if !r.spec.PlainHTTP && (r.spec.TLS == nil || r.spec.TLS.CertFile == "") {
			return "if the registry wants a client certificate, set tls: {certFile: …, keyFile: …} for " + r.entry()
		}
	}
	return ""
}

func (r *Registry) statusHint(e *transport.StatusError) string {
	switch {
	case e == nil:
		return ""
	case isImmutable(e):
		return "publish the change under a new version"
	case e.Has(codeNameUnknown) && e.Method != http.MethodGet && e.Method != http.MethodHead:
		return "the registry does not make repositories by itself: create it first"
	case e.Method == http.MethodPut && e.Has(codeManifestInvalid) && r.spec.Artifact.Shape == string(artifact.Shape11):
		return "the registry may not know artifactType: artifact: {shape: oras-1.0} does without, in " + r.entry()
	case r.client.TooLong(e):
		return fmt.Sprintf("try again after that time, or have it waited for: --max-retry-after %v", e.RetryAfter)
	}
	switch e.Status {
	case http.StatusForbidden:
		return "give " + r.client.Who().String() + " the right to pull and push there"
	case http.StatusRequestEntityTooLarge:
		return "the registry, or a proxy before it, takes nothing that large: raise its limit (nginx: client_max_body_size)"
	case http.StatusUnsupportedMediaType:
		return "the registry does not take this type of manifest; artifact: {shape: oras-1.0} is what most take"
	case http.StatusMethodNotAllowed:
		return "is the registry read-only?"
	case http.StatusTooManyRequests:
		return "try again later, or ask for less at once: set limits: {concurrency: …, requestsPerSecond: …} for " + r.entry()
	case http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return "it redirects writes: use the address that it redirects to as host of " + r.entry()
	}
	if e.Temporary() {
		return "the registry, or a proxy before it, has a problem of its own: see its log, or try again later"
	}
	return ""
}
