package executor

import (
	"errors"
	"fmt"

	"github.com/packs-cli/packs/plan"
)

// ReportKind is the kind of an apply report's JSON document.
const ReportKind = "ApplyReport"

// Report is what an apply did, in the order of its plan.
type Report struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Tool       string       `json:"tool,omitempty"`
	Source     *plan.Source `json:"source,omitempty"`
	Shard      *plan.Shard  `json:"shard,omitempty"` // nil: the whole catalog
	// MissingShards are parts of the catalog that a report of several runs says
	// nothing about.
	MissingShards []plan.Shard   `json:"missingShards,omitempty"`
	Summary       ReportSummary  `json:"summary"`
	Items         []Item         `json:"items"`
	Remarks       []string       `json:"remarks,omitempty"`     // of the plan: what no item says
	Palette       *PaletteReport `json:"palette,omitempty"`     // with apply --palette
	Interrupted   bool           `json:"interrupted,omitempty"` // stopped before everything was started
}

// Status is how an item ended.
type Status string

// How an item can end.
const (
	StatusDone     Status = "done"
	StatusFailed   Status = "failed"
	StatusSkipped  Status = "skipped" // left as it is, or not started
	StatusConflict Status = "conflict"
)

// Item is the result of one action.
type Item struct {
	Action        plan.ActionKind `json:"action"`
	Status        Status          `json:"status"`
	Registry      string          `json:"registry"`
	Repository    string          `json:"repository"`
	Name          string          `json:"name,omitempty"`
	Version       string          `json:"version,omitempty"`
	Path          string          `json:"path,omitempty"`
	From          string          `json:"from,omitempty"`    // the registry that it is copied from
	Subject       string          `json:"subject,omitempty"` // NAME@VERSION that it belongs to, for what is no version itself
	Reference     string          `json:"reference,omitempty"`
	Digest        string          `json:"digest,omitempty"`         // of the manifest that is there now
	Previous      string          `json:"previousDigest,omitempty"` // of the manifest that was replaced or deleted
	ContentDigest string          `json:"contentDigest,omitempty"`
	Bytes         int64           `json:"bytes"` // sent
	Reason        string          `json:"reason,omitempty"`
	Changes       *plan.Changes   `json:"changes,omitempty"`
	Warning       string          `json:"warning,omitempty"`
	Error         string          `json:"error,omitempty"`
	Hint          string          `json:"hint,omitempty"`
	Err           error           `json:"-"`
}

// ReportSummary counts the items of a report.
type ReportSummary struct {
	Pushed      int   `json:"pushed"`
	Overwritten int   `json:"overwritten"`
	Projects    int   `json:"projectsCreated"`
	Created     int   `json:"created"` // repositories
	Updated     int   `json:"updated"` // repositories that got the settings of packs.yaml
	Deleted     int   `json:"deleted"`
	Removed     int   `json:"repositoriesDeleted"`
	Unchanged   int   `json:"unchanged"`
	Skipped     int   `json:"skipped"`
	Conflict    int   `json:"conflict"`
	Failed      int   `json:"failed"`
	Bytes       int64 `json:"bytes"` // sent
	// Palette counts the versions that Palette was looked at for; nil without
	// apply --palette.
	Palette *PaletteCounts `json:"palette,omitempty"`
}

// ItemError is a failure of one item; Report.Err joins them.
type ItemError struct {
	Action    plan.ActionKind
	Registry  string
	Reference string // or the repository
	Err       error
}

// Error returns ACTION REFERENCE: CAUSE.
func (e *ItemError) Error() string { return fmt.Sprintf("%s %s: %v", e.Action, e.Reference, e.Err) }

// Unwrap returns the cause.
func (e *ItemError) Unwrap() error { return e.Err }

// ErrConflict is the cause of items that conflict.
var ErrConflict = errors.New("published with other content")

// Err joins the failures of a report in its order, each an *ItemError; nil
// where nothing failed. Conflicts are among them and wrap ErrConflict.
func (r *Report) Err() error {
	var errs []error
	for i := range r.Items {
		it := &r.Items[i]
		if it.Err == nil {
			continue
		}
		ref := it.Reference
		if ref == "" {
			ref = it.Repository
		}
		errs = append(errs, &ItemError{Action: it.Action, Registry: it.Registry, Reference: ref, Err: it.Err})
	}
	return errors.Join(errs...)
}

// Summarize counts items.
func Summarize(items []Item) ReportSummary {
	var s ReportSummary
	for i := range items {
		s.count(&items[i])
	}
	return s
}

func (s *ReportSummary) count(it *Item) {
	s.Bytes += it.Bytes
	switch it.Status {
	case StatusFailed:
		s.Failed++
	case StatusConflict:
		s.Conflict++
	case StatusSkipped:
		s.Skipped++
	case StatusDone:
		s.done(it.Action)
	}
}

func (s *ReportSummary) done(k plan.ActionKind) {
	switch k {
	case plan.Push:
		s.Pushed++
	case plan.Overwrite:
		s.Overwritten++
	case plan.CreateProject:
		s.Projects++
	case plan.CreateRepository:
		s.Created++
	case plan.UpdateRepository:
		s.Updated++
	case plan.Delete:
		s.Deleted++
	case plan.DeleteRepository:
		s.Removed++
	case plan.Unchanged:
		s.Unchanged++
	case plan.Conflict, plan.Unknown, plan.Skip: // never done
	}
}
