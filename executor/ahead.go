package executor

import (
	"context"
	"errors"
	"sync"

	"github.com/packs-cli/packs/internal/spool"
	"github.com/packs-cli/packs/manifest"
)

// ahead holds archives that were made while the plan was: of packs that a
// registry is sure to get, whose bytes are then read only once. They stay in
// memory; where the budget is used up, packs are only digested.
type ahead struct {
	mu     sync.Mutex
	layers map[*manifest.Pack]*layer
	full   bool
}

// buildAhead makes the archive of a pack, unless there is no room for it. ok is
// false where the pack has to be digested instead.
func (e *Executor) buildAhead(ctx context.Context, p *manifest.Pack) (h hashed, ok bool, err error) {
	a := e.ahead
	a.mu.Lock()
	full := a.full
	a.mu.Unlock()
	if full {
		return hashed{}, false, nil
	}
	l, err := e.build(ctx, p, e.budget.InMemory())
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case errors.Is(err, spool.ErrLarge):
		return hashed{}, false, nil
	case errors.Is(err, spool.ErrFull):
		a.full = true
		return hashed{}, false, nil
	case err != nil:
		return hashed{}, false, err
	}
	a.layers[p] = l
	return l.content, true, nil
}

// take hands out an archive that was made ahead, or nil.
func (a *ahead) take(p *manifest.Pack) *layer {
	a.mu.Lock()
	defer a.mu.Unlock()
	l := a.layers[p]
	delete(a.layers, p)
	return l
}

// Close frees the archives that nobody took.
func (a *ahead) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	errs := make([]error, 0, len(a.layers))
	for p, l := range a.layers {
		errs = append(errs, l.Close())
		delete(a.layers, p)
	}
	return errors.Join(errs...)
}
