package transport

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// StatusError is a reply that is no success, with what the server says about it.
type StatusError struct {
	Method     string
	Host       string // who answered: behind a redirect another one than was asked
	Path       string
	Status     int
	Errors     []ServerError // in the form of the OCI distribution specification; may be empty
	Text       string        // the message where the reply has another form; may be empty
	RetryAfter time.Duration // 0: not said
}

// ServerError is one error in the words of a registry. They are hostile input:
// shortened, without control characters and without our secrets.
type ServerError struct {
	Code    string // "MANIFEST_UNKNOWN"
	Message string
	Detail  string // as JSON; may be empty
	Ref     string // by which the server's operators find it; only some servers tell
}

// Error returns the status and the server's own words.
func (e *StatusError) Error() string {
	s := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	if msg := e.Message(); msg != "" {
		s += ": registry responded: " + msg
	}
	if e.RetryAfter > 0 {
		s += fmt.Sprintf(" (it wants to be left alone for %v)", e.RetryAfter)
	}
	return s
}

// Message returns what the server said, or "".
func (e *StatusError) Message() string {
	parts := make([]string, 0, len(e.Errors))
	for _, s := range e.Errors {
		switch {
		case s.Message == "":
			parts = append(parts, s.Code)
		case s.Code == "":
			parts = append(parts, s.Message)
		default:
			parts = append(parts, s.Code+": "+s.Message)
		}
	}
	if len(parts) == 0 {
		return e.Text
	}
	return strings.Join(parts, "; ")
}

// Has tells whether the server named one of these error codes.
func (e *StatusError) Has(codes ...string) bool {
	for _, s := range e.Errors {
		for _, code := range codes {
			if s.Code == code {
				return true
			}
		}
	}
	return false
}

// Temporary tells whether the same request may succeed later.
func (e *StatusError) Temporary() bool { return temporary(e.Status) }

func temporary(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests:
		return true
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return false
	}
	return status >= 500
}

const (
	maxErrorBody    = 64 << 10
	maxErrorMessage = 500 // runes
	maxErrors       = 5
)

// StatusError reads a reply that is no success, and closes it.
func (c *Client) StatusError(resp *http.Response) *StatusError {
	defer Drain(resp)
	e := &StatusError{
		Method: resp.Request.Method, Host: resp.Request.URL.Host, Path: resp.Request.URL.Path,
		Status: resp.StatusCode, RetryAfter: retryAfter(resp.Header, c.cfg.Clock.Now()),
	}
	clean := c.cleaner(resp)
	if location, err := resp.Location(); err == nil && resp.StatusCode < 400 {
		e.Text = clean("redirects to " + location.Scheme + "://" + location.Host) // no more: a query may be signed
		return e
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxErrorBody))
	if err != nil {
		return e // the status says enough
	}
	e.Errors = parseErrors(body, clean)
	if len(e.Errors) == 0 && strings.HasPrefix(resp.Header.Get("Content-Type"), "text/plain") {
		e.Text = clean(string(body))
	}
	return e
}

// parseErrors reads {"errors":[…]} and the single error that some registries
// send instead.
func parseErrors(body []byte, clean func(string) string) []ServerError {
	type entry struct {
		Code    string          `json:"code"`
		Message string          `json:"message"`
		Detail  json.RawMessage `json:"detail"`
		Ref     string          `json:"ref"`
	}
	var reply struct {
		Errors  []entry `json:"errors"`
		Code    string  `json:"code"`
		Message string  `json:"message"`
		Ref     string  `json:"ref"`
	}
	if !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) || json.Unmarshal(body, &reply) != nil {
		return nil
	}
	if len(reply.Errors) == 0 && (reply.Code != "" || reply.Message != "") {
		reply.Errors = []entry{{Code: reply.Code, Message: reply.Message, Ref: reply.Ref}}
	}
	var out []ServerError
	for i := range reply.Errors[:min(len(reply.Errors), maxErrors)] {
		r := &reply.Errors[i]
		detail := string(r.Detail)
		if detail == "null" {
			detail = ""
		}
		out = append(out, ServerError{Code: clean(r.Code), Message: clean(r.Message), Detail: clean(detail), Ref: clean(r.Ref)})
	}
	return out
}

// printable makes one line of a text, without control or formatting characters,
// and not too long.
func printable(s string) string {
	var b strings.Builder
	n, space := 0, false
	for _, r := range s {
		if unicode.IsSpace(r) {
			space = b.Len() > 0
			continue
		}
		if r == utf8.RuneError || !unicode.IsPrint(r) {
			continue
		}
		if n >= maxErrorMessage {
			b.WriteString("…")
			break
		}
		if space {
			b.WriteByte(' ')
			n++
		}
		space = false
		b.WriteRune(r)
		n++
	}
	return b.String()
}

// Drain closes a reply of Do whose body does not matter.
func Drain(resp *http.Response) { _ = resp.Body.Close() }
