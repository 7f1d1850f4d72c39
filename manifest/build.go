package manifest

import (
	"math"

	"go.yaml.in/yaml/v3"
)

const (
	maxDepth     = 64     // of nesting: nothing in a catalog needs more than a dozen
	maxExpansion = 100000 // values that aliases may add, as if each were written out

	nullTag  = "!!null"
	boolTag  = "!!bool"
	intTag   = "!!int"
	floatTag = "!!float"
	strTag   = "!!str"
	mergeTag = "!!merge"
)

// builder makes values from the nodes of a document.
type builder struct {
	report *report
	values map[*yaml.Node]*value // behind anchors, which aliases share
}

// build turns a document into values: aliases point to what they name, merge
// keys are merged, and what a catalog cannot hold is reported. It returns nil
// where nothing can be read.
func build(r *report, root *yaml.Node) *value {
	s := sizer{sizes: map[*yaml.Node]float64{}, heaviest: root}
	whole := s.size(root, 0)
	switch {
	case s.cycle != nil:
		r.errorf(place(s.cycle), "an anchor cannot stand for what it is in", "alias *%s is inside of its own anchor", s.cycle.Value)
		return nil
	case s.deep != nil:
		r.fail(place(s.deep), ErrTooLarge, "", "is nested too deeply: more than %d levels", maxDepth)
		return nil
	case whole-s.plain > maxExpansion:
		r.fail(place(s.heaviest), ErrTooLarge, "write less of it with anchors", "aliases stand for more than %d values", maxExpansion)
		return nil
	}
	b := &builder{report: r, values: map[*yaml.Node]*value{}}
	return b.value(root)
}

func place(n *yaml.Node) Position { return Position{Line: n.Line, Column: n.Column} }

// sizer counts the values of a document as it stands and as if every alias
// were written out, without writing any out.
type sizer struct {
	sizes       map[*yaml.Node]float64 // of nodes behind anchors, written out; NaN while one is counted
	plain       float64                // values as they stand
	cycle, deep *yaml.Node             // the first alias in its own anchor; the first node below maxDepth
	heaviest    *yaml.Node             // the alias that stands for the most values
}

// size returns how many values n stands for. It ends early where cycle or deep is found.
func (s *sizer) size(n *yaml.Node, depth int) float64 {
	if s.cycle != nil || s.deep != nil {
		return 0
	}
	if depth > maxDepth {
		s.deep = n
		return 0
	}
	s.plain++
	if n.Kind == yaml.AliasNode {
		return s.alias(n)
	}
	if n.Anchor != "" {
		s.sizes[n] = math.NaN()
	}
	whole := 1.0
	for _, child := range n.Content {
		whole += s.size(child, depth+1)
	}
	if n.Anchor != "" {
		s.sizes[n] = whole
	}
	return whole
}

func (s *sizer) alias(n *yaml.Node) float64 {
	whole := s.sizes[n.Alias]
	if math.IsNaN(whole) {
		s.cycle = n
		return 0
	}
	if s.heaviest.Kind != yaml.AliasNode || whole > s.sizes[s.heaviest.Alias] {
		s.heaviest = n
	}
	return whole
}

func (b *builder) value(n *yaml.Node) *value {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if v, ok := b.values[n]; ok {
		return v
	}
	v := &value{pos: place(n)}
	if n.Anchor != "" {
		b.values[n] = v
	}
	b.tag(v, n)
	switch n.Kind {
	case yaml.MappingNode:
		v.kind = mapping
		b.mapping(v, n)
	case yaml.SequenceNode:
		v.kind = list
		v.items = make([]*value, len(n.Content))
		for i, item := range n.Content {
			v.items[i] = b.value(item)
		}
	case yaml.ScalarNode, yaml.DocumentNode, yaml.AliasNode:
		b.scalar(v, n)
	}
	return v
}

// scalar takes the text as it is written: a field that holds text keeps off,
// 012 and 1.10 as they stand.
func (b *builder) scalar(v *value, n *yaml.Node) {
	v.raw, v.text, v.tag = n.Value, n.Value, n.ShortTag()
	v.quoted = n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0
	v.kind = scalar
	if v.tag == nullTag {
		v.kind = null
	}
}

// tag refuses tags that mean more than YAML's own types.
func (b *builder) tag(v *value, n *yaml.Node) {
	switch n.ShortTag() {
	case nullTag, boolTag, intTag, floatTag, strTag, mergeTag, "!!timestamp", "!!map", "!!seq":
	default:
		b.report.errorf(v.pos, "leave it out: a catalog holds plain texts, numbers, lists and mappings", "tag %s has no meaning here", n.Tag)
		v.wrong = true
	}
}

func (b *builder) mapping(v *value, n *yaml.Node) {
	first := make(map[string]Position, len(n.Content)/2)
	var merges []*yaml.Node
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, content := n.Content[i], n.Content[i+1]
		if key.Kind == yaml.AliasNode {
			key = key.Alias
		}
		if key.Kind != yaml.ScalarNode {
			b.report.errorf(place(n.Content[i]), "a key is plain text", "a list or mapping cannot be a key")
			continue
		}
		if key.ShortTag() == mergeTag {
			merges = append(merges, content)
			continue
		}
		at := place(n.Content[i])
		if before, ok := first[key.Value]; ok {
			b.report.errorf(at, "keep one of them", "key %s is there twice: first in line %d", quote(key.Value), before.Line)
			continue
		}
		first[key.Value] = at
		v.members = append(v.members, member{key: key.Value, pos: at, value: b.value(content)})
	}
	for _, m := range merges {
		b.merge(v, m, first)
	}
}

// merge adds the members of what stands behind <<. A key that is there already
// wins; of several mappings, the earlier one.
func (b *builder) merge(v *value, n *yaml.Node, have map[string]Position) {
	from := b.value(n)
	sources := []*value{from}
	if from.kind == list {
		sources = from.items
	}
	for _, source := range sources {
		if source.kind != mapping {
			b.report.errorf(place(n), "as in <<: *anchor, or <<: [*one, *two]", "<< takes a mapping, or a list of mappings")
			continue
		}
		for _, m := range source.members {
			if _, ok := have[m.key]; !ok {
				have[m.key] = m.pos
				v.members = append(v.members, m)
			}
		}
	}
}
