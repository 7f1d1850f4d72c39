package pack

import (
	"errors"
	"fmt"
	"strings"
)

// Causes that callers test for with errors.Is.
var (
	ErrChanged     = errors.New("changed while it was read")
	ErrUnsupported = errors.New("cannot be part of a pack")
	ErrTooLarge    = errors.New("larger than the limit")
	ErrArchive     = errors.New("not a pack archive") // cannot be read as one, or is hostile
)

// MetaError is something wrong with a pack.json.
type MetaError struct {
	File         string // path of the pack.json, or ARCHIVE/pack.json
	Line, Column int    // from 1; 0 where the file as a whole is meant
	Message      string
	Hint         string // what to do; may be empty
	Err          error  // the cause; may be nil
}

// Error returns FILE:LINE:COLUMN: MESSAGE (HINT).
func (e *MetaError) Error() string {
	var b strings.Builder
	b.WriteString(e.File)
	if e.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", e.Line, e.Column)
	}
	b.WriteString(": " + e.Message)
	if e.Hint != "" {
		b.WriteString(" (" + e.Hint + ")")
	}
	return b.String()
}

// Unwrap returns the cause.
func (e *MetaError) Unwrap() error { return e.Err }
