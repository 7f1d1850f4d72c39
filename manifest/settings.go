package manifest

import (
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// settings reads everything that is neither registry nor pack.
func (l *loader) settings() {
	l.catalog.Palette = l.palette(l.root.get("palette"))
	l.catalog.Lint = l.lint(l.root.get("lint"))
	if hooks := l.root.get("hooks"); hooks.good() {
		l.catalog.Hooks = Hooks{BeforePush: l.exec(hooks.get("beforePush")), AfterApply: l.exec(hooks.get("afterApply"))}
	}
	prune := l.root.get("prune")
	if keep := prune.get("keep"); keep.good() {
		l.globs(keep.scalars("matching"), "matching")
		if keep.get("last") == nil && keep.get("newerThan") == nil && keep.get("matching") == nil {
			l.report.errorf(keep.pos, "as in keep: {last: 5}; last: 0 says that nothing does", "keep does not say what stays")
		}
		l.catalog.Prune = &Prune{
			Last:      keep.integer("last"),
			NewerThan: l.duration(keep, "newerThan"),
			Matching:  keep.strings("matching"),
			Position:  prune.pos,
		}
	}
}

func (l *loader) lint(v *value) Lint {
	lint := Lint{Gate: v.str("gate"), Rules: v.stringMap("rules")}
	l.knownRules(v.get("rules"))
	for _, p := range v.get("paths").list() {
		l.globs(p.scalars("path"), "path")
		l.knownRules(p.get("rules"))
		lint.Paths = append(lint.Paths, LintPath{Path: cleanGlob(p.str("path")), Rules: p.stringMap("rules"), Position: p.pos})
	}
	for _, i := range v.get("ignore").list() {
		l.globs(i.scalars("pack"), "pack")
		l.globs(i.scalars("path"), "path")
		if rule := i.get("rule"); rule.known() {
			l.knownRule(rule.text, rule.pos)
		}
		lint.Ignore = append(lint.Ignore, LintIgnore{
			Rule: i.str("rule"), Pack: i.str("pack"), Path: cleanGlob(i.str("path")), Reason: i.str("reason"), Position: i.pos,
		})
	}
	return lint
}

// list returns the right items of a list.
func (v *value) list() []*value {
	if !v.good() {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(v.items), func(i *value) bool { return !i.good() })
}

func (l *loader) knownRules(v *value) {
	if !v.good() {
		return
	}
	for _, m := range v.members {
		l.knownRule(m.key, m.pos)
	}
}

func (l *loader) knownRule(id string, at Position) {
	known := l.options.LintRules
	if len(known) == 0 || slices.Contains(known, id) {
		return
	}
	l.report.errorf(at, hints(didYouMean(id, known), "`packs validate --list-rules` lists them"), "there is no rule %s", quote(id))
}

// globs reports patterns that are none.
func (l *loader) globs(patterns []*value, label string) {
	for _, p := range patterns {
		if p.known() && !doublestar.ValidatePattern(p.text) {
			l.report.errorf(p.pos, "a [ or { is not closed, or a \\ stands at the end", "%s is no glob: %s", label, p.shown())
			p.wrong = true
		}
	}
}

// cleanGlob takes ./ and the like out of a pattern of paths.
func cleanGlob(pattern string) string {
	return strings.TrimPrefix(pattern, "./")
}

// registryNames returns the names of all registries as they stand in the
// file, sorted.
func (l *loader) registryNames() []string {
	names := map[string]bool{}
	for _, v := range l.registryValues {
		names[v.get("name").raw] = true
	}
	return slices.Sorted(maps.Keys(names))
}
