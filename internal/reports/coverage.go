package reports

import (
	"fmt"
	"slices"
	"strings"

	"github.com/packs-cli/packs/plan"
)

// covered finds out which shards documents are about. told is by shard, of count
// many: the documents that tell of it; parts tells whether any is about a part.
func covered(docs []*Document) (told [][]*Document, err error) {
	var first *Document
	count := 0
	for _, d := range docs {
		n := shards(d)
		switch {
		case n == 0:
			continue
		case count == 0:
			count, first = n, d
		case n != count:
			return nil, &FileError{Name: d.Name, Message: fmt.Sprintf("it is about one of %d shards, and %s about one of %d: a catalog that is split in two ways is not whole", n, first.Name, count)}
		}
	}
	told = make([][]*Document, count)
	for _, d := range docs {
		h := d.head()
		switch {
		case h.shard != nil:
			told[h.shard.Index] = append(told[h.shard.Index], d)
		case len(h.missing) > 0: // several were joined before
			for i := range told {
				if !slices.Contains(h.missing, plan.Shard{Index: i, Count: count}) {
					told[i] = append(told[i], d)
				}
			}
		}
	}
	return told, nil
}

// shards is the number of shards that a document's catalog is split into, 0
// where the document is about all of it.
func shards(d *Document) int {
	h := d.head()
	switch {
	case h.shard != nil:
		return h.shard.Count
	case len(h.missing) > 0:
		return h.missing[0].Count
	}
	return 0
}

// missing are the shards that nothing tells of.
func missing(told [][]*Document) []plan.Shard {
	var all []plan.Shard
	for i, docs := range told {
		if len(docs) == 0 {
			all = append(all, plan.Shard{Index: i, Count: len(told)})
		}
	}
	return all
}

// maxNamed is how many shards or items a note names.
const maxNamed = 10

// names joins words, of many only the first ones.
func names(words []string) string {
	if more := len(words) - maxNamed; more > 0 {
		return strings.Join(words[:maxNamed], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(words, ", ")
}

func (m *Merged) tellCoverage(told [][]*Document) {
	if lacking := missing(told); len(lacking) > 0 {
		words := make([]string, len(lacking))
		for i, s := range lacking {
			words[i] = s.String()
		}
		m.fault("no file tells of shard "+names(words), "give the files of all shards; run those again that left none")
	}
	for i, docs := range told {
		var reports, events []string
		for _, d := range docs {
			if d.Events {
				events = append(events, d.Name)
			} else {
				reports = append(reports, d.Name)
			}
		}
		shard := plan.Shard{Index: i, Count: len(told)}
		if len(reports) > 1 {
			m.note("%s tell of shard %s: what they have in common counts once", names(reports), shard)
		}
		if len(reports) == 0 && len(events) > 0 {
			m.note("of shard %s only events are known: %s tells what was finished, not whether that is all", shard, names(events))
		}
	}
}
