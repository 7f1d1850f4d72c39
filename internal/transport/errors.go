package transport

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
	"time"
)

// ConnKind says why no reply could be had.
type ConnKind int

// The kinds of *ConnError.
const (
	KindRefused    ConnKind = iota + 1 // nobody listens there
	KindNoHost                         // the name is not known
	KindTimeout                        // no connection in time
	KindStalled                        // connected, then nothing moved
	KindBroken                         // the connection ended too early
	KindPlainHTTP                      // asked by HTTPS, answered in plain HTTP
	KindTLS                            // asked in plain HTTP, wants HTTPS
	KindClientCert                     // wants a client certificate, or refused ours
	KindProxy                          // the proxy did not lead on
	KindRedirect                       // led to where one must not go
	KindRealm                          // names a token server that must not get the login
	KindOther
)

// ConnError tells that a host could not be reached, or did not answer in HTTP.
type ConnError struct {
	Host   string // HOST[:PORT]
	Kind   ConnKind
	Detail string // completes the message where the kind alone does not say it
	Err    error  // the cause; its text is for logs
}

// Error returns a sentence without the words of the Go library.
func (e *ConnError) Error() string {
	switch e.Kind {
	case KindRefused:
		return "connection refused by " + e.Host
	case KindNoHost:
		if e.Detail != "" {
			return e.Host + " " + e.Detail
		}
		return "no such host: " + e.Host
	case KindTimeout:
		return "no connection to " + e.Host + " in time"
	case KindStalled:
		return e.Host + " did not answer or take anything for too long"
	case KindBroken:
		return e.Host + " closed the connection before the end" + e.Detail
	case KindPlainHTTP:
		if e.Detail != "" {
			return e.Host + " " + e.Detail
		}
		return e.Host + " answered in plain HTTP, not HTTPS"
	case KindTLS:
		return e.Host + " wants HTTPS, not plain HTTP"
	case KindClientCert:
		return e.Host + " " + e.Detail
	case KindProxy:
		return "no way to " + e.Host + ": " + e.Detail
	case KindRedirect, KindRealm:
		return e.Host + " " + e.Detail
	}
	return fmt.Sprintf("request to %s: %v", e.Host, e.Err)
}

// Unwrap returns the cause.
func (e *ConnError) Unwrap() error { return e.Err }

// verdict says whether to try again.
func (e *ConnError) verdict() verdict {
	switch e.Kind {
	case KindRefused, KindTimeout:
		return unreachable
	case KindNoHost:
		var dns *net.DNSError
		if errors.As(e.Err, &dns) && !dns.IsNotFound {
			return unreachable
		}
		return lost
	case KindStalled:
		return stalled
	case KindProxy:
		var proxy *proxyError
		if errors.As(e.Err, &proxy) && proxy.final {
			return permanent // a wrong login to the proxy, too
		}
		return unreachable
	case KindBroken, KindOther:
		return transient
	}
	return permanent
}

// CertificateError tells why the certificate of a host is not trusted.
type CertificateError struct {
	Host string
	Cert *x509.Certificate // of the host, or the expired one of its chain; may be nil
	Err  error             // of crypto/x509
}

// Error says who the certificate is for and by whom, and what is wrong with it.
func (e *CertificateError) Error() string {
	if e.Cert == nil {
		return fmt.Sprintf("certificate of %s: %v", e.Host, e.Err)
	}
	subject, issuer := e.Cert.Subject.String(), e.Cert.Issuer.String()
	var name x509.HostnameError
	var authority x509.UnknownAuthorityError
	switch {
	case errors.As(e.Err, &name):
		return fmt.Sprintf("certificate of %s is for another name: it is valid for %s (issued to %s by %s, valid %s)", e.Host, names(e.Cert), subject, issuer, period(e.Cert))
	case errors.As(e.Err, &authority):
		return fmt.Sprintf("certificate of %s is signed by an authority that is not trusted: %s (issued to %s, valid %s)", e.Host, issuer, subject, period(e.Cert))
	case e.Expired():
		return fmt.Sprintf("certificate of %s is not valid now: it is valid %s (issued to %s by %s)", e.Host, period(e.Cert), subject, issuer)
	}
	return fmt.Sprintf("certificate of %s (issued to %s by %s, valid %s): %v", e.Host, subject, issuer, period(e.Cert), e.Err)
}

