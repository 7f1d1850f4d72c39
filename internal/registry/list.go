package registry

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// Lister is a registry that can say which repositories it has.
type Lister interface {
	// Repositories returns the full names of the repositories directly below a
	// base path such as team/spectro-packs/archive, sorted, each once. Where there
	// are none, or the base path itself is missing, it returns none. A registry that
	// refuses or lacks the listing is ErrNotListed.
	Repositories(ctx context.Context, below string) ([]string, error)
}

// ErrNotListed says that a registry does not tell which repositories it has, not
// to anybody or not to us. What is asked of it by name may work all the same.
var ErrNotListed = errors.New("does not list its repositories")

// NotListed makes the error of a listing that was refused for a cause. ref names
// what was to be listed, hint what to do about it.
func NotListed(ref string, cause error, hint string) error {
	var known *Error
	if errors.As(cause, &known) {
		cause = known.Err
	}
	return &Error{Op: "list repositories", Ref: ref, Err: fmt.Errorf("the registry %w: %w", ErrNotListed, cause), Hint: hint}
}

// DirectlyBelow returns those of names that lie directly below a base path,
// sorted, each once.
func DirectlyBelow(names []string, base string) []string {
	var below []string
	for _, name := range names {
		rest, ok := strings.CutPrefix(name, base+"/")
		if ok && rest != "" && !strings.Contains(rest, "/") {
			below = append(below, name)
		}
	}
	slices.Sort(below)
	return slices.Compact(below)
}
