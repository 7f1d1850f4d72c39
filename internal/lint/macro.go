package lint

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// macro is a {{ … }} in a text: Palette puts a value in its place, or Helm does.
type macro struct {
	line, column int // of the first brace
	text         string
	open         bool // it is never closed; text is the rest of its line
}

// Limits of what counts as a macro.
const (
	maxMacros     = 10_000 // in one file: further ones are masked, and not looked at
	maxOpen       = 1000   // that are never closed: further ones count as text
	maxMacroBytes = 4096
	maxMacroLines = 20
)

// masker replaces macros by text of the same shape, so that YAML can be read
// although macros stand in it, and every place stays where it was.
type masker struct {
	data   []byte
	pos    int
	out    bytes.Buffer
	macros []macro
	opened int

	line, column int
	quote        byte // that is open on this line, outside of macros
	comment      bool // the rest of this line is a comment
	last         byte // the character before, on this line; a blank at its beginning
}

// maskMacros returns data with placeholders for macros, and the macros outside
// of comments. A line that holds nothing but macros becomes blank, because what
// stands there may yield any number of lines; elsewhere each character becomes
// a letter.
func maskMacros(data []byte) ([]byte, []macro) {
	if !bytes.Contains(data, []byte("{{")) {
		return data, nil
	}
	m := &masker{data: data, line: 1, column: 1, last: ' '}
	m.out.Grow(len(data))
	for m.pos < len(data) {
		if m.column == 1 && m.plainLine() {
			continue
		}
		if data[m.pos] == '{' && bytes.HasPrefix(data[m.pos:], []byte("{{")) && m.opened < maxOpen {
			m.macro()
			continue
		}
		r, size := utf8.DecodeRune(data[m.pos:])
		m.out.Write(data[m.pos : m.pos+size])
		m.pos += size
		m.step(r)
	}
	return settle(m.out.Bytes()), m.macros
}

// plainLine passes over a line without braces: what is open on a line ends with it.
func (m *masker) plainLine() bool {
	size := bytes.IndexByte(m.data[m.pos:], '\n') + 1
	if size == 0 {
		size = len(m.data) - m.pos
	}
	row := m.data[m.pos : m.pos+size]
	if bytes.Contains(row, []byte("{{")) {
		return false
	}
	m.out.Write(row)
	m.pos += size
	m.line++
	return true
}

// step keeps track of line, column, quotes and comments.
func (m *masker) step(r rune) {
	m.column++
	c := byte('a')
	if r < utf8.RuneSelf {
		c = byte(r & 0x7f)
	}
	blank := m.last == ' ' || m.last == '\t'
	switch {
	case c == '\n':
		m.line++
		m.column, m.quote, m.comment, c = 1, 0, false, ' '
	case m.comment:
	case m.quote != 0:
		if c == m.quote {
			m.quote = 0
		}
	case c == '#' && blank:
		m.comment = true
	case c == '"' || c == '\'':
		// An apostrophe within a word is no quote.
		if blank || strings.IndexByte("[{,:-", m.last) >= 0 {
			m.quote = c
		}
	}
	m.last = c
}

// macro masks the macro that begins here, if it is one.
func (m *masker) macro() {
	found := macro{line: m.line, column: m.column}
	comment := m.comment
	end := m.end()
	if end < 0 {
		m.opened++
		rest, _, _ := bytes.Cut(m.data[m.pos:min(len(m.data), m.pos+maxMacroBytes)], []byte("\n"))
		found.text, found.open = string(rest), true
		m.add(found, comment)
		m.out.WriteString("{{")
		m.pos += 2
		m.column += 2
		m.last = '{'
		return
	}
	found.text = string(m.data[m.pos:end])
	m.add(found, comment)
	for m.pos < end {
		r, size := utf8.DecodeRune(m.data[m.pos:])
		m.pos += size
		m.column++
		switch r {
		case '\n':
			m.line++
			m.column = 1
			m.out.WriteByte('\n')
		case ' ', '\t', '\r':
			m.out.WriteRune(r)
		default:
			m.out.WriteByte(0)
		}
	}
	m.last = '}'
}

func (m *masker) add(found macro, comment bool) {
	if !comment && len(m.macros) < maxMacros {
		m.macros = append(m.macros, found)
	}
}

// end returns the offset behind the braces that close the macro at m.pos, or -1.
// Strings in a macro may hold braces. A macro in a comment ends with its line.
func (m *masker) end() int {
	limit := min(len(m.data), m.pos+maxMacroBytes)
	newlines := 0
	var quote byte
	for i := m.pos + 2; i < limit; i++ {
		c := m.data[i]
		switch {
		case c == '\n':
			if newlines++; m.comment || newlines > maxMacroLines || quote == '"' {
				return m.endOnLine()
			}
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`':
			quote = c
		case c == '}' && i+1 < limit && m.data[i+1] == '}':
			return i + 2
		}
	}
	return m.endOnLine()
}

// endOnLine finds closing braces on the line, whatever quotes say.
func (m *masker) endOnLine() int {
	rest, _, _ := bytes.Cut(m.data[m.pos+2:min(len(m.data), m.pos+maxMacroBytes)], []byte("\n"))
	i := bytes.Index(rest, []byte("}}"))
	if i < 0 {
		return -1
	}
	return m.pos + 2 + i + 2
}

// settle turns the NULs of masked macros into blanks on lines that hold nothing
// else, and into letters elsewhere.
func settle(text []byte) []byte {
	for from := 0; from < len(text); {
		to := bytes.IndexByte(text[from:], '\n')
		if to < 0 {
			to = len(text) - from
		}
		row := text[from : from+to]
		from += to + 1
		if bytes.IndexByte(row, 0) < 0 {
			continue
		}
		fill := byte('x')
		if len(bytes.Trim(row, "\x00 \t\r")) == 0 {
			fill = ' '
		}
		for i, c := range row {
			if c == 0 {
				row[i] = fill
			}
		}
	}
	return text
}
