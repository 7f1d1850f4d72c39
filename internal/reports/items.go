package reports

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/plan"
)

// key is what an action or item is about; of those with one key a merged
// document holds one.
type key struct {
	what                                string // version, place, settings or delete
	registry, repository, name, version string
}

func keyOf(k plan.ActionKind, registry, repository, name, version string) key {
	what := "version"
	switch {
	case k == plan.UpdateRepository:
		what = "settings"
	case k == plan.Delete:
		what = "delete"
	case name == "":
		what = "place"
	}
	return key{what, registry, repository, name, version}
}

func (k *key) String() string {
	if k.name == "" {
		return k.repository + " in " + k.registry
	}
	return k.name + "@" + k.version + " in " + k.registry
}

// item is an action or item of one document, as far as joining needs it.
type item struct {
	key
	phase            int    // of the plan or report: what must exist comes before what goes into it
	rank             int    // the lowest of several with one key is kept
	said             string // what became of it, in a word
	digest, previous string
	text             string // its JSON
	from             string // the file
}

// items collects those of all documents.
type items struct {
	merged *Merged
	kept   map[key]item
	order  map[string][]string // by registry: those that a document lists right behind it
	all    map[string]bool     // registries
	differ []string            // what is told in different ways
}

func newItems(m *Merged) *items {
	return &items{merged: m, kept: make(map[key]item), order: make(map[string][]string), all: make(map[string]bool)}
}

// add takes the next item of a document.
func (l *items) add(d *Document, it item) {
	it.from = d.Name
	l.all[it.registry] = true
	other, twice := l.kept[it.key]
	switch {
	case !twice:
		l.kept[it.key] = it
	case other.text != it.text:
		l.choose(other, it)
	}
}

// choose keeps one of two items that are about the same, and tells of it.
func (l *items) choose(a, b item) {
	if c := cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(newer(&b, &a), newer(&a, &b)), strings.Compare(a.text, b.text)); c > 0 {
		a, b = b, a
	}
	l.kept[a.key] = a
	bothThere := a.digest != "" && b.digest != ""
	if bothThere && a.digest != b.digest && a.previous != b.digest && l.known(&a) && l.known(&b) {
		l.merged.fault(fmt.Sprintf("%s has two digests: %s in %s, %s in %s", &a.key, a.digest, a.from, b.digest, b.from),
			"somebody else published it between the runs: `packs plan` shows what is there now")
		return
	}
	if a.said != b.said && a.what != "place" { // any shard may create a project
		l.differ = append(l.differ, fmt.Sprintf("%s (%s in %s, %s in %s)", &a.key, a.said, a.from, b.said, b.from))
	}
}

// known tells whether the digest of an item is one that was seen or written.
func (*items) known(it *item) bool { return it.said != "failed" && it.said != "skipped" }

// newer is 1 where the first of two items replaced what the second one wrote.
func newer(a, b *item) int {
	if a.previous != "" && a.previous == b.digest {
		return 1
	}
	return 0
}

// sorted returns what is kept in the order of a plan: registries as in
// packs.yaml, what must exist first before what goes into it, then by name and
// version.
func (l *items) sorted() []item {
	if len(l.differ) > 0 {
		slices.Sort(l.differ)
		l.merged.note("told in different ways, the first of which counts: %s", names(l.differ))
	}
	place := l.places()
	list := make([]item, 0, len(l.kept))
	for _, it := range l.kept {
		list = append(list, it)
	}
	slices.SortFunc(list, func(a, b item) int {
		return cmp.Or(
			cmp.Compare(place[a.registry], place[b.registry]), cmp.Compare(a.phase, b.phase),
			strings.Compare(a.name, b.name), version.Compare(a.version, b.version),
			strings.Compare(a.repository, b.repository), strings.Compare(a.text, b.text),
		)
	})
	return list
}

func phase(k plan.ActionKind) int {
	switch k {
	case plan.CreateProject:
		return 0
	case plan.CreateRepository, plan.UpdateRepository:
		return 1
	default:
		return 2
	}
}

// follow notes the order in which a document lists registries. Those of an
// events file come as they are finished, and say nothing.
func (l *items) follow(d *Document, registries []string) {
	if d.Events || len(l.all) > maxRegistries {
		return
	}
	registries = slices.Compact(registries)
	for i := 1; i < len(registries); i++ {
		if before := registries[i-1]; !slices.Contains(l.order[before], registries[i]) {
			l.order[before] = append(l.order[before], registries[i])
		}
	}
}

// maxRegistries is up to how many registries are put into the order of files,
// which takes time by their square.
const maxRegistries = 500

// places orders registries so that each document's order is kept; where they
// leave it open, by name.
func (l *items) places() map[string]int {
	waiting := make(map[string]int) // how many must come before
	for r := range l.all {
		for _, next := range l.order[r] {
			waiting[next]++
		}
	}
	place := make(map[string]int, len(l.all))
	if len(l.all) > maxRegistries {
		for i, r := range slices.Sorted(maps.Keys(l.all)) {
			place[r] = i
		}
	}
	for len(place) < len(l.all) {
		next := l.next(place, waiting)
		place[next] = len(place)
		for _, r := range l.order[next] {
			waiting[r]--
		}
	}
	return place
}

// next is the first registry by name that nothing must come before; documents
// that contradict each other have none such, and get the first one.
func (l *items) next(place, waiting map[string]int) string {
	best, bestWaits := "", 0
	for r := range l.all {
		if _, done := place[r]; done {
			continue
		}
		waits := max(waiting[r], 0)
		if best == "" || waits < bestWaits || waits == bestWaits && r < best {
			best, bestWaits = r, waits
		}
	}
	return best
}

// encode returns the JSON of a value that was read from JSON.
func encode(v any) string {
	text, err := json.Marshal(v)
	if err != nil {
		return err.Error()
	}
	return string(text)
}
