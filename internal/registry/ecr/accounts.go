package ecr

import (
	"sync"
	"time"

	"github.com/packs-cli/packs/internal/transport"
)

// Accounts is what all registries of a run share: one authorization token per
// credentials and region, and one write rate per account and region. The zero
// value is ready.
type Accounts struct {
	mu       sync.Mutex
	sessions map[identity]*session
	rates    map[string]*writeRate // by host of the API's answer: one per account and region
}

// session returns what belongs to an identity.
func (a *Accounts) session(id identity, o *Options) *session {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.sessions == nil {
		a.sessions = make(map[identity]*session)
	}
	s := a.sessions[id]
	if s == nil {
		s = newSession(id, o)
		a.sessions[id] = s
	}
	return s
}

// rate returns the write rate of a registry. Where several registries of
// packs.yaml are in one account and region, the lowest one counts.
func (a *Accounts) rate(key string, perSecond float64, clock transport.Clock) *writeRate {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.rates == nil {
		a.rates = make(map[string]*writeRate)
	}
	r := a.rates[key]
	if r == nil {
		r = newWriteRate(perSecond, clock)
		a.rates[key] = r
	}
	r.atMost(perSecond)
	return r
}

// margin is how long before it ends a token is no longer used: a large layer
// that begins with it shall end with it.
func margin(validity time.Duration) time.Duration {
	return min(30*time.Minute, validity/4)
}