// Expired tells whether the certificate is too old, or not valid yet.
func (e *CertificateError) Expired() bool {
	var invalid x509.CertificateInvalidError
	return errors.As(e.Err, &invalid) && invalid.Reason == x509.Expired
}

// Unwrap returns the cause.
func (e *CertificateError) Unwrap() error { return e.Err }

func period(c *x509.Certificate) string {
	return "from " + c.NotBefore.UTC().Format(time.DateOnly) + " to " + c.NotAfter.UTC().Format(time.DateOnly)
}

func names(c *x509.Certificate) string {
	const most = 5
	all := append([]string{}, c.DNSNames...)
	for _, ip := range c.IPAddresses {
		all = append(all, ip.String())
	}
	switch {
	case len(all) == 0:
		return "no host name at all"
	case len(all) > most:
		return strings.Join(all[:most], ", ") + ", …"
	}
	return strings.Join(all, ", ")
}

// BodyError tells that what was to be sent could not be read.
type BodyError struct{ Err error }

// Error says so.
func (e *BodyError) Error() string { return fmt.Sprintf("read what is to be sent: %v", e.Err) }

// Unwrap returns the cause.
func (e *BodyError) Unwrap() error { return e.Err }

func withoutURL(err error) error {
	var u *url.Error // its text holds the whole address, with the signatures of storage services
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// explain turns an error of net/http into one that says what is the matter.
// parent is the context of the caller.
func (c *Client) explain(parent context.Context, req *http.Request, err error) error {
	if parent.Err() != nil {
		return context.Cause(parent)
	}
	var body *BodyError
	if errors.As(err, &body) {
		return body
	}
	err = withoutURL(err)
	host := req.URL.Host
	var cert *tls.CertificateVerificationError
	if errors.As(err, &cert) {
		return certificateError(host, cert)
	}
	if errors.Is(context.Cause(req.Context()), errStalled) {
		return &ConnError{Host: host, Kind: KindStalled, Err: errStalled}
	}
	return c.connError(host, err)
}

func certificateError(host string, err *tls.CertificateVerificationError) *CertificateError {
	e := &CertificateError{Host: host, Err: err.Err}
	if len(err.UnverifiedCertificates) > 0 {
		e.Cert = err.UnverifiedCertificates[0]
	}
	var invalid x509.CertificateInvalidError
	if errors.As(err.Err, &invalid) && invalid.Cert != nil {
		e.Cert = invalid.Cert
	}
	return e
}

func (c *Client) connError(host string, err error) *ConnError {
	e := &ConnError{Host: host, Kind: KindOther, Err: err}
	var (
		proxy *proxyError
		op    *net.OpError
		dns   *net.DNSError
		rec   tls.RecordHeaderError
	)
	switch {
	case errors.As(err, &proxy):
		e.Kind, e.Detail = KindProxy, proxy.Error()
	case errors.As(err, &op) && op.Op == "proxyconnect":
		e.Kind, e.Detail = KindProxy, "the proxy cannot be reached"
	case errors.Is(err, errTooManyRedirects), errors.Is(err, errDowngrade):
		e.Kind, e.Detail = KindRedirect, err.Error()
	case errors.Is(err, http.ErrSchemeMismatch):
		e.Kind = KindPlainHTTP
	case errors.As(err, &rec):
		e.Kind, e.Detail = KindPlainHTTP, "does not speak HTTPS"
	case errors.As(err, &op) && op.Op == tlsAlert:
		e.Kind, e.Detail = KindClientCert, c.alertText(op.Err.Error())
	case errors.As(err, &dns):
		e.Kind = KindNoHost
		if !dns.IsNotFound {
			e.Detail = "cannot be looked up: the name servers do not answer"
		}
	case errors.Is(err, syscall.ECONNREFUSED):
		e.Kind = KindRefused
	case errors.As(err, &op) && op.Op == "dial" && op.Timeout(), isTLSTimeout(err):
		e.Kind = KindTimeout
	case tlsRecord(err):
		e.Kind = KindTLS
	case broken(err):
		e.Kind = KindBroken
		if c.asked.Load() { // it may want one, or not mind: the alert that would tell can be lost with the connection
			e.Detail = "; it had asked for a client certificate"
		}
	}
	return e
}
