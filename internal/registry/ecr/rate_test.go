package ecr

import (
	"context"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/transport"
)

// TestWriteRateAdapts lets others use up the quota of an account, and give it
// back.
func TestWriteRateAdapts(t *testing.T) {
	t.Parallel()
	now := time.Now()
	r := newWriteRate(8, transport.Clock{
		Now:   func() time.Time { return now },
		Sleep: func(context.Context, time.Duration) error { return nil },
	})
	wait := func() func(bool) {
		t.Helper()
		learn, err := r.Wait(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return learn
	}
	is := func(what string, want float64) {
		t.Helper()
		if got := float64(r.limiter.Limit()); got < want-0.001 || got > want+0.001 {
			t.Errorf("%s: %v manifests a second, want %v", what, got, want)
		}
	}
	burst := []func(bool){wait(), wait(), wait()}
	for _, learn := range burst {
		learn(true)
	}
	is("a burst of refusals halves once", 4)
	wait()(false)
	is("one is taken", 4.1)
	burst[0](false)
	is("what was sent at another rate says nothing", 4.1)
	for range 100 {
		wait()(true)
	}
	is("it never stands still", leastRate)
	for range 1000 {
		wait()(false)
	}
	is("it grows to what it was", 8)
	r.atMost(2)
	wait()(false)
	is("the lowest wish counts", 2)
	r.atMost(0.1)
	wait()(true)
	is("a lower wish than the least is kept", 0.1)
}
