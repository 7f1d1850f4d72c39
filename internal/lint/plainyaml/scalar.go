package plainyaml

import (
	"strings"

	"go.yaml.in/yaml/v3"
)

// plain reads a text without quotes. Lines that are indented more than parent
// belong to it.
func (p *parser) plain(at, parent int) *yaml.Node {
	n := p.node(yaml.ScalarNode, at)
	line := p.text[at:p.end(at)]
	comment := strings.Index(line, " #")
	if comment >= 0 {
		line = line[:comment]
	}
	n.Value = strings.TrimRight(line, " ")
	if hasColon(n.Value) {
		return nil
	}
	p.nextLine()
	if comment >= 0 {
		return n // a line that is indented more is a mistake now
	}
	var folded *strings.Builder
	for {
		blanks := p.blankLines()
		at := p.spaces(p.start)
		if at >= len(p.text) || at-p.start <= parent || p.text[at] == '#' {
			break
		}
		line := strings.TrimRight(p.text[at:p.end(at)], " ")
		if hasColon(line) || strings.Contains(line, " #") {
			return nil
		}
		p.nextLine()
		if !p.keeps() {
			continue
		}
		if folded == nil {
			folded = &strings.Builder{}
			folded.WriteString(n.Value)
		}
		fold(folded, blanks)
		folded.WriteString(line)
	}
	if folded != nil {
		n.Value = folded.String()
	}
	return n
}

// hasColon tells whether a line holds what would make a key of it.
func hasColon(line string) bool {
	for {
		i := strings.IndexByte(line, ':')
		if i < 0 {
			return false
		}
		if line = line[i+1:]; line == "" || line[0] == ' ' {
			return true
		}
	}
}

// blankLines passes over lines of spaces, and counts them.
func (p *parser) blankLines() (n int) {
	for ; p.start < len(p.text); n++ {
		if at := p.spaces(p.start); at < len(p.text) && p.text[at] != '\n' {
			return n
		}
		p.nextLine()
	}
	return n
}

// fold writes what the end of a line and the blank lines behind it mean.
func fold(to *strings.Builder, blanks int) {
	if blanks == 0 {
		to.WriteByte(' ')
	}
	for range blanks {
		to.WriteByte('\n')
	}
}

// quoted reads a text in quotes, which may run over lines: the library does not
// mind how those are indented.
func (p *parser) quoted(at int) *yaml.Node {
	n, quote := p.node(yaml.ScalarNode, at), p.text[at]
	n.Style = quotedStyle(quote)
	var folded strings.Builder
	for at++; ; {
		end := p.end(at)
		line := p.text[at:end]
		text, size := piece(line, quote)
		if size < 0 {
			return nil
		}
		if size < len(line) { // there stands the quote that closes it
			if n.Value = text; folded.Len() > 0 {
				folded.WriteString(text)
				n.Value = folded.String()
			}
			if !p.onlyComment(at+size+1, end) {
				return nil
			}
			p.nextLine()
			return n
		}
		folded.WriteString(text)
		p.nextLine()
		if blanks := p.blankLines(); blanks > 0 || size == len(line) {
			fold(&folded, blanks)
		}
		if at = p.spaces(p.start); at >= len(p.text) || at == p.start {
			return nil
		}
	}
}

func quotedStyle(quote byte) yaml.Style {
	if quote == '\'' {
		return yaml.SingleQuotedStyle
	}
	return yaml.DoubleQuotedStyle
}

