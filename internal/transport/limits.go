package transport

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// limits is what one run may ask of a registry: so many requests at once, so
// many a second, and none while the registry wants a pause.
type limits struct {
	clock Clock
	gate  *gate
	rate  *rate.Limiter // nil: no limit

	latency latency

	mu     sync.Mutex
	paused time.Time // until then
}

func newLimits(concurrency int, perSecond float64, clock Clock) *limits {
	l := &limits{clock: clock, gate: newGate(concurrency)}
	if perSecond > 0 {
		l.rate = rate.NewLimiter(rate.Limit(perSecond), 1) // evenly spread: quotas count single seconds
	}
	return l
}

// slot is the right to have one request in flight.
type slot struct {
	gate *gate
	era  int // of the gate when the slot was taken
}

func (s slot) leave() { s.gate.leave() }

// enter waits for its turn. The slot is not held while the registry wants a pause.
func (l *limits) enter(ctx context.Context) (slot, error) {
	if err := l.reserve(ctx); err != nil {
		return slot{}, err
	}
	for {
		if err := l.clock.Sleep(ctx, l.pauseLeft()); err != nil {
			return slot{}, err
		}
		era, err := l.gate.enter(ctx)
		if err != nil {
			return slot{}, err
		}
		if l.pauseLeft() <= 0 {
			return slot{gate: l.gate, era: era}, nil
		}
		l.gate.leave()
	}
}

func (l *limits) reserve(ctx context.Context) error {
	if l.rate == nil {
		return context.Cause(ctx)
	}
	now := l.clock.Now()
	return l.clock.Sleep(ctx, l.rate.ReserveN(now, 1).DelayFrom(now))
}

// pause stops everybody for a while; a longer pause wins.
func (l *limits) pause(d time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.clock.Now().Add(d); until.After(l.paused) {
		l.paused = until
	}
}

func (l *limits) pauseLeft() time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.paused.IsZero() {
		return 0
	}
	return l.paused.Sub(l.clock.Now())
}

// slower is called when the registry said that it is too much for it.
func (l *limits) slower(s slot) { l.gate.slower(s.era) }

// late is called when the registry answered as it should, but so late that
// requests must be queueing there.
func (l *limits) late(s slot) { l.gate.reduce(s.era, max(1, l.gate.most/4)) }

// faster is called when the registry answered as it should.
func (l *limits) faster(s slot) { l.gate.faster(s.era) }

// gate lets a number of requests in at once. The number is halved when the
// registry says that it cannot keep up, or answers late, and grows by one for each full round of good replies.
type gate struct {
	mu     sync.Mutex
	most   int // what packs.yaml allows
	limit  int // what the registry seems to take now
	used   int
	good   int // replies since limit changed
	era    int // counts the halvings: one burst of refusals halves once
	queued []chan struct{}
}

func newGate(most int) *gate { return &gate{most: most, limit: most} }

func (g *gate) enter(ctx context.Context) (era int, err error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	g.mu.Lock()
	if g.used < g.limit && len(g.queued) == 0 {
		g.used++
		defer g.mu.Unlock()
		return g.era, nil
	}
	turn := make(chan struct{})
	g.queued = append(g.queued, turn)
	g.mu.Unlock()
	select {
	case <-turn:
		g.mu.Lock()
		defer g.mu.Unlock()
		return g.era, nil
	case <-ctx.Done():
		g.forget(turn)
		return 0, context.Cause(ctx)
	}
}

// forget takes a waiter out of the queue, or gives back the slot that it was
// given at the same moment.
func (g *gate) forget(turn chan struct{}) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for i, t := range g.queued {
		if t == turn {
			g.queued = append(g.queued[:i], g.queued[i+1:]...)
			return
		}
	}
	g.used--
	g.admit()
}

func (g *gate) leave() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.used--
	g.admit()
}

// admit lets waiters in, first come first served. The caller holds the lock.
func (g *gate) admit() {
	for g.used < g.limit && len(g.queued) > 0 {
		g.used++
		close(g.queued[0])
		g.queued = g.queued[1:]
	}
}

func (g *gate) slower(era int) { g.reduce(era, 1) }

// reduce halves the limit, but not below least.
func (g *gate) reduce(era, least int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if era != g.era || g.limit <= least {
		return
	}
	g.era++
	g.good = 0
	g.limit = max(least, g.limit/2)
}

func (g *gate) faster(era int) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if era != g.era || g.limit == g.most {
		return
	}
	if g.good++; g.good >= g.limit {
		g.good = 0
		g.limit++
		g.admit()
	}
}
