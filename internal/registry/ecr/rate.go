package ecr

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/packs-cli/packs/internal/transport"
)

// DefaultPutImageRate is how many manifests a second packs writes to an account
// in a region where packs.yaml says nothing: a little less than the quota of
// Amazon ECR, which is 10.
const DefaultPutImageRate = 9.5

const (
	leastRate = 0.5 // manifests a second, however often the quota is used up by others
	regained  = 0.1 // is what each manifest that is taken adds to the rate
)

// throttledFor is how long a request goes on that the quota of the account does
// not let through: others write to it as well, and their turn ends.
const throttledFor = 5 * time.Minute

// writeRate spaces out the writing of manifests. Others write to the account as
// well: where the registry says that it is too much, the rate is halved, and
// grows again with what is taken.
type writeRate struct {
	clock transport.Clock

	mu      sync.Mutex
	limiter *rate.Limiter
	most    rate.Limit
	era     int // counts the halvings: refusals of one rate halve it once
}

func newWriteRate(perSecond float64, clock transport.Clock) *writeRate {
	most := rate.Limit(perSecond)
	return &writeRate{clock: clock, limiter: rate.NewLimiter(most, 1), most: most} // evenly spread: quotas count single seconds
}

// atMost lowers the rate that is never exceeded.
func (r *writeRate) atMost(perSecond float64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.most = min(r.most, rate.Limit(perSecond))
	r.set(min(r.most, r.limiter.Limit()))
}

// set changes the rate. The caller holds the lock.
func (r *writeRate) set(limit rate.Limit) {
	if limit != r.limiter.Limit() {
		r.limiter.SetLimitAt(r.clock.Now(), limit)
	}
}

// Wait returns when the next manifest may be written. See oci.Pace.
func (r *writeRate) Wait(ctx context.Context) (learn func(refused bool), err error) {
	now := r.clock.Now()
	r.mu.Lock()
	left, era := r.limiter.ReserveN(now, 1).DelayFrom(now), r.era
	r.mu.Unlock()
	return func(refused bool) { r.learn(era, refused) }, r.clock.Sleep(ctx, left)
}

// learn adapts the rate to what the registry said to a manifest of an era.
func (r *writeRate) learn(era int, refused bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case era != r.era: // it says nothing about the rate of now
	case refused:
		r.era++
		r.set(max(min(leastRate, r.most), r.limiter.Limit()/2))
	default:
		r.set(min(r.most, r.limiter.Limit()+regained))
	}
}
