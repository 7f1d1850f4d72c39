package transport

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
)

// tlsAlert is the operation that crypto/tls names where the other side ended
// the handshake with an alert. The alert itself has no exported type.
const tlsAlert = "remote error"

// alertText says what a server means by a TLS alert (RFC 8446, 6.2). Those
// about certificates, and a handshake failure, ask for ours.
func (c *Client) alertText(alert string) string {
	alert = strings.TrimPrefix(alert, "tls: ")
	switch {
	case !strings.Contains(alert, "certificate") && !strings.Contains(alert, "handshake failure"):
		return "refused the TLS connection: " + alert
	case len(c.transport.TLSClientConfig.Certificates) > 0:
		return "does not accept the client certificate: " + alert
	}
	return "wants a client certificate (" + alert + ")"
}

// tlsRecord tells whether a server answered plain HTTP with a TLS record.
// net/http has no type for that, only the text with the bytes that it got.
func tlsRecord(err error) bool {
	return strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`)
}

// The words in which servers answer plain HTTP at a port for HTTPS: those of
// Go, with them distribution and zot, and those of nginx, with it Harbor.
var tlsPort = [][]byte{
	[]byte("Client sent an HTTP request to an HTTPS server"),
	[]byte("The plain HTTP request was sent to HTTPS port"),
}

// wantsTLS tells whether a reply to plain HTTP says that the port is for HTTPS.
// The reply can be read afterwards as before.
func wantsTLS(resp *http.Response) bool {
	if resp.StatusCode != http.StatusBadRequest || resp.Request.URL.Scheme != "http" {
		return false
	}
	head, err := io.ReadAll(io.LimitReader(resp.Body, maxRest))
	rest := io.MultiReader(bytes.NewReader(head), resp.Body)
	if err != nil {
		rest = io.MultiReader(bytes.NewReader(head), failing{err})
	}
	resp.Body = &rewound{Reader: rest, Closer: resp.Body}
	for _, words := range tlsPort {
		if bytes.Contains(head, words) {
			return true
		}
	}
	return false
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
	if errors.As(err, &t) && t.Timeout() {
		return true
	}
	// net/http has no types for the ends of HTTP/2 connections, and for servers
	// that speak before they are asked.
	text := err.Error()
	return strings.HasPrefix(text, "http2: client conn") || strings.Contains(text, "GOAWAY") || strings.HasPrefix(text, "readLoopPeekFailLocked")
}
