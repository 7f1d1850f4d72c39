// Package version orders pack versions and decides which of them a range
// covers. Pack versions are tags; most, not all, are semantic versions.
package version

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// Compare orders versions: semantic ones by precedence, and before those that
// are none, which are ordered as text. It returns -1, 0 or +1, and 0 only for
// equal texts.
func Compare(a, b string) int {
	va, errA := semver.NewVersion(a)
	vb, errB := semver.NewVersion(b)
	switch {
	case errA == nil && errB == nil:
		if c := va.Compare(vb); c != 0 {
			return c
		}
	case errA == nil:
		return -1
	case errB == nil:
		return 1
	}
	return cmp.Compare(a, b)
}

// Range is a set of versions: a semver constraint such as ">=1.2, <2", or one
// exact version. The zero Range holds every version.
type Range struct {
	text       string
	constraint *semver.Constraints
}

// ParseRange reads a range. Pre-releases belong to a range as any other version does.
func ParseRange(text string) (Range, error) {
	text = strings.TrimSpace(text)
	if text == "" || text == "*" {
		return Range{}, nil
	}
	c, err := semver.NewConstraint(text)
	if err != nil {
		if strings.ContainsAny(text, "<>=!~^*, |") {
			return Range{}, fmt.Errorf("version range %q: %w", text, err)
		}
		return Range{text: text}, nil // no semver: only exact text matches
	}
	c.IncludePrerelease = true
	return Range{text: text, constraint: c}, nil
}

// Contains tells whether v lies in the range. judged is false where v is no
// semantic version and the range is not its exact text, so that the range
// could not judge it.
func (r Range) Contains(v string) (in, judged bool) {
	if r.text == "" || r.text == v {
		return true, true
	}
	if r.constraint == nil {
		return false, true
	}
	parsed, err := semver.NewVersion(v)
	if err != nil {
		return false, false
	}
	return r.constraint.Check(parsed), true
}

// String returns the range as it was written.
func (r Range) String() string { return r.text }
