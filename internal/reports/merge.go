package reports

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/plan"
)

// Merged is several documents of one kind as one.
type Merged struct {
	Document
	Notes  []string // what a reader should know
	Faults []Fault  // why it is not to be trusted as the whole
}

// Fault is what is wrong with documents taken together, and what to do about it.
type Fault struct{ Message, Hint string }

// ErrNothing says that there is nothing to merge.
var ErrNothing = errors.New("there is nothing to merge")

// Merge joins documents of one kind. The order in which they are given does not
// matter. What cannot be joined is a *FileError.
func Merge(docs []*Document) (*Merged, error) {
	if len(docs) == 0 {
		return nil, ErrNothing
	}
	docs = slices.Clone(docs)
	slices.SortStableFunc(docs, func(a, b *Document) int {
		return cmp.Or(compareShards(a, b), cmp.Compare(a.Name, b.Name))
	})
	kind := docs[0].head().kind
	for _, d := range docs {
		if k := d.head().kind; k != kind {
			return nil, &FileError{Name: d.Name, Message: fmt.Sprintf("it is of kind %s, and %s of kind %s: each kind is joined by itself", k, docs[0].Name, kind)}
		}
	}
	told, err := covered(docs)
	if err != nil {
		return nil, err
	}
	m := &Merged{}
	h := m.common(docs)
	h.missing = missing(told)
	m.tellCoverage(told)
	if !slices.ContainsFunc(docs, func(d *Document) bool { return !d.Events || len(d.Apply.Items) > 0 }) {
		m.fault("no file tells of anything: each run was killed before it finished an item", "run them again")
	}
	for _, d := range docs {
		if d.Torn {
			m.note("%s ends in the middle of a line, which is left out: its run was killed", d.Name)
		}
		if d.Events && len(d.Apply.Items) == 0 && (len(told) == 0 || len(h.missing) > 0) {
			m.note("%s holds no events: which shard it is of is not known", d.Name)
		}
	}
	switch kind {
	case executor.ReportKind:
		m.joinApply(h, docs)
	case lint.ReportKind:
		m.joinValidation(h, docs)
	case executor.VerifyKind:
		m.joinVerify(h, docs)
	default:
		m.joinPlan(h, docs)
	}
	return m, nil
}

// compareShards orders documents by what they are about: the whole first, then
// shards, those of reports before those of events.
func compareShards(a, b *Document) int {
	place := func(d *Document) int {
		if s := d.head().shard; s != nil {
			return s.Index
		}
		return -1
	}
	kind := func(d *Document) int {
		if d.Events {
			return 1
		}
		return 0
	}
	return cmp.Or(cmp.Compare(place(a), place(b)), cmp.Compare(kind(a), kind(b)))
}

// common is what all documents say alike. A catalog that is split must be of one
// commit, or it never was what the whole looks like.
func (m *Merged) common(docs []*Document) head {
	var h head
	var tools, sources []string
	var split []*Document
	for _, d := range docs {
		if d.Events {
			continue // they say neither
		}
		own := d.head()
		if tool := cmp.Or(own.tool, "an unknown version"); !slices.Contains(tools, tool) {
			tools = append(tools, tool)
			h.tool = own.tool
		}
		commit := "no commit"
		if own.source != nil {
			commit = own.source.Commit
		}
		if !slices.Contains(sources, commit) {
			sources = append(sources, commit)
		}
		if own.source != nil {
			dirty := own.source.Dirty || h.source != nil && h.source.Dirty
			h.source = &plan.Source{Commit: own.source.Commit, Dirty: dirty}
		}
		if shards(d) > 0 {
			split = append(split, d)
		}
	}
	if len(tools) > 1 {
		h.tool = ""
		m.note("the files are of several versions of packs: %s", names(tools))
	}
	if len(sources) > 1 {
		h.source = nil
		if len(split) > 1 {
			m.fault("the shards are of different commits: "+names(sources), "together they are no catalog that ever was: run all shards on one commit")
		} else {
			m.note("the files are of different commits: %s", names(sources))
		}
	}
	return h
}

func (m *Merged) note(format string, args ...any) {
	m.Notes = append(m.Notes, fmt.Sprintf(format, args...))
}

func (m *Merged) fault(message, hint string) { m.Faults = append(m.Faults, Fault{message, hint}) }

