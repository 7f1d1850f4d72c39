package ptytest

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// Screen is what a terminal shows after some output: the lines, without the
// empty ones at the end. It knows what progress bars use: line breaks, carriage
// returns, moving up, clearing a line or the rest of the screen. Colours and
// other codes are passed over. Lines are not broken at a width.
func Screen(output string) []string {
	s := &screen{}
	for i := 0; i < len(output); {
		i += s.next(output[i:])
	}
	for len(s.lines) > 0 && strings.TrimRight(string(s.lines[len(s.lines)-1]), " ") == "" {
		s.lines = s.lines[:len(s.lines)-1]
	}
	text := make([]string, len(s.lines))
	for i, l := range s.lines {
		text[i] = strings.TrimRight(string(l), " ")
	}
	return text
}

type screen struct {
	lines    [][]rune
	row, col int
}

// next takes one character or code and returns its length.
func (s *screen) next(in string) int {
	switch {
	case strings.HasPrefix(in, "\x1b["):
		end := strings.IndexFunc(in[2:], func(r rune) bool { return r >= 0x40 && r <= 0x7e })
		if end < 0 {
			return len(in)
		}
		s.code(in[2:2+end], in[2+end])
		return end + 3
	case in[0] == '\n':
		s.row++
		s.col = 0
	case in[0] == '\r':
		s.col = 0
	case in[0] >= ' ':
		r, n := utf8.DecodeRuneInString(in)
		s.put(r)
		return n
	}
	return 1
}

func (s *screen) code(parameter string, command byte) {
	n, err := strconv.Atoi(parameter)
	switch command {
	case 'A': // up
		if err != nil {
			n = 1
		}
		s.row = max(s.row-n, 0)
	case 'J': // clear to the end of the screen
		s.grow()
		s.lines = s.lines[:s.row+1]
		s.lines[s.row] = s.lines[s.row][:min(s.col, len(s.lines[s.row]))]
	case 'K': // clear to the end of the line, or all of it
		s.grow()
		keep := s.col
		if n == 2 {
			keep = 0
		}
		s.lines[s.row] = s.lines[s.row][:min(keep, len(s.lines[s.row]))]
	}
}

func (s *screen) put(r rune) {
	s.grow()
	line := s.lines[s.row]
	for len(line) <= s.col {
		line = append(line, ' ')
	}
	line[s.col] = r
	s.lines[s.row] = line
	s.col++
}

func (s *screen) grow() {
	for len(s.lines) <= s.row {
		s.lines = append(s.lines, nil)
	}
}
