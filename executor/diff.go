package executor

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// DiffRequest says what to compare. The zero value compares what the registries
// hold (old) with what packs.yaml sends there (new), for every chosen pack.
type DiffRequest struct {
	// Between are the names of two registries to compare: all that they hold, or
	// of it what Options.Packs choose.
	Between [2]string
	// Versions are two NAME@VERSION to compare, each in its registry of Between, in
	// the registry In, or, where none is named, as they are on disk.
	Versions [2]string
	In       string
}

// Diff tells file by file in what packs differ. What cannot be read is in the
// report; the error is a mistake in the request, or that the run was stopped.
//
// Where two manifests or layers are the same, or two manifests say that their
// content is, nothing more is read: Verify is what proves.
func (e *Executor) Diff(ctx context.Context, q DiffRequest) (*DiffReport, error) {
	for _, t := range e.targets {
		_ = t.locate(ctx) // what cannot be asked for its host cannot be asked for a version either
	}
	r := &DiffReport{APIVersion: plan.APIVersion, Kind: DiffKind, Tool: e.opts.Tool, Source: e.opts.Source, Items: []DiffItem{}}
	pairs, err := e.pairs(ctx, q, r)
	if err != nil {
		return nil, err
	}
	if err := e.comparePairs(ctx, pairs); err != nil {
		return nil, err
	}
	for _, p := range pairs {
		if p.item.Status != "" { // on neither side
			r.Items = append(r.Items, p.item)
		}
	}
	r.Summary = SummarizeDiff(r.Items)
	return r, nil
}

// pairs are what a request compares, in the order of the report.
func (e *Executor) pairs(ctx context.Context, q DiffRequest, r *DiffReport) ([]*pair, error) {
	switch {
	case q.Versions[0] != "":
		p, err := e.pairOfVersions(q)
		return []*pair{p}, err
	case q.Between[0] != "":
		return e.pairsBetween(ctx, q.Between, r)
	}
	return e.pairsToPublish(ctx, r)
}

// pairsToPublish are what packs.yaml sends to each registry, and what is there.
func (e *Executor) pairsToPublish(ctx context.Context, r *DiffReport) ([]*pair, error) {
	s := e.newSurvey()
	if err := e.addCopies(ctx, s); err != nil {
		return nil, err
	}
	pairs := make([]*pair, 0, len(s.versions))
	for i := range s.versions {
		v := &s.versions[i]
		p := &pair{name: v.Name, old: side{target: s.targets[i], version: v.Version}, new: side{version: v.Version}}
		if c := s.copies[i]; c != nil {
			_ = c.source.locate(ctx) // as above
			p.new.target = c.source
		} else {
			p.new.pack = s.packs[i]
		}
		pairs = append(pairs, p)
	}
	for _, w := range s.wishes {
		for _, u := range e.unknown(w) {
			r.Remarks = append(r.Remarks, fmt.Sprintf("what %s holds is not known, and so not what is to be copied to %s: %v", u.From, u.Registry, u.Err))
		}
	}
	slices.SortStableFunc(pairs, func(a, b *pair) int {
		return cmp.Or(cmp.Compare(e.place(a.old.target), e.place(b.old.target)), cmp.Compare(a.name, b.name), version.Compare(a.new.version, b.new.version))
	})
	return pairs, nil
}

// place is where a registry stands among those of the run.
func (e *Executor) place(t *target) int { return slices.Index(e.targets, t) }

// pairsBetween are the versions that either of two registries holds.
func (e *Executor) pairsBetween(ctx context.Context, names [2]string, r *DiffReport) ([]*pair, error) {
	var sides [2]*target
	versions := make(map[[2]string]bool)
	for i, name := range names {
		t := e.target(name)
		if t == nil {
			return nil, &InputError{Option: "--between", Value: name, Message: "not among the registries of this run"}
		}
		sides[i] = t
		inv, err := e.inventory(ctx, t)
		if err != nil {
			return nil, fmt.Errorf("registry %s: %w", name, err)
		}
		for _, gap := range inv.gaps {
			r.Remarks = append(r.Remarks, fmt.Sprintf("%s: not all that it holds is known: %v", name, gap))
		}
		for j := range inv.repositories {
			for _, v := range inv.repositories[j].versions {
				if stock := &inv.repositories[j]; e.looksAt(stock.name, v) {
					versions[[2]string{stock.name, v}] = true
				}
			}
		}
	}
	pairs := make([]*pair, 0, len(versions))
	for v := range versions {
		pairs = append(pairs, &pair{name: v[0], old: side{target: sides[0], version: v[1]}, new: side{target: sides[1], version: v[1]}})
	}
	slices.SortFunc(pairs, func(a, b *pair) int {
		return cmp.Or(cmp.Compare(a.name, b.name), version.Compare(a.old.version, b.old.version))
	})
	return pairs, nil
}

// pairOfVersions are two versions of one pack, or of two.
func (e *Executor) pairOfVersions(q DiffRequest) (*pair, error) {
	var sides [2]side
	var names [2]string
	for i, text := range q.Versions {
		name, v, ok := cutVersion(text)
		if !ok {
			return nil, &InputError{Option: "diff", Value: text, Message: "want NAME@VERSION"}
		}
		names[i], sides[i].version = name, v
		if in := cmp.Or(q.Between[i], q.In); in != "" {
			if sides[i].target = e.target(in); sides[i].target == nil {
				return nil, &InputError{Option: "--registry", Value: in, Message: "not among the registries of this run"}
			}
			continue
		}
		at := slices.IndexFunc(e.catalog.Packs, func(p manifest.Pack) bool { return p.Name == name && p.Version == v })
		if at < 0 {
			return nil, &InputError{Option: "diff", Value: text, Message: e.catalog.File + " has no such version; --registry NAME compares published ones"}
		}
		sides[i].pack = &e.catalog.Packs[at]
	}
	return &pair{name: names[1], oldName: names[0], old: sides[0], new: sides[1]}, nil
}

// comparePairs compares, many at once.
func (e *Executor) comparePairs(ctx context.Context, pairs []*pair) error {
	e.events.emit(Event{Type: EventPlanStarted, Total: len(pairs)})
	g := new(errgroup.Group) // its functions report into the pairs and return nil
	g.SetLimit(defaultConcurrency)
	for _, p := range pairs {
		g.Go(func() error {
			if !e.ended(ctx) {
				e.comparePair(ctx, p)
				e.events.emit(Event{Type: EventPlanProgress})
			}
			return nil
		})
	}
	_ = g.Wait()
	if err := e.interrupted(ctx); err != nil {
		return err
	}
	differing := 0
	for _, p := range pairs {
		if len(p.item.Files) > 0 {
			differing++
		}
	}
	most := min(maxDiff, allDiffs/max(differing, 1))
	g.SetLimit(e.opts.Workers)
	for _, p := range pairs {
		if len(p.item.Files) > 0 {
			g.Go(func() error {
				if !e.ended(ctx) {
					e.compareLines(ctx, p, most)
				}
				return nil
			})
		}
	}
	_ = g.Wait()
	return e.interrupted(ctx)
}
