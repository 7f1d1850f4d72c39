package pack

import (
	"cmp"

	"github.com/Masterminds/semver/v3"
)

// CompareVersions orders versions: semantic ones by their rules, others before
// them, as text.
func CompareVersions(a, b string) int {
	x, errX := semver.NewVersion(a)
	y, errY := semver.NewVersion(b)
	switch {
	case errX == nil && errY == nil:
		return cmp.Or(x.Compare(y), cmp.Compare(a, b))
	case errX == nil:
		return 1
	case errY == nil:
		return -1
	}
	return cmp.Compare(a, b)
}
