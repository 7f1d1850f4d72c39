package manifest

import (
	"slices"
	"strconv"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// matchesAny tells whether a name is chosen by patterns: globs, of which those
// that begin with ! take away what the ones before them chose. Where all begin
// with !, they take away from everything.
func matchesAny(patterns []string, name string) bool {
	chosen := len(patterns) > 0 && !slices.ContainsFunc(patterns, func(p string) bool { return !strings.HasPrefix(p, "!") })
	for _, p := range patterns {
		glob, not := strings.CutPrefix(p, "!")
		if doublestar.MatchUnvalidated(glob, name) {
			chosen = !not
		}
	}
	return chosen
}

// chosen returns the registries that the key registries of an entry chooses,
// as places in Catalog.Registries, in their order; without the key, all. It
// reports names and globs that choose none.
func (l *loader) chosen(entry *value) []int {
	key := entry.get("registries")
	patterns := entry.scalars("registries")
	l.globs(patterns, "registries")
	patterns = slices.DeleteFunc(patterns, func(p *value) bool { return !p.known() })
	all := make([]int, len(l.catalog.Registries))
	for i := range all {
		all[i] = i
	}
	if key == nil {
		return all
	}
	if len(patterns) == 0 {
		return nil // reported already
	}
	texts := make([]string, len(patterns))
	for i, p := range patterns {
		texts[i] = p.text
		l.choosesSome(p)
	}
	return slices.DeleteFunc(all, func(i int) bool { return !matchesAny(texts, l.catalog.Registries[i].Name) })
}

// choosesSome reports a name or glob that no registry has.
func (l *loader) choosesSome(p *value) {
	glob := strings.TrimPrefix(p.text, "!")
	for i := range l.catalog.Registries {
		if doublestar.MatchUnvalidated(glob, l.catalog.Registries[i].Name) {
			return
		}
	}
	if l.unnamed {
		return // it may be one that could not be read
	}
	names := l.registryNames()
	if isGlob(glob) {
		l.report.fail(p.pos, ErrNotFound, "there are "+strings.Join(names, ", "), "no registry matches %s", p.shown())
		return
	}
	l.report.fail(p.pos, ErrNotFound, hints(didYouMean(strings.TrimPrefix(p.raw, "!"), names), "there are "+strings.Join(names, ", ")), "there is no registry %s", p.shown())
}

// isGlob tells whether a name stands for more than itself.
func isGlob(name string) bool { return strings.ContainsAny(name, `*?[{\`) }

// targets returns the registries that an entry goes to: those it chooses that
// can be written. except is a source, which is never a target of itself.
func (l *loader) targets(entry *value, except string) []Target {
	key := targetsKey(entry, except)
	if targets, ok := l.targetSets[key]; ok {
		return targets
	}
	before := len(l.report.problems)
	targets := l.newTargets(entry, except)
	if len(l.report.problems) == before { // else each entry has a report of its own
		l.targetSets[key] = targets
	}
	l.targetCount += len(targets)
	if l.targetCount > maxTargets && l.targetCount-len(targets) <= maxTargets {
		l.report.fail(entry.pos, ErrTooLarge, "name fewer registries, or name them alike in many entries", "entries name more than %d registries in all", maxTargets)
	}
	if l.targetCount > maxTargets {
		return nil
	}
	return targets
}

// maxTargets bounds the targets of all entries, of which those that say the
// same count once.
const maxTargets = 1_000_000

// targetsKey holds all that the targets of an entry depend on.
func targetsKey(entry *value, except string) string {
	word, kind := "", ""
	if v := entry.get("onChange"); v.known() {
		word = v.text
	}
	if v := entry.get("registries"); v != nil {
		kind = strconv.Itoa(int(v.kind))
	}
	return strings.Join([]string{except, word, kind, strings.Join(entry.strings("registries"), "\x00")}, "\x00")
}

func (l *loader) newTargets(entry *value, except string) []Target {
	var targets []Target
	for _, i := range l.chosen(entry) {
		r := &l.catalog.Registries[i]
		if r.ReadOnly || r.Name == except {
			l.refuseTarget(entry, r, except)
			continue
		}
		targets = append(targets, Target{Registry: r.Name, OnChange: onChange(entry.get("onChange"), l.registryValues[i].get("onChange"), l.root.get("onChange"))})
	}
	l.someTarget(entry, targets)
	return targets
}

// refuseTarget reports a target that cannot be one where the entry names it
// as such; a glob that matches it just passes it over.
func (l *loader) refuseTarget(entry *value, r *Registry, except string) {
	for _, p := range entry.scalars("registries") {
		if !p.known() || p.text != r.Name {
			continue
		}
		if r.Name == except {
			l.report.errorf(p.pos, "take it away", "registry %s is the source of this entry, so it is no target", p.shown())
			continue
		}
		l.report.errorf(p.pos, "take it away here, or take readOnly: true away there", "registry %s is read-only (line %d), so it is no target", p.shown(), r.Position.Line)
	}
}

// someTarget reports an entry that goes nowhere although nothing else was
// found wrong with its registries.
func (l *loader) someTarget(entry *value, targets []Target) {
	if len(targets) > 0 || l.unnamed {
		return
	}
	key := entry.get("registries")
	if key == nil {
		l.report.errorf(entry.pos, "add one that is not readOnly", "the entry goes nowhere: no registry can be written")
		return
	}
	patterns := entry.scalars("registries")
	wrong := slices.ContainsFunc(patterns, func(p *value) bool { return !p.known() || !isGlob(p.text) && !strings.HasPrefix(p.text, "!") })
	if key.good() && !wrong && l.someMatch(patterns) {
		l.report.errorf(key.pos, "read-only registries are no targets", "the entry goes nowhere: its registries leave none that can be written")
	}
}

// someMatch tells whether each pattern matches a registry: else it was reported.
func (l *loader) someMatch(patterns []*value) bool {
	return !slices.ContainsFunc(patterns, func(p *value) bool {
		glob := strings.TrimPrefix(p.text, "!")
		return !slices.ContainsFunc(l.catalog.Registries, func(r Registry) bool { return doublestar.MatchUnvalidated(glob, r.Name) })
	})
}
