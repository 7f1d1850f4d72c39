package lint

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/suggest"
)

var presetRules = []Rule{
	{ID: "presets-syntax", Severity: Error, Summary: "presets.yaml is not in the form that Palette reads", check: checkPresets},
	{ID: "preset-name-unique", Severity: Error, Summary: "two presets have one name", check: checkPresetNames},
	{ID: "preset-add-syntax", Severity: Error, Summary: "what a preset adds to the values is no YAML mapping", check: checkPresetAdd},
	{ID: "preset-unknown", Severity: Warning, Summary: "values.yaml preselects a preset that presets.yaml does not have", check: checkPreselected},
}

func checkPresets(p *pass) {
	f := p.yaml(presetsFile)
	switch {
	case f == nil:
		return
	case f.flaw != nil:
		p.flaw(presetsFile, f.flaw)
		return
	case f.root == nil:
		return
	}
	list := get(f.root, "presets")
	if f.root.Kind != yaml.MappingNode || list == nil || list.Kind != yaml.SequenceNode {
		p.report(f.at(f.root), "it holds one key, presets, with a list", "presets.yaml holds no list presets")
		return
	}
	for _, item := range list.Content {
		n := follow(item)
		if n == nil || n.Kind != yaml.MappingNode {
			p.reportf(f.at(item), "a preset has name, displayName, group, remove and add", "this preset is %s, not a mapping", kindName(n))
			continue
		}
		for _, name := range []string{"name", "displayName", "group"} {
			if v := get(n, name); v == nil || v.Kind != yaml.ScalarNode || strings.TrimSpace(v.Value) == "" || v.ShortTag() == "!!null" {
				p.reportf(f.at(item), "", "this preset lacks %s", name)
			}
		}
		if v := get(n, "remove"); v != nil && v.Kind != yaml.SequenceNode && v.ShortTag() != "!!null" {
			p.reportf(f.at(v), "it lists paths of parameters", "remove is %s, not a list", kindName(v))
		}
	}
}

// presets returns the presets of a pack; nil where presets.yaml cannot be read.
func (t *target) presets() (*yamlFile, []*yaml.Node) {
	f := t.yaml(presetsFile)
	if f == nil || f.flaw != nil || f.root == nil {
		return nil, nil
	}
	list := get(f.root, "presets")
	if list == nil || list.Kind != yaml.SequenceNode {
		return nil, nil
	}
	return f, list.Content
}

func checkPresetNames(p *pass) {
	f, presets := p.presets()
	first := make(map[string]*yaml.Node)
	for _, n := range presets {
		v := get(n, "name")
		if v == nil || v.Kind != yaml.ScalarNode || v.Value == "" || f.hasMacro(v) {
			continue
		}
		if other := first[v.Value]; other != nil {
			p.reportf(f.at(v), "give it another name", "the preset %s is there twice; the first is in line %d", quote(v.Value), other.Line)
			continue
		}
		first[v.Value] = v
	}
}

func checkPresetAdd(p *pass) {
	f, presets := p.presets()
	for _, n := range presets {
		v := get(n, "add")
		if v == nil || v.ShortTag() == "!!null" {
			continue
		}
		if v.Kind != yaml.ScalarNode {
			p.reportf(f.at(v), "write it as text: add: |", "add is %s, not text", kindName(v))
			continue
		}
		docs, bad := decodeYAML([]byte(v.Value), 2)
		at := f.at(v)
		switch {
		case bad != nil:
			p.report(f.within(v, bad.line, bad.column), yamlHint(bad, ""), "what this preset adds "+bad.message)
		case len(docs) > 0 && docs[0].Kind != yaml.MappingNode:
			p.reportf(at, "it is a part of values.yaml", "what this preset adds is %s, not a mapping", kindName(docs[0]))
		case len(docs) > 1:
			p.report(at, "", "what this preset adds is more than one YAML document")
		}
	}
}

// within returns the place of a line of a text that is written as a block; of
// other texts, their beginning.
func (f *yamlFile) within(n *yaml.Node, line, column int) place {
	if n.Style&yaml.LiteralStyle == 0 {
		return f.at(n)
	}
	row := f.text(n.Line + line)
	var body string
	if rows := strings.Split(n.Value, "\n"); line <= len(rows) {
		body = rows[line-1]
	}
	indent := utf8.RuneCountInString(row) - utf8.RuneCountInString(body)
	return place{f.name, n.Line + line, max(indent, 0) + column}
}

const preselectedMark = "spectrocloud.com/enabled-presets:"

// checkPreselected reads the comment of values.yaml that says which presets are
// selected at first: GROUP:NAME, several of them with commas.
func checkPreselected(p *pass) {
	f := p.yaml(valuesFile)
	if f == nil || f.flaw != nil && f.flaw.unchecked {
		return
	}
	presets, list := p.presets()
	if presets == nil && p.yaml(presetsFile) != nil {
		return // presets-syntax
	}
	known := make(map[string]bool)
	var choices []string
	for _, n := range list {
		if name, group := get(n, "name"), get(n, "group"); name != nil && group != nil {
			known[group.Value+":"+name.Value] = true
			choices = append(choices, group.Value+":"+name.Value)
		}
	}
	for i := range f.begins() {
		before, after, found := strings.Cut(f.text(i+1), preselectedMark)
		if !found || strings.TrimSpace(before) != "#" {
			continue
		}
		column := utf8.RuneCountInString(before) + 1
		if len(choices) == 0 && strings.TrimSpace(after) != "" {
			p.report(place{valuesFile, i + 1, column}, "take the comment away, or add the presets", "presets are preselected, and the pack has none")
			continue
		}
		p.preselected(after, known, choices, place{valuesFile, i + 1, column + utf8.RuneCountInString(preselectedMark)})
	}
}

// preselected reports what a list, which begins at a place, names in vain.
func (p *pass) preselected(list string, known map[string]bool, choices []string, at place) {
	for choice := range strings.SplitSeq(list, ",") {
		if name := strings.TrimSpace(choice); name != "" && !known[name] {
			blanks := utf8.RuneCountInString(choice) - utf8.RuneCountInString(strings.TrimLeft(choice, " \t"))
			p.reportf(place{at.file, at.line, at.column + blanks}, didYouMean(suggest.Nearest(name, choices)), "%s is preselected, and no preset of the pack", quote(name))
		}
		at.column += utf8.RuneCountInString(choice) + 1
	}
}
