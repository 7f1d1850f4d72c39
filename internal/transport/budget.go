package transport

import (
	"net/http"
	"sync"
)

// budget is the further tries that all operations of a run share. A good reply
// gives one back, so that a registry that fails now and then never uses it up;
// one that fails most of the time would make each operation take all its tries,
// and the run without end.
type budget struct {
	mu   sync.Mutex
	most int
	left int
}

func newBudget(most int) *budget { return &budget{most: most, left: most} }

// take takes one try. A registry that says 429 works and wants it slower: its
// tries are not counted. status is nil where there was no reply.
func (b *budget) take(status *StatusError) bool {
	if status != nil && status.Status == http.StatusTooManyRequests {
		return true
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.left == 0 {
		return false
	}
	b.left--
	return true
}

// refill gives one try back.
func (b *budget) refill() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.left = min(b.most, b.left+1)
}
