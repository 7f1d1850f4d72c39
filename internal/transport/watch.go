package transport

import (
	"context"
	"errors"
	"sync"
	"time"
)

// watch ends a request in which nothing moves any more.
type watch struct {
	timeouts Timeouts
	cancel   context.CancelCauseFunc
	mu       sync.Mutex
	timer    *time.Timer
	replied  bool // the head of the reply is there: what is left of the body does not matter
	ended    bool
}

func newWatch(t Timeouts, cancel context.CancelCauseFunc) *watch {
	return &watch{timeouts: t, cancel: cancel}
}

var errStalled = errors.New("nothing moved")

// begin starts waiting for something to move.
func (w *watch) begin() { w.set(w.timeouts.Stall) }

// moved starts anew. After the last byte of a body the reply is waited for.
func (w *watch) moved(last bool) {
	w.mu.Lock()
	replied := w.replied
	w.mu.Unlock()
	switch {
	case replied:
	case last:
		w.set(w.timeouts.Reply)
	default:
		w.set(w.timeouts.Stall)
	}
}

func (w *watch) set(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.ended:
	case w.timer == nil:
		w.timer = time.AfterFunc(d, func() { w.cancel(errStalled) })
	default:
		w.timer.Reset(d)
	}
}

// pause stops waiting: whatever comes next is up to the caller.
func (w *watch) pause() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.replied = true
	if w.timer != nil {
		w.timer.Stop()
	}
}

// end stops for good and frees the context.
func (w *watch) end() {
	w.mu.Lock()
	w.ended = true
	if w.timer != nil {
		w.timer.Stop()
	}
	w.mu.Unlock()
	w.cancel(nil)
}
