package transport

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

func TestGateNeverLetsInMoreThanItsLimit(t *testing.T) {
	t.Parallel()
	const most = 5
	g := newGate(most)
	var inside, highest atomic.Int64
	var wg sync.WaitGroup
	for range 200 {
		wg.Go(func() {
			era, err := g.enter(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			n := inside.Add(1)
			for h := highest.Load(); n > h; h = highest.Load() {
				highest.CompareAndSwap(h, n)
			}
			if n%3 == 0 {
				g.slower(era)
			} else {
				g.faster(era)
			}
			inside.Add(-1)
			g.leave()
		})
	}
	wg.Wait()
	if highest.Load() > most || g.used != 0 || len(g.queued) != 0 {
		t.Errorf("highest %d of %d, left %d used and %d queued", highest.Load(), most, g.used, len(g.queued))
	}
}

func TestGateHalvesOnceForABurstAndGrowsAgain(t *testing.T) {
	t.Parallel()
	g := newGate(16)
	for range 10 {
		g.slower(0) // ten refusals of requests that were sent together
	}
	if g.limit != 8 {
		t.Fatalf("limit %d after one burst, want 8", g.limit)
	}
	for range 3 {
		g.slower(g.era)
	}
	g.slower(g.era)
	if g.limit != 1 {
		t.Fatalf("limit %d, want 1", g.limit)
	}
	for range 1000 {
		g.faster(g.era)
	}
	if g.limit != 16 {
		t.Errorf("limit %d after many good replies, want 16", g.limit)
	}
	g.slower(g.era)
	g.faster(0) // a reply to a request from before the halving says nothing
	if g.good != 0 {
		t.Error("counted a reply of another era")
	}
}

func TestGateForgetsWhoStopsWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := newGate(1)
		if _, err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
		cause := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		failed := make(chan error)
		go func() {
			_, err := g.enter(ctx)
			failed <- err
		}()
		synctest.Wait()
		cancel(cause)
		if err := <-failed; !errors.Is(err, cause) {
			t.Errorf("error %v, want the cause", err)
		}
		g.leave()
		if _, err := g.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

func TestPauseHoldsEverybodyAndNoSlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock Clock
		clock.setDefaults()
		l := newLimits(2, 0, clock)
		s, err := l.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		l.pause(10 * time.Second)
		l.pause(time.Second) // the longer one wins
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				s, err := l.enter(t.Context())
				if err != nil {
					t.Error(err)
					return
				}
				if waited := time.Since(start); waited != 10*time.Second {
					t.Errorf("waited %v, want 10s", waited)
				}
				s.leave()
			})
		}
		synctest.Wait()
		if l.gate.used != 1 {
			t.Errorf("%d slots are held in the pause, want that of the one in flight", l.gate.used)
		}
		s.leave()
		wg.Wait()
	})
}

func TestPauseHoldsThoseWhoWaitedForASlot(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock Clock
		clock.setDefaults()
		l := newLimits(1, 0, clock)
		first, err := l.enter(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		var wg sync.WaitGroup
		wg.Go(func() {
			s, err := l.enter(t.Context())
			if err != nil {
				t.Error(err)
				return
			}
			s.leave()
		})
		synctest.Wait()
		l.pause(5 * time.Second)
		first.leave()
		wg.Wait()
		if waited := time.Since(start); waited != 5*time.Second {
			t.Errorf("waited %v, want 5s", waited)
		}
	})
}

func TestRequestsPerSecondAreSpreadEvenly(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var clock Clock
		clock.setDefaults()
		l := newLimits(8, 4, clock)
		start := time.Now()
		for range 9 {
			s, err := l.enter(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			s.leave()
		}
		if took := time.Since(start); took != 2*time.Second {
			t.Errorf("9 requests at 4/s took %v, want 2s", took)
		}
	})
}
