package executor

import "sync"

// EventType says what happened.
type EventType string

// The types of events, in the order in which a run sends them.
const (
	EventPlanStarted  EventType = "plan-started"  // Total: packs to hash plus versions to observe
	EventPlanProgress EventType = "plan-progress" // one more of Total is done
	EventApplyStarted EventType = "apply-started" // Total: actions to carry out; Bytes: of the packs' files
	EventItemStarted  EventType = "item-started"  // an action is being carried out
	EventItemProgress EventType = "item-progress" // Bytes more were sent for it
	EventItemSize     EventType = "item-size"     // Bytes: of the archive that will be sent
	EventItemFinished EventType = "item-finished" // Item holds the result
	EventApplyDone    EventType = "apply-done"
	EventNote         EventType = "note" // Note says in a line what goes on
)

// Event is something that happened in a run.
type Event struct {
	Type  EventType
	Total int
	Bytes int64
	Item  Item // for item events: what it is about
	Note  string
}

// emitter calls a listener from one goroutine at a time.
type emitter struct {
	mu sync.Mutex
	fn func(Event)
}

func (e *emitter) emit(ev Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.fn(ev)
}
