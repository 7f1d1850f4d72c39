package plainyaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits, beyond which the YAML library decides: of nested collections, and of
// the bytes of a key, which the library limits to 1024.
const (
	maxDepth = 100
	maxKey   = 1000
)

// Parse returns what one document holds, and nil for a document that holds
// nothing. Where ok is false nothing is known of the text. Text is valid UTF-8.
//
// Nodes have no Tag; ShortTag finds it when it is asked for. Comments are not
// kept.
func Parse(text []byte) (root *yaml.Node, ok bool) { return parse(text, false) }

// Skim is Parse for who looks only at the two upper levels: what lies below them
// is read, and not kept.
func Skim(text []byte) (root *yaml.Node, ok bool) { return parse(text, true) }

func parse(text []byte, skim bool) (root *yaml.Node, ok bool) {
	if !simple(text) {
		return nil, false
	}
	p := &parser{text: string(text), line: 1, skim: skim}
	if p.peek() && p.indent == 0 && p.isMark() {
		p.nextLine()
	}
	if !p.peek() {
		return nil, true
	}
	root = p.block()
	return root, root != nil && !p.peek()
}

// parser reads line by line. Its methods return nil where the library must
// decide; nothing is read after that.
type parser struct {
	text  string
	start int // offset of the line
	line  int // its number, from 1

	// What peek found.
	at     int // offset of the first character that is no space
	indent int // spaces before it

	depth int
	skim  bool
	waste yaml.Node // every node that is not kept
	slab  []yaml.Node
	lists []*yaml.Node
	stack []*yaml.Node // children of the collections that are being read
}

// peek moves to the next line that holds more than blanks and a comment. It
// returns false where there is none.
func (p *parser) peek() bool {
	for p.start < len(p.text) {
		at := p.spaces(p.start)
		if at < len(p.text) && p.text[at] != '\n' && p.text[at] != '#' {
			p.at, p.indent = at, at-p.start
			return true
		}
		p.nextLine()
	}
	return false
}

func (p *parser) nextLine() {
	p.start = min(p.end(p.start)+1, len(p.text))
	p.line++
}

// spaces returns the offset behind the spaces that begin at an offset.
func (p *parser) spaces(at int) int {
	for at < len(p.text) && p.text[at] == ' ' {
		at++
	}
	return at
}

// end returns the offset of the end of the line that holds an offset.
func (p *parser) end(at int) int {
	if i := strings.IndexByte(p.text[at:], '\n'); i >= 0 {
		return at + i
	}
	return len(p.text)
}

// isMark tells whether the line is the mark that begins a document.
func (p *parser) isMark() bool {
	return strings.TrimRight(p.text[p.start:p.end(p.start)], " ") == "---"
}

// ends tells whether an offset is behind the last character of a word: there is
// a space, or the line ends.
func (p *parser) ends(at int) bool {
	return at >= len(p.text) || p.text[at] == ' ' || p.text[at] == '\n'
}

func (p *parser) isDash(at int) bool { return p.text[at] == '-' && p.ends(at+1) }

// node returns a new node that begins at an offset of this line.
func (p *parser) node(kind yaml.Kind, at int) *yaml.Node {
	if !p.keeps() {
		return &p.waste
	}
	if len(p.slab) == 0 {
		p.slab = make([]yaml.Node, min(16+len(p.text)/32, 256))
	}
	n := &p.slab[0]
	p.slab = p.slab[1:]
	n.Kind, n.Line, n.Column = kind, p.line, at-p.start+1
	return n
}

// keeps tells whether nodes are kept at this depth.
func (p *parser) keeps() bool { return !p.skim || p.depth <= 2 }

// children takes from the stack what was pushed since it had a length.
func (p *parser) children(since int) []*yaml.Node {
	n := len(p.stack) - since
	if len(p.lists) < n {
		p.lists = make([]*yaml.Node, max(n, min(16+len(p.text)/32, 512)))
	}
	list := p.lists[:n:n]
	p.lists = p.lists[n:]
	copy(list, p.stack[since:])
	p.stack = p.stack[:since]
	return list
}

// block reads the collection that begins on the line that peek found.
func (p *parser) block() *yaml.Node {
	if p.isDash(p.at) {
		return p.sequence(p.indent)
	}
	return p.mapping(p.at, p.indent)
}

