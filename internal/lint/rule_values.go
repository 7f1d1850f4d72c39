package lint

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

var valuesRules = []Rule{
	{ID: "values-syntax", Severity: Error, Summary: "values.yaml is not one YAML mapping", check: checkValuesSyntax},
	{ID: "values-duplicate-key", Severity: Error, Summary: "a key stands twice in one mapping of values.yaml", check: checkValuesKeys},
	{ID: "values-duplicate-item", Severity: Warning, Summary: "an item stands twice in one list of a chart's values", check: checkValuesItems},
	{ID: "values-tabs", Severity: Error, Summary: "values.yaml is indented with tabs", check: checkValuesTabs},
	{ID: "values-indent", Severity: Warning, Summary: "values.yaml is indented by an odd number of spaces", check: checkValuesIndent},
	{ID: "trailing-space", Severity: Off, Summary: "a line of values.yaml ends in blanks", check: checkTrailingSpace},
	{ID: "macro-syntax", Severity: Error, Summary: "a Palette macro is not closed, or begins with an unknown word", check: checkMacros},
}

func checkValuesSyntax(p *pass) {
	f := p.yaml(valuesFile)
	switch {
	case f == nil:
	case f.flaw != nil:
		p.flaw(valuesFile, f.flaw)
	case f.root != nil && f.root.Kind != yaml.MappingNode:
		p.reportf(f.at(f.root), "it holds pack:, and charts: or manifests:", "values.yaml is %s, not a mapping", kindName(f.root))
	}
}

// visit calls see for a node and all that it holds, but for what aliases name.
// path is how the node is reached, as in charts.nginx.image.
func visit(n *yaml.Node, path string, see func(n *yaml.Node, path string)) {
	if n == nil {
		return
	}
	see(n, path)
	switch n.Kind {
	case yaml.MappingNode:
		for k, v := range pairs(n) {
			visit(k, path, see)
			visit(v, join(path, k.Value), see)
		}
	case yaml.SequenceNode:
		for _, item := range n.Content {
			visit(item, path, see)
		}
	}
}

const maxPath = 200 // bytes of a path in a message

func join(path, key string) string {
	switch {
	case len(path) > maxPath:
		return path
	case path == "":
		return key
	}
	return path + "." + key
}

func checkValuesKeys(p *pass) {
	f := p.values()
	if f == nil {
		return
	}
	visit(f.root, "", func(n *yaml.Node, path string) {
		if n.Kind != yaml.MappingNode {
			return
		}
		first := make(map[string]*yaml.Node, len(n.Content)/2)
		for k := range pairs(n) {
			if k.Kind != yaml.ScalarNode || f.hasMacro(k) {
				continue
			}
			if other := first[k.Value]; other != nil {
				p.reportf(f.at(k), "keep one of them: some programs take the last one, others none", "%s stands twice%s; the first is in line %d", quote(k.Value), below(path), other.Line)
				continue
			}
			first[k.Value] = k
		}
	})
}

func below(path string) string {
	if path == "" {
		return ""
	}
	return " below " + path
}

// checkValuesItems looks only at what charts get: lists that Palette itself
// reads have rules of their own.
func checkValuesItems(p *pass) {
	f := p.values()
	if f == nil {
		return
	}
	for _, c := range p.listedCharts() {
		visit(get(get(f.root, "charts"), c.name), "charts."+c.name, func(n *yaml.Node, path string) {
			if n.Kind != yaml.SequenceNode {
				return
			}
			first := make(map[string]*yaml.Node, len(n.Content))
			for _, item := range n.Content {
				text := canonical(item, 0)
				if other := first[text]; other != nil {
					p.reportf(f.at(item), "", "the list %s holds the same item twice; the first is in line %d", path, other.Line)
					continue
				}
				first[text] = item
			}
		})
	}
}

// canonical writes a node so that equal ones have equal text, order of keys
// included.
func canonical(n *yaml.Node, depth int) string {
	if n.Kind == yaml.AliasNode {
		return "*" + n.Value
	}
	if n.Kind == yaml.ScalarNode || depth > 50 {
		return fmt.Sprintf("%s %q", n.ShortTag(), n.Value)
	}
	parts := make([]string, len(n.Content))
	for i, c := range n.Content {
		parts[i] = canonical(c, depth+1)
	}
	return fmt.Sprintf("%d(%s)", n.Kind, strings.Join(parts, ","))
}

// checkValuesTabs looks for the tab that makes the file no YAML, and for lines
// that YAML allows to begin with one: within brackets and braces. In a text that
// runs over lines a tab may stand.
func checkValuesTabs(p *pass) {
	f := p.yaml(valuesFile)
	switch {
	case f == nil:
	case f.flaw != nil:
		for line := f.flaw.line; line > 0 && line <= f.flaw.line+1; line++ {
			if column := tabIn(f.text(line)); column > 0 {
				p.report(place{valuesFile, line, column}, "YAML indents with spaces", "this line is indented with a tab")
				return
			}
		}
	default:
		for _, line := range f.nodeLines(true) {
			if column := tabIn(f.text(line)); column > 0 {
				p.report(place{valuesFile, line, column}, "YAML indents with spaces", "this line is indented with a tab").Severity = Warning
			}
		}
	}
}

// tabIn returns the column of a tab in a line's indentation, or 0.
func tabIn(row string) int {
	return strings.IndexByte(row[:len(row)-len(strings.TrimLeft(row, " \t"))], '\t') + 1
}

// nodeLines returns the lines on which something begins, sorted; flow says
// whether within brackets and braces too.
func (f *yamlFile) nodeLines(flow bool) []int {
	var found []int
	var walk func(n *yaml.Node)
	walk = func(n *yaml.Node) {
		found = append(found, n.Line)
		if n.Style&yaml.FlowStyle != 0 && !flow {
			return
		}
		for i, c := range n.Content {
			if n.Kind == yaml.MappingNode && i%2 == 1 && c.Line != n.Content[i-1].Line && c.Kind == yaml.ScalarNode && !flow {
				continue // a text on the line below its key
			}
			walk(c)
		}
	}
	if f.root != nil {
		walk(f.root)
	}
	slices.Sort(found)
	return slices.Compact(found)
}

func checkValuesIndent(p *pass) {
	f := p.values()
	if f == nil {
		return
	}
	count, first := 0, 0
	for _, line := range f.nodeLines(false) {
		if row := f.text(line); indentOf(row)%2 == 1 {
			if count++; count == 1 {
				first = line
			}
		}
	}
	if count > 0 {
		at := place{valuesFile, first, indentOf(f.text(first)) + 1}
		p.reportf(at, "indent by two spaces", "%s indented by an odd number of spaces, this one first", are(count))
	}
}

func are(n int) string {
	if n == 1 {
		return "1 line is"
	}
	return fmt.Sprintf("%d lines are", n)
}

func indentOf(row string) int { return len(row) - len(strings.TrimLeft(row, " ")) }

func checkTrailingSpace(p *pass) {
	f := p.yaml(valuesFile)
	if f == nil {
		return
	}
	for i := range f.begins() {
		row := f.text(i + 1)
		if kept := strings.TrimRight(row, " \t"); kept != row && utf8.ValidString(kept) {
			p.report(place{valuesFile, i + 1, utf8.RuneCountInString(kept) + 1}, "", "this line ends in blanks")
		}
	}
}
