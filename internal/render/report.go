package render

import (
	"cmp"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// ReportOptions says what the text of a report needs beside it.
type ReportOptions struct {
	File string        // packs.yaml as the user named it
	Took time.Duration // 0: not shown
	Plan *plan.Plan    // what was carried out; nil where only the report is known
	// PlanSeen says that the reader has seen the plan, and its remarks in it.
	PlanSeen bool
	// Command is what continues it; "" is packs apply.
	Command string
	// Pruned says that nothing was to be done but to delete.
	Pruned bool
}

// Report writes what an apply did: a line of counts for each registry, what was
// left undone on purpose, and a last line for the whole. Failures are not told
// here but by Faults, with their causes.
func Report(w io.Writer, s Style, r *executor.Report, o ReportOptions) error {
	t := newPage(w, s)
	remarks := r.Remarks
	if o.PlanSeen {
		remarks = nil
	}
	if nothingDone(r.Summary) {
		writeWarnings(t, reportWarnings(r.Items))
		writeRemarks(t, remarks)
		t.paragraph(0, bold, nothingApplied(r, o))
		writePalette(t, r)
		return t.flush()
	}
	for i, group := range byRegistry(r.Items) {
		if i > 0 {
			t.line()
		}
		writeRegistry(t, group)
	}
	if len(r.Items) > 0 {
		t.line()
	}
	writeWarnings(t, reportWarnings(r.Items))
	writeRemarks(t, remarks)
	t.paragraph(0, bold, appliedLine(r, &o))
	if next := nextStep(r, cmp.Or(o.Command, "packs apply")); next != "" {
		t.paragraph(0, cyan, t.hint(next))
	}
	writePalette(t, r)
	return t.flush()
}

// nothingApplied says of a report that nothing had to be done.
func nothingApplied(r *executor.Report, o ReportOptions) string {
	if o.Pruned {
		return "Pruned" + shardWord("", r.Shard, r.MissingShards) + ": nothing is to be deleted."
	}
	p := o.Plan
	if p == nil {
		p = &plan.Plan{Shard: r.Shard}
		for i := range r.Items {
			it := &r.Items[i]
			p.Actions = append(p.Actions, plan.Action{Kind: it.Action, Registry: it.Registry, Name: it.Name, Version: it.Version})
		}
	}
	return "Applied" + shardWord("", r.Shard, r.MissingShards) + ": no changes; " + asWanted(p, o.File) + "."
}

func nothingDone(s executor.ReportSummary) bool {
	return s.Pushed+s.Overwritten+s.Projects+s.Created+s.Updated+s.Deleted+s.Removed+s.Conflict+s.Failed+s.Skipped == 0
}

// byRegistry cuts items, which stand in the order of the plan, into one slice for
// each registry.
func byRegistry(items []executor.Item) [][]executor.Item {
	var groups [][]executor.Item
	start := 0
	for i := range items {
		if i+1 == len(items) || items[i+1].Registry != items[i].Registry {
			groups = append(groups, items[start:i+1])
			start = i + 1
		}
	}
	return groups
}

func writeRegistry(t *page, items []executor.Item) {
	rows := make([]row, 0, len(items))
	for i := range items {
		it := &items[i]
		rows = append(rows, row{registry: it.Registry, address: address(it.Reference, it.Repository, it.Version, it.Name)})
	}
	heading(t, rows)
	t.line("  ", strings.Join(reportCounts(executor.Summarize(items), false), ", "))
	left := leftRows(items)
	if len(left) == 0 {
		return
	}
	nameWidth := 0
	for _, r := range left {
		nameWidth = max(nameWidth, min(width(r.what), maxName))
	}
	for i := range left {
		writeRow(t, &left[i], nameWidth, false)
	}
}

// leftRows are the items that were left undone without having failed: conflicts,
// and what was told to be left; and what was deleted, for it is gone for good.
func leftRows(items []executor.Item) []row {
	var rows []row
	for i := range items {
		it := &items[i]
		if r, ok := deleteRow(it); ok {
			rows = append(rows, r)
			continue
		}
		if it.Status != executor.StatusConflict && (it.Status != executor.StatusSkipped || it.Action != plan.Skip) {
			continue
		}
		a := plan.Action{
			Kind: plan.Conflict, Registry: it.Registry, Repository: it.Repository, Name: it.Name, Version: it.Version,
			Reference: it.Reference, Reason: it.Reason, Changes: it.Changes, Hint: it.Hint,
		}
		if it.Action == plan.Skip {
			a.Kind, a.Hint = plan.Skip, ""
		}
		if it.Action != plan.Conflict && it.Error != "" {
			a.Reason = it.Error // it became a conflict while it was being carried out
		}
		r := newRow(&a)
		if a.Hint != "" {
			r.below = append(r.below, note{cyan, a.Hint})
		}
		rows = append(rows, r)
	}
	return rows
}

// deleteRow tells of a delete that was done, or left.
func deleteRow(it *executor.Item) (row, bool) {
	deletes := it.Action == plan.Delete || it.Action == plan.DeleteRepository
	if !deletes || it.Status != executor.StatusDone && it.Status != executor.StatusSkipped {
		return row{}, false
	}
	r := newRow(&plan.Action{Kind: it.Action, Registry: it.Registry, Repository: it.Repository, Name: it.Name, Version: it.Version, Reason: it.Reason})
	if it.Status == executor.StatusSkipped {
		r.mark = mark{".", "kept", yellow}
		return r, true
	}
	r.mark.word = "deleted"
	if it.Previous != "" {
		r.below = append(r.below, note{dim, "was " + Clean(it.Previous)})
	}
	return r, true
}

// reportCounts is what was done, in words; of a whole run also that it was nothing.
func reportCounts(s executor.ReportSummary, total bool) []string {
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, text)
		}
	}
	add(s.Projects, Count(s.Projects, "project")+" created")
	add(s.Created, Count(s.Created, "repository")+" created")
	add(s.Updated, Count(s.Updated, "repository")+" updated")
	size := " (" + Size(s.Bytes) + ")"
	switch {
	case s.Pushed > 0 && s.Overwritten > 0:
		parts = append(parts, Count(s.Pushed, "version")+" pushed", strconv.Itoa(s.Overwritten)+" overwritten"+size)
	default:
		add(s.Pushed, Count(s.Pushed, "version")+" pushed"+size)
		add(s.Overwritten, Count(s.Overwritten, "version")+" overwritten"+size)
	}
	add(s.Deleted, Count(s.Deleted, "version")+" deleted")
	add(s.Removed, Count(s.Removed, "repository")+" deleted")
	add(s.Unchanged, strconv.Itoa(s.Unchanged)+" unchanged")
	add(s.Skipped, strconv.Itoa(s.Skipped)+" skipped")
	add(s.Conflict, Count(s.Conflict, "conflict"))
	add(s.Failed, strconv.Itoa(s.Failed)+" failed")
	if len(parts) == 0 && total {
		parts = append(parts, "nothing was done")
	}
	return parts
}

func appliedLine(r *executor.Report, o *ReportOptions) string {
	line, took := "Applied", o.Took
	if o.Pruned {
		line = "Pruned"
	}
	if r.Interrupted {
		line = "Interrupted"
	}
	line += shardWord("", r.Shard, r.MissingShards)
	if took > 0 {
		line += " in " + Duration(took)
	}
	return line + ": " + strings.Join(reportCounts(r.Summary, true), ", ") + "."
}

// nextStep is what to type next where not everything is as it should be.
func nextStep(r *executor.Report, command string) string {
	switch {
	case r.Interrupted:
		return "Run `" + command + "` again to continue: what is published stays published."
	case r.Summary.Failed > 0:
		return "Run `" + command + "` again once the cause is mended: it does only what is left."
	}
	return ""
}

// Duration writes how long something took: 0.4 s, 12 s, 3 min 5 s.
func Duration(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return strconv.FormatFloat(max(d.Seconds(), 0.1), 'f', 1, 64) + " s"
	case d < time.Minute:
		return strconv.Itoa(int(d.Seconds())) + " s"
	}
	return strconv.Itoa(int(d.Minutes())) + " min " + strconv.Itoa(int(d.Seconds())%60) + " s"
}
