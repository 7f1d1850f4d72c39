package reports

import (
	"slices"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// verdicts are from the worst on: of what several files found, that counts.
var verdicts = []executor.VerifyStatus{
	executor.VerifyDamaged, executor.VerifyDifferent, executor.VerifyMissing, executor.VerifyIgnored,
	executor.VerifyUnmanaged, executor.VerifyUnknown, executor.VerifyOK,
}

func (m *Merged) joinVerify(h head, docs []*Document) {
	list := newItems(m)
	r := &executor.VerifyReport{
		APIVersion: plan.APIVersion, Kind: executor.VerifyKind, Tool: h.tool, Source: h.source, MissingShards: h.missing,
		Deep: true, Items: []executor.VerifyItem{},
	}
	items := make(map[string]executor.VerifyItem)
	listed := 0
	for _, d := range docs {
		if !d.Verify.Deep && r.Deep {
			r.Deep = false
			m.note("%s did not read the layers (--deep), so the whole is not proved by them", d.Name)
		}
		registries := make([]string, 0, len(d.Verify.Items))
		for _, it := range d.Verify.Items {
			registries = append(registries, it.Registry)
			text := encode(it)
			items[text] = it
			list.add(d, verifyItem(&it, text))
		}
		list.follow(d, registries)
		if d.Verify.Listings != nil {
			listed++
			r.Listings = joinListings(r.Listings, d.Verify.Listings)
		}
	}
	if listed > 0 && listed < len(docs) {
		m.note("only some files look for what is unmanaged (--unmanaged)")
		for i := range r.Listings {
			r.Listings[i].Complete = false
		}
	}
	for _, it := range list.sorted() {
		r.Items = append(r.Items, items[it.text])
	}
	r.Summary = executor.SummarizeVerify(r.Items)
	r.CountPalette()
	m.Verify = r
}

func verifyItem(it *executor.VerifyItem, text string) item {
	out := item{
		key: keyOf("", it.Registry, it.Repository, it.Name, it.Version), phase: 1, rank: slices.Index(verdicts, it.Status),
		said: string(it.Status), digest: it.Digest, text: text,
	}
	switch {
	case it.Status == executor.VerifyUnmanaged:
		out.phase = 2
	case it.Name == "":
		out.phase = 0
	}
	return out
}

// joinListings says of each registry whether all files know all that it holds.
func joinListings(all, more []executor.Listing) []executor.Listing {
	for _, l := range more {
		i := slices.IndexFunc(all, func(known executor.Listing) bool { return known.Registry == l.Registry })
		if i < 0 {
			all = append(all, executor.Listing{Registry: l.Registry, Complete: true})
			i = len(all) - 1
		}
		all[i].Complete = all[i].Complete && l.Complete
		for _, gap := range l.Gaps {
			if !slices.Contains(all[i].Gaps, gap) {
				all[i].Gaps = append(all[i].Gaps, gap)
			}
		}
	}
	return all
}
