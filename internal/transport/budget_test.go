package transport

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// TestARegistryThatMostlyFailsUsesTheTriesUp answers one request in eight, so
// that neither the tries of an operation nor the circuit end the run early.
func TestARegistryThatMostlyFailsUsesTheTriesUp(t *testing.T) {
	t.Parallel()
	const operations, tries, most = 400, 6, 50
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1)%8 != 0 {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	})
	c := plain(t, s, Config{Clock: newFakeClock().clock(), Retry: RetryPolicy{Budget: most}})
	var spent *GaveUpError
	for range operations {
		err := c.Retry(t.Context(), fetch(c, "/"))
		var gaveUp *GaveUpError
		if errors.As(err, &gaveUp) && gaveUp.Spent {
			spent = gaveUp
		}
	}
	if got, limit := n.Load(), int64((operations+most)*8/7+1); got > limit {
		t.Errorf("%d requests for %d operations, want at most %d", got, operations, limit)
	}
	if spent == nil || !strings.Contains(spent.Error(), "too many requests of this run failed") {
		t.Errorf("%v does not say that the tries are used up", spent)
	}
}

func TestBudgetLeavesAloneWhatWorksOrIsSlowedDown(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"one in three fails": 503, "it wants it slower": 429} {
		var n atomic.Int64
		s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if i := n.Add(1); status == 503 && i%3 == 0 || status == 429 && i%4 != 0 {
				w.WriteHeader(status)
			}
		})
		c := plain(t, s, Config{Clock: newFakeClock().clock(), Retry: RetryPolicy{Budget: 5}})
		for i := range 200 {
			if err := c.Retry(t.Context(), fetch(c, "/")); err != nil {
				t.Fatalf("%s: operation %d: %v", name, i, err)
			}
		}
	}
}

// TestWaitsOfAnOperationAreBounded meets a registry that asks for a pause each time.
func TestWaitsOfAnOperationAreBounded(t *testing.T) {
	t.Parallel()
	clock := newFakeClock()
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "100")
		w.WriteHeader(http.StatusServiceUnavailable)
	})
	c := plain(t, s, Config{Clock: clock.clock()})
	err := c.Retry(t.Context(), fetch(c, "/"))
	if waited := clock.Now().Sub(noon); waited > 5*time.Minute || waited < 4*time.Minute {
		t.Errorf("waited %v, want up to five minutes", waited)
	}
	if err == nil || !strings.Contains(err.Error(), "(tried 4 times)") {
		t.Errorf("%v, want the count of tries", err)
	}
}
