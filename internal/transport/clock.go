package transport

import (
	"context"
	"math/rand/v2"
	"time"
)

// Clock is time and chance as the retry policy sees them, so that tests need
// not wait. The zero value is the real ones.
type Clock struct {
	Now    func() time.Time
	Sleep  func(ctx context.Context, d time.Duration) error // returns the cause of ctx when that ends first
	Jitter func() float64                                   // from 0 up to, not including, 1
}

func (c *Clock) setDefaults() {
	if c.Now == nil {
		c.Now = time.Now //nolint:forbidigo // the default of the injected clock
	}
	if c.Sleep == nil {
		c.Sleep = sleep
	}
	if c.Jitter == nil {
		c.Jitter = rand.Float64 // #nosec G404 -- spreads retries, guards nothing
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