// piece returns the text that a line of a quoted scalar holds, and the place of
// the quote that closes it. Where none does, the place is the length of the line,
// or one more if the line ends in a backslash, which joins the next one to it. It
// is negative for what only the library knows.
func piece(line string, quote byte) (text string, size int) {
	if quote == '\'' {
		size = closing(line)
		text = line[:size]
		if size == len(line) {
			text = strings.TrimRight(text, " ")
		}
		if strings.IndexByte(text, '\'') >= 0 {
			text = strings.ReplaceAll(text, "''", "'")
		}
		return text, size
	}
	size = strings.IndexAny(line, `"\`)
	switch {
	case size < 0:
		return strings.TrimRight(line, " "), len(line)
	case line[size] == '"':
		return line[:size], size
	}
	return escaped(line)
}

// closing returns the place of the single quote that ends a text, or the length
// of the line.
func closing(line string) int {
	for from := 0; ; from += 2 {
		i := strings.IndexByte(line[from:], '\'')
		if i < 0 {
			return len(line)
		}
		if from += i; from+1 >= len(line) || line[from+1] != '\'' {
			return from
		}
	}
}

// escapes are those that people write; the library knows more.
var escapes = map[byte]byte{'"': '"', '\\': '\\', ' ': ' ', 'n': '\n', 't': '\t', 'r': '\r'}

// escaped is piece for a line in double quotes that holds a backslash.
func escaped(line string) (text string, size int) {
	var b strings.Builder
	kept := 0 // bytes that are no blanks at the end
	for size < len(line) && line[size] != '"' {
		c := line[size]
		if c != '\\' {
			b.WriteByte(c)
			if size++; c != ' ' {
				kept = b.Len()
			}
			continue
		}
		if size+1 == len(line) {
			return b.String(), len(line) + 1
		}
		c, ok := escapes[line[size+1]]
		if !ok {
			return "", -1
		}
		b.WriteByte(c)
		kept = b.Len()
		size += 2
	}
	if text = b.String(); size == len(line) {
		text = text[:kept]
	}
	return text, size
}

// onlyComment tells whether nothing but blanks, or a comment behind a blank,
// stands between two offsets.
func (p *parser) onlyComment(from, to int) bool {
	rest := strings.TrimLeft(p.text[from:to], " ")
	return rest == "" || rest[0] == '#' && len(rest) < to-from
}

// literal reads a block behind |, |- or |+.
func (p *parser) literal(at, parent int) *yaml.Node {
	n := p.node(yaml.ScalarNode, at)
	n.Style = yaml.LiteralStyle
	header, chomp := at+1, byte(0)
	if header < len(p.text) && (p.text[header] == '-' || p.text[header] == '+') {
		chomp = p.text[header]
		header++
	}
	if p.text[len(p.text)-1] != '\n' || !p.onlyComment(header, p.end(header)) {
		return nil
	}
	p.nextLine()
	indent := p.literalIndent()
	if indent <= parent {
		return nil
	}
	var text strings.Builder
	pending := 0 // ends of lines that are only written if more follows
	for ; p.start < len(p.text); p.nextLine() {
		first, end := p.spaces(p.start), p.end(p.start)
		if first-p.start < indent && first < end {
			break
		}
		if first == end && first-p.start <= indent {
			pending++
			continue
		}
		if !p.keeps() {
			continue
		}
		for range pending {
			text.WriteByte('\n')
		}
		text.WriteString(p.text[p.start+indent : end])
		pending = 1
	}
	switch chomp {
	case '-':
		pending = 0
	case 0:
		pending = 1
	}
	for range pending {
		text.WriteByte('\n')
	}
	n.Value = text.String()
	return n
}

// literalIndent returns the indentation of the first line of a block that is not
// blank; 0 where there is none, or a blank line before it is longer.
func (p *parser) literalIndent() int {
	longest := 0
	for start := p.start; start < len(p.text); start = p.end(start) + 1 {
		at := p.spaces(start)
		if at < len(p.text) && p.text[at] != '\n' {
			if at-start < longest {
				return 0
			}
			return at - start
		}
		longest = max(longest, at-start)
	}
	return 0
}

// flow reads {}, or a list of simple scalars in brackets, on one line.
func (p *parser) flow(at int) *yaml.Node {
	end := p.end(at)
	line := p.text[:end]
	if line[at] == '{' {
		closed := p.spaces(at + 1)
		if closed >= end || line[closed] != '}' || !p.onlyComment(closed+1, end) {
			return nil
		}
		n := p.node(yaml.MappingNode, at)
		n.Style = yaml.FlowStyle
		p.nextLine()
		return n
	}
	if !ascii(line[at:]) {
		return nil
	}
	n, since := p.node(yaml.SequenceNode, at), len(p.stack)
	n.Style = yaml.FlowStyle
	for at = p.spaces(at + 1); at < end && line[at] != ']'; {
		item, behind := p.flowItem(at, end)
		if item == nil {
			return nil
		}
		p.stack = append(p.stack, item)
		at = p.spaces(behind)
		if at < end && line[at] == ',' {
			at = p.spaces(at + 1)
		} else if at < end && line[at] != ']' {
			return nil
		}
	}
	if at >= end || !p.onlyComment(at+1, end) {
		return nil
	}
	n.Content = p.children(since)
	p.nextLine()
	return n
}

// flowItem reads one scalar of a list in brackets, and returns the offset behind
// it.
func (p *parser) flowItem(at, end int) (n *yaml.Node, behind int) {
	n = p.node(yaml.ScalarNode, at)
	if c := p.text[at]; c == '"' || c == '\'' {
		i := strings.IndexByte(p.text[at+1:end], c)
		if i < 0 {
			return nil, 0
		}
		n.Value, behind = p.text[at+1:at+1+i], at+i+2
		n.Style = quotedStyle(c)
		if strings.IndexByte(n.Value, '\\') >= 0 && c == '"' || behind < end && strings.IndexByte(" ,]", p.text[behind]) < 0 {
			return nil, 0
		}
		return n, behind
	}
	behind = at
	for behind < end && wordBytes[p.text[behind]] {
		behind++
	}
	if behind == at || p.text[at] == '-' {
		return nil, 0
	}
	n.Value = p.text[at:behind]
	return n, behind
}