func (m *Merged) joinValidation(h head, docs []*Document) {
	var findings []lint.Finding
	packs := make(map[plan.Shard]int) // of a shard that is told twice, once
	seen := make(map[string]bool)
	for i, d := range docs {
		r := d.Validation
		key := plan.Shard{Index: i, Count: -1} // a whole of its own
		if r.Shard != nil {
			key = *r.Shard
		}
		packs[key] = max(packs[key], r.Summary.Packs)
		for _, f := range r.Findings {
			if text := encode(f); !seen[text] {
				seen[text] = true
				findings = append(findings, f)
			}
		}
	}
	total := 0
	for _, n := range packs {
		total += n
	}
	m.Validation = lint.NewReport(total, findings)
	m.Validation.Tool, m.Validation.Source, m.Validation.MissingShards = h.tool, h.source, h.missing
}

func (m *Merged) joinPlan(h head, docs []*Document) {
	list := newItems(m)
	p := &plan.Plan{
		APIVersion: plan.APIVersion, Kind: plan.Kind, Tool: h.tool, Source: h.source, MissingShards: h.missing, Actions: []plan.Action{},
	}
	actions := make(map[string]plan.Action)
	for _, d := range docs {
		registries := make([]string, 0, len(d.Plan.Actions))
		for _, a := range d.Plan.Actions {
			registries = append(registries, a.Registry)
			text := encode(a)
			actions[text] = a
			list.add(d, item{key: keyOf(a.Kind, a.Registry, a.Repository, a.Name, a.Version), phase: phase(a.Kind), rank: planRank(a.Kind), said: string(a.Kind), text: text})
		}
		list.follow(d, registries)
		p.Remarks = joinRemarks(p.Remarks, d.Plan.Remarks)
	}
	for _, it := range list.sorted() {
		p.Actions = append(p.Actions, actions[it.text])
	}
	p.Summary = plan.Summarize(p.Actions)
	m.Plan = p
}

// joinRemarks adds what was not said yet.
func joinRemarks(all, more []string) []string {
	for _, remark := range more {
		if !slices.Contains(all, remark) {
			all = append(all, remark)
		}
	}
	return all
}

// planRank puts first what a reader must not miss.
func planRank(k plan.ActionKind) int {
	switch {
	case k == plan.Unknown:
		return 0
	case k == plan.Conflict:
		return 1
	case k.Writes():
		return 2
	}
	return 3
}

func (m *Merged) joinApply(h head, docs []*Document) {
	list := newItems(m)
	r := &executor.Report{
		APIVersion: plan.APIVersion, Kind: executor.ReportKind, Tool: h.tool, Source: h.source, MissingShards: h.missing, Items: []executor.Item{},
	}
	items := make(map[string]executor.Item)
	for _, d := range docs {
		r.Interrupted = r.Interrupted || d.Apply.Interrupted
		r.Join(d.Apply.Palette)
		registries := make([]string, 0, len(d.Apply.Items))
		for _, it := range d.Apply.Items {
			registries = append(registries, it.Registry)
			text := encode(it)
			items[text] = it
			list.add(d, item{
				key: keyOf(it.Action, it.Registry, it.Repository, it.Name, it.Version), phase: phase(it.Action), rank: applyRank(&it),
				said: saidOf(&it), digest: it.Digest, previous: it.Previous, text: text,
			})
		}
		list.follow(d, registries)
		r.Remarks = joinRemarks(r.Remarks, d.Apply.Remarks)
	}
	for _, it := range list.sorted() {
		r.Items = append(r.Items, items[it.text])
	}
	r.Summarize()
	m.Apply = r
}

func saidOf(it *executor.Item) string {
	if it.Status == executor.StatusDone {
		return string(it.Action)
	}
	return string(it.Status)
}

// applyRank puts first what is so in the end where a run was repeated: what
// failed or was not reached at first is done. Only a conflict that was not
// overwritten is more than what is done: somebody changed what is published.
func applyRank(it *executor.Item) int {
	switch {
	case it.Status == executor.StatusDone && it.Action == plan.Overwrite:
		return 0
	case it.Status == executor.StatusConflict:
		return 1
	case it.Status == executor.StatusDone && it.Action.Writes():
		return 2
	case it.Status == executor.StatusDone:
		return 3
	case it.Status == executor.StatusFailed:
		return 4
	}
	return 5
}
