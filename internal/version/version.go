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
func Compare(a, b string) int { return Parse(a).Compare(Parse(b)) }

// Version is a version that was parsed once, to be compared often.
type Version struct {
	text     string
	semantic *semver.Version // nil for a text that is no semantic version
}

// Parse reads a version. Every text is one.
func Parse(text string) Version {
	v, err := semver.NewVersion(text)
	if err != nil {
		return Version{text: text}
	}
	return Version{text: text, semantic: v}
}

// Compare orders versions as the function Compare does.
func (v Version) Compare(other Version) int {
	switch {
	case v.semantic != nil && other.semantic != nil:
		if c := v.semantic.Compare(other.semantic); c != 0 {
			return c
		}
	case v.semantic != nil:
		return -1
	case other.semantic != nil:
		return 1
	}
	return cmp.Compare(v.text, other.text)
}

// Semantic tells whether the text is a semantic version.
func (v Version) Semantic() bool { return v.semantic != nil }

// String returns the version as it was written.
func (v Version) String() string { return v.text }

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

// ParseRetired reads what names versions to delete: a range as ParseRange reads
// it, but a version without an operator is itself and no other. "1.5" would else
// take 1.5.3 along, and "1.2.0" v1.2.0.
func ParseRetired(text string) (Range, error) {
	text = strings.TrimSpace(text)
	if Parse(text).Semantic() {
		return Range{text: text}, nil
	}
	return ParseRange(text)
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
