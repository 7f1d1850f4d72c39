package transport

import (
	"net/http"
	"sync"
	"time"
)

const (
	// lateFactor and lateAtLeast say when a reply is late: so many times the
	// fastest one, and no less than that. A far or slow registry is not late by
	// itself, since its fastest reply takes as long.
	lateFactor  = 8
	lateAtLeast = 2 * time.Second
	// smallBody is up to how many bytes are sent without the network's width
	// counting for more than the registry's speed.
	smallBody = 64 << 10
)

// latency learns how fast a registry can answer, and tells when it answers so
// late that requests must be queueing there. Safe for concurrent use.
type latency struct {
	mu      sync.Mutex
	fastest map[string]time.Duration // by method
}

// late notes how long a reply to a request took, and tells whether it was late.
func (l *latency) late(r *http.Request, took time.Duration) bool {
	if r.ContentLength > smallBody {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fastest == nil {
		l.fastest = make(map[string]time.Duration)
	}
	fastest, known := l.fastest[r.Method]
	if !known || took < fastest {
		l.fastest[r.Method] = took
		return false
	}
	return took > max(lateAtLeast, lateFactor*fastest)
}
