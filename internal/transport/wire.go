package transport

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
)

// The alerts by which servers ask for a client certificate (RFC 8446, 6.2).
const (
	alertHandshakeFailure   = 40
	alertBadCertificate     = 42
	alertUnknownCA          = 48
	alertCertificateMissing = 116
)

// alertText says what a server means by a TLS alert.
func (c *Client) alertText(alert tls.AlertError) string {
	ours := len(c.transport.TLSClientConfig.Certificates) > 0
	switch uint8(alert) {
	case alertCertificateMissing, alertBadCertificate, alertUnknownCA, alertHandshakeFailure:
		if ours {
			return "does not accept the client certificate: " + alert.Error()
		}
		return "wants a client certificate"
	}
	return "refused the TLS connection: " + alert.Error()
}

// tlsRecord tells whether a server answered plain HTTP with a TLS record.
// net/http has no type for that, only the text with the bytes that it got.
func tlsRecord(err error) bool {
	return strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`)
}

// isTLSTimeout tells whether a handshake took too long; net/http has no
// exported type for that.
func isTLSTimeout(err error) bool {
	var t net.Error
	return errors.As(err, &t) && t.Timeout() && strings.Contains(err.Error(), "TLS handshake timeout")
}

// broken tells whether the other side ended the connection.
func broken(err error) bool {
	for _, target := range []error{io.EOF, io.ErrUnexpectedEOF, syscall.ECONNRESET, syscall.ECONNABORTED, syscall.EPIPE, net.ErrClosed} {
		if errors.Is(err, target) {
			return true
		}
	}
	var t net.Error
	return errors.As(err, &t) && t.Timeout()
}
