package palette

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// APIError is a refusal of Palette, in its own words: cleaned, and without our
// secrets.
type APIError struct {
	Status             int
	Code, Message, Ref string // as Palette names them; empty where the reply is none of Palette's
	Instead            string // what the reply holds where it is none of Palette's

	temporary *transport.StatusError // nil: asking again is no use
}

// Error returns the status and what Palette says.
func (e *APIError) Error() string {
	s := fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status))
	var said []string
	for _, part := range []string{e.Code, e.Message} {
		if part != "" {
			said = append(said, part)
		}
	}
	switch {
	case len(said) > 0:
		s += ": Palette responded: " + strings.Join(said, ": ")
	case e.Instead != "":
		s += ", with " + e.Instead + " where Palette's API answers JSON"
	}
	if e.Ref != "" {
		s += " (ref " + e.Ref + ")"
	}
	return s
}

// Unwrap returns what package transport tries again for, or nil.
func (e *APIError) Unwrap() error {
	if e.temporary == nil {
		return nil
	}
	return e.temporary
}

// Is gives a status the meaning that it has for registries.
func (e *APIError) Is(target error) bool {
	switch e.Status {
	case http.StatusUnauthorized:
		return target == registry.ErrUnauthorized
	case http.StatusForbidden:
		return target == registry.ErrDenied
	case http.StatusNotFound:
		return target == registry.ErrNotFound
	}
	return false
}

// refusal reads a reply that is no success, and closes it.
func (c *Client) refusal(resp *http.Response) error {
	kind := c.kindOf(resp)
	s := c.http.StatusError(resp)
	e := &APIError{Status: s.Status}
	switch {
	case s.Status < 400:
		e.Instead = s.Text // where it redirects to
	case len(s.Errors) > 0:
		e.Code, e.Message, e.Ref = s.Errors[0].Code, s.Errors[0].Message, s.Errors[0].Ref
	default:
		e.Instead = kind
	}
	// Once more helps with these. The vendor's client repeats the same, but does
	// not read Retry-After; a 500 repeats itself.
	if s.Status == http.StatusTooManyRequests || s.Status >= http.StatusBadGateway {
		e.temporary = s
		return &transport.AgainError{Err: e}
	}
	return e
}

// fail makes the error of an operation: what was asked, why it failed and what
// to do. nil stays nil.
func (c *Client) fail(op string, err error) error {
	var done *registry.Error
	if err == nil || errors.As(err, &done) || isInterrupt(err) {
		return err
	}
	return &registry.Error{Op: op, Ref: c.host, Err: meaning(err), Hint: hint(err)}
}
