package transport

import (
	"fmt"
	"sync"
	"time"
)

// A registry that is down shall fail all packs within seconds, not each after
// retries of its own; one that answers only some requests with errors must not
// take the good ones along.
const (
	circuitFailures = 4                // operations in a row that gave up, with no good reply between
	circuitPause    = 30 * time.Second // then one operation may look again
)

// circuit remembers that a registry was given up.
type circuit struct {
	now func() time.Time

	mu       sync.Mutex
	goods    int // good replies
	failures int
	openings int
	err      error // why it was given up; nil: it was not
	until    time.Time
}

// CircuitError tells that a registry was not asked because it was given up before.
type CircuitError struct{ Err error }

// Error says so.
func (e *CircuitError) Error() string { return fmt.Sprintf("not asked again: %v", e.Err) }

// Unwrap returns why the registry was given up.
func (e *CircuitError) Unwrap() error { return e.Err }

// check fails while the registry is given up.
func (c *circuit) check() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err == nil {
		return nil
	}
	now := c.now()
	if now.Before(c.until) {
		return &CircuitError{Err: c.err}
	}
	c.until = now.Add(circuitPause) // this one looks whether it is back
	return nil
}

// good is called for every reply that shows a working registry.
func (c *circuit) good() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.goods++
	c.failures = 0
	c.err = nil
}

// moment is what was known of a registry when an operation began.
type moment struct{ goods, openings int }

// mark returns what is known now.
func (c *circuit) mark() moment {
	c.mu.Lock()
	defer c.mu.Unlock()
	return moment{goods: c.goods, openings: c.openings}
}

// since fails where the registry was given up after a moment.
func (c *circuit) since(m moment) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil && c.openings != m.openings {
		return &CircuitError{Err: c.err}
	}
	return nil
}

// gaveUp is called when an operation tried as often as it may. Where not even a
// connection could be made, one such operation is enough.
func (c *circuit) gaveUp(mark moment, err error, connecting bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.goods != mark.goods {
		return // others got through meanwhile
	}
	c.failures++
	if connecting || c.failures >= circuitFailures {
		c.err, c.until = err, c.now().Add(circuitPause)
		c.openings++
	}
}