// mapping reads a mapping whose keys stand in a column, the first one at an
// offset of this line.
func (p *parser) mapping(at, column int) *yaml.Node {
	n, since := p.node(yaml.MappingNode, at), len(p.stack)
	if p.depth++; p.depth > maxDepth {
		return nil
	}
	for {
		colon := p.key(at)
		if colon < 0 {
			return nil
		}
		k := p.keyNode(at, colon)
		if k == nil {
			return nil
		}
		v := p.value(colon+1, column, true)
		if v == nil {
			return nil
		}
		if p.keeps() {
			p.stack = append(p.stack, k, v)
		}
		if !p.peek() || p.indent < column {
			break
		}
		if p.indent > column {
			return nil
		}
		at = p.at
	}
	n.Content = p.children(since)
	p.depth--
	return n
}

// key returns the offset of the colon behind the key at an offset of this line,
// or -1 where there is none.
func (p *parser) key(at int) int {
	line := p.text[:p.end(at)]
	if c := line[at]; c == '"' || c == '\'' {
		if i := strings.IndexByte(line[at+1:], c); i >= 0 {
			if colon := at + 1 + i + 1; colon < len(line) && line[colon] == ':' && p.ends(colon+1) {
				return colon
			}
		}
		return -1
	} else if indicates(c) {
		return -1
	}
	for from := at; ; {
		i := strings.IndexByte(line[from:], ':')
		if i < 0 {
			return -1
		}
		if from += i + 1; p.ends(from) {
			return from - 1
		}
	}
}

func (p *parser) keyNode(at, colon int) *yaml.Node {
	n, text := p.node(yaml.ScalarNode, at), p.text[at:colon]
	if len(text) > maxKey || !ascii(text) {
		return nil
	}
	switch text[0] {
	case '"':
		n.Style, text = yaml.DoubleQuotedStyle, text[1:len(text)-1]
		if strings.IndexByte(text, '\\') >= 0 {
			return nil
		}
	case '\'':
		n.Style, text = yaml.SingleQuotedStyle, text[1:len(text)-1]
	default:
		if text[len(text)-1] == ' ' || strings.Contains(text, " #") {
			return nil
		}
	}
	n.Value = text
	return n
}

// sequence reads a list whose dashes stand in a column, the first one on this
// line. It ends before a line in that column that has no dash.
func (p *parser) sequence(column int) *yaml.Node {
	n, since := p.node(yaml.SequenceNode, p.at), len(p.stack)
	if p.depth++; p.depth > maxDepth {
		return nil
	}
	for {
		item := p.item(p.at, column)
		if item == nil {
			return nil
		}
		if p.keeps() {
			p.stack = append(p.stack, item)
		}
		if !p.peek() || p.indent < column {
			break
		}
		if p.indent > column {
			return nil
		}
		if !p.isDash(p.at) {
			break
		}
	}
	n.Content = p.children(since)
	p.depth--
	return n
}

// item reads what follows a dash: often a mapping that begins on the same line.
func (p *parser) item(dash, column int) *yaml.Node {
	if at := p.spaces(dash + 1); at < len(p.text) && p.text[at] != '\n' && p.key(at) >= 0 {
		return p.mapping(at, at-p.start)
	}
	return p.value(dash+1, column, false)
}

// value reads what follows a colon or a dash. What belongs to it on further
// lines is indented more than parent is; only a list below a key need not be.
func (p *parser) value(from, parent int, ofKey bool) *yaml.Node {
	at := p.spaces(from)
	if at >= len(p.text) || p.text[at] == '\n' || p.text[at] == '#' {
		return p.below(from, parent, ofKey)
	}
	switch c := p.text[at]; {
	case c == '|':
		return p.literal(at, parent)
	case c == '"' || c == '\'':
		return p.quoted(at)
	case c == '[' || c == '{':
		return p.flow(at)
	case (c == '-' || c == '?' || c == ':') && !p.ends(at+1), !indicates(c):
		return p.plain(at, parent)
	}
	return nil
}

// below reads a value that stands on the lines below; where there is none it is
// null.
func (p *parser) below(from, parent int, ofKey bool) *yaml.Node {
	null := p.node(yaml.ScalarNode, from)
	p.nextLine()
	switch {
	case !p.peek():
	case p.indent > parent && (p.text[p.at] == '[' || p.text[p.at] == '{'):
		return p.flow(p.at)
	case p.indent > parent:
		return p.block()
	case ofKey && p.indent == parent && p.isDash(p.at):
		return p.sequence(parent)
	}
	return null
}
