package manifest

import (
	"errors"
	"fmt"
	"strings"
)

// Problem is one mistake, or one remark, at a place in a file.
type Problem struct {
	File         string // packs.yaml as the user named it; of a pack, joined to the folder of that
	Line, Column int    // from 1; 0 means unknown
	Message      string // what is wrong, without the place
	Hint         string // what to do; may be empty
	Err          error  // the cause, for errors.Is and errors.As; may be nil
}

// Error returns FILE:LINE:COLUMN: MESSAGE (HINT).
func (p Problem) Error() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, max(p.Column, 1))
	}
	b.WriteString(": ")
	b.WriteString(p.Message)
	if p.Hint != "" {
		fmt.Fprintf(&b, " (%s)", p.Hint)
	}
	return b.String()
}

// Unwrap returns the cause.
func (p Problem) Unwrap() error { return p.Err }

// InvalidError is every mistake of a packs.yaml and of the packs it names:
// first packs.yaml, then packs by path, each in the order of lines.
type InvalidError struct {
	Problems []Problem
}

// Error returns the problems, one a line.
func (e *InvalidError) Error() string {
	lines := make([]string, len(e.Problems))
	for i, p := range e.Problems {
		lines[i] = p.Error()
	}
	return strings.Join(lines, "\n")
}

// Unwrap returns the problems, for errors.Is and errors.As.
func (e *InvalidError) Unwrap() []error {
	errs := make([]error, len(e.Problems))
	for i, p := range e.Problems {
		errs[i] = p
	}
	return errs
}

// Causes that callers can test for with errors.Is.
var (
	ErrNotFound      = errors.New("not found")             // a file, folder or glob that matches nothing
	ErrDuplicatePack = errors.New("duplicate pack")        // one NAME:VERSION from two places for one registry
	ErrUnsetVariable = errors.New("variable is not set")   // ${VAR} without a default
	ErrPack          = errors.New("not a pack")            // a folder or archive that cannot be read as a pack
	ErrTooLarge      = errors.New("larger than the limit") // a file or document over a limit
	ErrOutside       = errors.New("outside the work tree") // a path that leaves the git work tree of packs.yaml
)
