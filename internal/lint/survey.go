package lint

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
)

// facts is what rules across packs must know of a pack. They are small: the
// pack itself is long gone when those rules look.
type facts struct {
	in           Input
	name         string
	version      string
	displayName  string
	layer        string
	at           map[string]place // of name, version and displayName
	dependencies []dependency
	images       []imageUse
}

// dependency is a constraint on another pack.
type dependency struct {
	name, kind, least, most string
	at                      place
}

// imageUse is an image that values.yaml lists.
type imageUse struct {
	ref string // as written
	at  place
}

func factsOf(t *target) *facts {
	m := t.meta()
	f := &facts{
		in: t.in, name: m.str("name"), version: m.str("version"), displayName: m.str("displayName"), layer: m.str("layer"),
		at: make(map[string]place),
	}
	for _, k := range []string{"name", "version", "displayName"} {
		f.at[k] = t.metaKeyAt(k)
	}
	if list := m.get("constraints").get("dependencies"); list != nil {
		for _, d := range list.items {
			f.dependencies = append(f.dependencies, dependency{
				name: d.str("packName"), kind: d.str("type"), least: d.str("minVersion"), most: d.str("maxVersion"), at: t.metaAt(d),
			})
		}
	}
	f.images = listedImages(t)
	return f
}

// survey is one rule's look at all packs.
type survey struct {
	ctx     context.Context //nolint:containedctx // lives as long as one rule
	cfg     *Config
	rule    *Rule
	all     []*facts
	checked int // the first so many of all are checked, the others only known
	found   []Finding
}

// mine returns the packs that findings may be about.
func (s *survey) mine() []*facts { return s.all[:s.checked] }

// reportf adds a finding about a pack. What is returned may be changed until
// the next call.
func (s *survey) reportf(f *facts, at place, hint, format string, args ...any) *Finding {
	s.found = append(s.found, Finding{
		Rule: s.rule.ID, Severity: s.rule.Severity, Name: f.name, Version: f.version, Pack: f.in.Path,
		Path: path.Join(f.in.Path, at.file), Line: at.line, Column: at.column,
		Message: fmt.Sprintf(format, args...), Hint: hint, rel: f.in.rel(at.file),
	})
	return &s.found[len(s.found)-1]
}

// compare runs the rules that look at all packs.
func (r *run) compare(ctx context.Context, checked int) ([]Finding, error) {
	var found []Finding
	for i := range ruleList {
		rule := &ruleList[i]
		if rule.across == nil || !r.cfg.enabled(rule) {
			continue
		}
		s := &survey{ctx: ctx, cfg: r.cfg, rule: rule, all: r.facts, checked: checked}
		rule.across(s)
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		found = append(found, s.found...)
	}
	return found, nil
}

// ignored tells whether an entry of Ignore silences a finding, and marks those
// that do.
func (r *run) ignored(f *Finding, used []bool) bool {
	ignored := false
	for i := range r.cfg.Ignore {
		if r.cfg.Ignore[i].silences(f) {
			used[i], ignored = true, true
		}
	}
	return ignored
}

// unused reports the entries of Ignore that silence nothing, where this run
// would have found what they are about.
func (r *run) unused(used []bool, checked []*facts) []Finding {
	rule, _ := Lookup(unusedIgnore)
	severity, ok := r.cfg.severity(rule.ID, r.cfg.File)
	if !ok {
		severity = rule.Severity
	}
	var found []Finding
	for i, entry := range r.cfg.Ignore {
		if used[i] || !r.judges(&entry, checked) {
			continue
		}
		found = append(found, Finding{
			Rule: rule.ID, Severity: severity, Path: r.cfg.File, Line: entry.Line, Column: entry.Column,
			Message: "this entry ignores nothing: no pack it names has a finding of rule " + entry.Rule,
			Hint:    "take it away" + reason(entry.Reason),
		})
	}
	return found
}

func reason(text string) string {
	if text = strings.TrimSpace(text); text == "" {
		return ""
	}
	return "; its reason was: " + quote(text)
}

// judges tells whether this run would have found what an entry ignores.
func (r *run) judges(entry *Ignore, checked []*facts) bool {
	rule, _ := Lookup(entry.Rule)
	switch {
	case !r.cfg.enabled(&rule), rule.Needs == NeedsOnline && r.cfg.Published == nil,
		rule.Needs == NeedsGit && r.cfg.Since == nil,
		rule.Needs == NeedsImages && r.cfg.Images == nil:
		return false
	case !r.cfg.Partial:
		return true
	}
	fits := func(f *facts) bool { return entry.fits(f.name, f.version) }
	return entry.Path == "" && slices.ContainsFunc(checked, fits) && !slices.ContainsFunc(r.facts[len(checked):], fits)
}
