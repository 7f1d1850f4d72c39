package render

import (
	"io"
	"sync"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// Lines shows progress where there is no terminal: one line for each version
// that was published, as soon as it is.
type Lines struct {
	mu      sync.Mutex
	w       io.Writer
	started started
}

// NewLines returns progress that writes lines to w.
func NewLines(w io.Writer) *Lines { return &Lines{w: w, started: make(started)} }

// Event shows what happened, where it is worth a line.
func (l *Lines) Event(e executor.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := Clean(e.Note)
	if e.Type != executor.EventNote {
		text = l.started.finished(e, true)
	}
	if text != "" {
		_, _ = io.WriteString(l.w, text+"\n") // progress that cannot be shown is no failure of the run
	}
}

// Write passes log lines on.
func (l *Lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.w.Write(b)
}

// Close does nothing: every line is written when it is made.
func (l *Lines) Close() {}

// started remembers which items are under way: what a plan settles without work
// is not worth a line.
type started map[itemKey]bool

type itemKey struct{ registry, repository, version string }

func keyOf(it *executor.Item) itemKey { return itemKey{it.Registry, it.Repository, it.Version} }

// finished is the line for an event that ends an item which was to be carried
// out; "" for any other.
func (s started) finished(e executor.Event, digests bool) string {
	key := keyOf(&e.Item)
	switch e.Type {
	case executor.EventItemStarted:
		s[key] = true
	case executor.EventItemFinished:
		known := s[key]
		delete(s, key)
		if known || e.Item.Action.Writes() {
			return finishedLine(&e.Item, digests)
		}
	case executor.EventPlanStarted, executor.EventPlanProgress, executor.EventApplyStarted,
		executor.EventItemProgress, executor.EventItemSize, executor.EventApplyDone:
	}
	return ""
}

// finishedLine says what became of an item; digests make it longer than most
// terminals are wide.
func finishedLine(it *executor.Item, digests bool) string {
	what, where := item(it.Name, it.Version, it.Repository), Clean(it.Registry)
	switch it.Status {
	case executor.StatusFailed:
		why := it.Error
		if it.Err != nil {
			why, _ = cause(it.Err)
		}
		return "failed " + what + " in " + where + ": " + Clean(why)
	case executor.StatusConflict:
		return "conflict " + what + " in " + where + ": " + Clean(it.Error)
	case executor.StatusSkipped:
		return "skipped " + what + " in " + where + ": " + Clean(it.Reason)
	case executor.StatusDone:
	}
	sent, was := " ("+Size(it.Bytes)+")", ""
	if digests {
		sent, was = sent+" "+Clean(it.Digest), ", was "+Clean(it.Previous)
	}
	switch it.Action {
	case plan.Push:
		return "pushed " + what + " to " + where + sent
	case plan.Overwrite:
		return "overwrote " + what + " in " + where + sent + was
	case plan.CreateProject, plan.CreateRepository:
		return "created " + what + " in " + where
	case plan.UpdateRepository:
		return "updated " + what + " in " + where
	case plan.Delete:
		return "deleted " + what + " in " + where + was
	case plan.DeleteRepository:
		return "deleted " + what + " in " + where
	case plan.Unchanged, plan.Conflict, plan.Unknown, plan.Skip:
	}
	return "unchanged " + what + " in " + where + ": " + Clean(it.Reason)
}
