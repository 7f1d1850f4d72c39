package pack

import (
	"math/bits"
	"strings"
)

// glob is a shell pattern with gitignore's meaning, matched byte by byte: "*",
// "?" and "[…]" never match "/", and a "**" that is a whole part of a path
// matches any number of parts. It is matched as a set of states, so that the
// time is bounded by the lengths of pattern and path, whatever the pattern.
type glob struct {
	prefix string // the literal beginning
	tokens []token
	suffix string // with bySuffix, what follows the one star that tokens begin with
	// bySuffix is set for patterns such as *.md, which need no states.
	bySuffix bool
}

type tokenKind byte

const (
	exactly tokenKind = iota + 1 // this byte
	oneOf                        // a byte of the set
	star                         // bytes other than "/", or nothing
	deep                         // any bytes, or nothing
	toSlash                      // any bytes, then "/"
	option                       // the next token, or nothing
)

type token struct {
	kind tokenKind
	char byte
	set  *byteSet
}

// stateSets are the tokens that are reached before and after a byte, as bits.
type stateSets struct {
	now, next []uint64
	steps     int // that were taken, for all paths
}

// maxGlobSteps bounds the work of matching for one pack: some seconds. A
// hundred patterns on ten thousand files take a hundredth of it.
const maxGlobSteps = 1 << 30

// matches tells whether the whole text matches.
func (g *glob) matches(text string, s *stateSets) bool {
	text, ok := strings.CutPrefix(text, g.prefix)
	if !ok {
		return false
	}
	if g.bySuffix {
		middle, ok := strings.CutSuffix(text, g.suffix)
		return ok && !strings.Contains(middle, "/")
	}
	words := len(g.tokens)/64 + 1
	s.now, s.next = cleared(s.now, words), cleared(s.next, words)
	g.enter(s.now, 0)
	for i := range len(text) {
		if s.steps > maxGlobSteps {
			return false // whoever asked looks at steps
		}
		g.step(s, text[i])
		s.now, s.next = s.next, s.now
		clear(s.next)
	}
	end := len(g.tokens)
	return s.now[end/64]>>(end%64)&1 == 1
}

func cleared(set []uint64, words int) []uint64 {
	if cap(set) < words {
		return make([]uint64, words)
	}
	set = set[:words]
	clear(set)
	return set
}

// enter adds a token, and those after it that are reached without a byte.
func (g *glob) enter(set []uint64, i int) {
	for {
		if set[i/64]>>(i%64)&1 == 1 {
			return
		}
		set[i/64] |= 1 << (i % 64)
		if i == len(g.tokens) {
			return
		}
		switch g.tokens[i].kind {
		case star, deep:
			i++
		case option:
			g.enter(set, i+1)
			i += 2
		default:
			return
		}
	}
}

// step takes the text's next byte.
func (g *glob) step(s *stateSets, c byte) {
	for w, word := range s.now {
		for ; word != 0; word &= word - 1 {
			i := w*64 + bits.TrailingZeros64(word)
			if i == len(g.tokens) {
				return // the text goes on after the pattern's end
			}
			s.steps++
			t := &g.tokens[i]
			if t.stays(c) {
				g.enter(s.next, i)
			}
			if t.goesOn(c) {
				g.enter(s.next, i+1)
			}
		}
	}
}

func (t *token) stays(c byte) bool {
	return t.kind == deep || t.kind == toSlash || t.kind == star && c != '/'
}

func (t *token) goesOn(c byte) bool {
	switch t.kind {
	case exactly:
		return t.char == c
	case oneOf:
		return t.set.has(c)
	case toSlash:
		return c == '/'
	}
	return false
}

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) has(c byte) bool { return s[c/64]>>(c%64)&1 == 1 }

func (s *byteSet) add(from, to byte) {
	for c := int(from); c <= int(to); c++ {
		s[c/64] |= 1 << (c % 64)
	}
}

func (s *byteSet) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

func (s *byteSet) remove(c byte) { s[c/64] &^= 1 << (c % 64) }
