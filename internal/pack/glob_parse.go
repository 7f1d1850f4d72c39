package pack

import (
	"cmp"
	"strings"
)

// parseGlob compiles a pattern. A pattern can be wrong, so that it matches nothing.
func parseGlob(text string) (g glob, wrong string) {
	p := globParser{text: text}
	for p.at < len(p.text) {
		if !p.token() {
			return glob{}, p.wrong
		}
	}
	g.tokens = p.tokens
	n := 0
	for n < len(g.tokens) && g.tokens[n].kind == exactly {
		n++
	}
	g.prefix, g.tokens = chars(g.tokens[:n]), g.tokens[n:]
	if len(g.tokens) > 0 && g.tokens[0].kind == star {
		g.suffix = chars(g.tokens[1:])
		g.bySuffix = len(g.suffix) == len(g.tokens)-1
	}
	return g, ""
}

// chars returns the text that tokens match exactly, up to the first other one.
func chars(tokens []token) string {
	var b strings.Builder
	for i := range tokens {
		if tokens[i].kind != exactly {
			break
		}
		b.WriteByte(tokens[i].char)
	}
	return b.String()
}

type globParser struct {
	text   string
	at     int
	tokens []token
	wrong  string
}

// peek returns the byte n places on, 0 behind the end: patterns hold no zero byte.
func (p *globParser) peek(n int) byte {
	if p.at+n >= len(p.text) {
		return 0
	}
	return p.text[p.at+n]
}

func (p *globParser) add(t token) { p.tokens = append(p.tokens, t) }

func (p *globParser) token() bool {
	c := p.peek(0)
	p.at++
	switch c {
	case '*':
		p.stars()
	case '?':
		set := &byteSet{}
		set.invert()
		set.remove('/')
		p.add(token{kind: oneOf, set: set})
	case '[':
		return p.bracket()
	case '\\':
		c = p.peek(0)
		p.at++
		if c == 0 {
			p.wrong = "nothing after its last backslash"
			return false
		}
		p.add(token{kind: exactly, char: c})
	default:
		p.add(token{kind: exactly, char: c})
	}
	return true
}

// stars reads what follows a first star. Two or more mean folders at any
// depth, but only where they fill a whole part of the path.
func (p *globParser) stars() {
	first := p.at - 1
	for p.peek(0) == '*' {
		p.at++
	}
	begins := first == 0 || p.text[first-1] == '/'
	next := p.peek(0)
	switch {
	case p.at-first == 1 || !begins:
		p.add(token{kind: star})
	case next == '/':
		p.at++
		p.add(token{kind: option})
		p.add(token{kind: toSlash})
	case next == 0, next == '\\' && p.peek(1) == '/':
		p.add(token{kind: deep})
	default:
		p.add(token{kind: star})
	}
}

// bracket reads a set of bytes, after its "[".
func (p *globParser) bracket() bool {
	set := &byteSet{}
	negated := p.peek(0) == '!' || p.peek(0) == '^'
	if negated {
		p.at++
	}
	from := byte(0) // where a range may begin
	for first := true; first || p.peek(0) != ']'; first = false {
		var ok bool
		if from, ok = p.member(set, from); !ok {
			p.wrong = cmp.Or(p.wrong, "a [ without its ]")
			return false
		}
	}
	p.at++
	if negated {
		set.invert()
	}
	set.remove('/')
	p.add(token{kind: oneOf, set: set})
	return true
}

// member reads one member of a bracket: a byte, the end of a range that begins
// at from, a class. It returns where the next range may begin, 0 for nowhere.
func (p *globParser) member(set *byteSet, from byte) (byte, bool) {
	c := p.peek(0)
	p.at++
	switch next := p.peek(0); {
	case c == '\\':
		c = next
		p.at++
	case c == '-' && from != 0 && next != 0 && next != ']':
		p.at++
		if next == '\\' {
			next = p.peek(0)
			p.at++
		}
		set.add(from, next)
		return 0, next != 0
	case c == '[' && next == ':':
		if name, ok := p.className(); ok {
			if !addClass(set, name) {
				p.wrong = "no class [:" + name + ":]"
				return 0, false
			}
			return 0, true
		}
	}
	set.add(c, c)
	return c, c != 0
}

// className reads the name of a class after its "[", up to and with ":]". Where
// no class follows, nothing is read and the "[" means itself.
func (p *globParser) className() (string, bool) {
	inside := p.text[p.at+1:]
	end := strings.IndexByte(inside, ']')
	if end < 1 || inside[end-1] != ':' {
		return "", false
	}
	p.at += end + 2
	return inside[:end-1], true
}

// addClass adds the ASCII characters of a class; ok is false for an unknown one.
func addClass(set *byteSet, name string) bool {
	ranges, ok := map[string]string{
		"alnum": "09AZaz", "alpha": "AZaz", "blank": "  \t\t", "cntrl": "\x00\x1f\x7f\x7f",
		"digit": "09", "graph": "!~", "lower": "az", "print": " ~", "punct": "!/:@[`{~",
		"space": "  \t\n\r\r", "upper": "AZ", "xdigit": "09AFaf",
	}[name]
	for ; ranges != ""; ranges = ranges[2:] {
		set.add(ranges[0], ranges[1])
	}
	return ok
}
