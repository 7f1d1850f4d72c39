package changed

import "errors"

// Causes that callers test for with errors.Is.
var (
	ErrNoGit      = errors.New("git is not installed")
	ErrNoWorkTree = errors.New("not in a git work tree")
	ErrUnknownRef = errors.New("git knows no such commit")
	ErrNoBase     = errors.New("no common ancestor")
)

// Error says why the work tree cannot be compared, and what to do.
type Error struct {
	Ref  string // as the user named it
	Err  error  // one of the causes above, or that of git
	Hint string // what to do; may be empty
}

// Error returns the reason without the hint.
func (e *Error) Error() string { return "changes since " + e.Ref + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
