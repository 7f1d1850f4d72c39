package lint

import (
	"context"

	"golang.org/x/sync/semaphore"
)

// What the parsed files of one pack may cost, in bytes. Real packs stay far
// below smallShare; one that does not is checked while no other such pack is, so
// that memory has a bound however many packs there are and whatever they hold.
const (
	smallShare = 4 << 20
	largeShare = 32 << 20
)

// memory accounts for what the parsed files of one pack cost.
type memory struct {
	ctx    context.Context //nolint:containedctx // lives as long as the check of one pack
	single *semaphore.Weighted
	spent  int64
	large  bool
}

// take accounts for n bytes, and waits until they may be used. It returns false
// where the pack would cost more than one pack may, or the run was stopped.
func (m *memory) take(n int64) bool {
	if n > largeShare-m.spent {
		return false
	}
	if m.spent+n > smallShare && !m.large {
		if m.single.Acquire(m.ctx, 1) != nil {
			return false
		}
		m.large = true
	}
	m.spent += n
	return true
}

// give takes back n bytes of what take accounted for.
func (m *memory) give(n int64) { m.spent -= n }

// close gives everything back.
func (m *memory) close() {
	if m.large {
		m.single.Release(1)
	}
	m.large, m.spent = false, 0
}
