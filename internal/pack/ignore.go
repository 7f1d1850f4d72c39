package pack

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
)

// pattern is one line of a .packsignore.
type pattern struct {
	negative bool // began with "!": names what stays
	dirOnly  bool // ended with "/": names folders only
	anywhere bool // holds no other "/": names files by the last part of their path
	literal  string
	glob     glob // where literal is not enough
	globbing bool
}

// ErrPattern means a line of .packsignore that cannot name anything: in git it
// has no effect, but whoever wrote it wanted something left out.
var ErrPattern = errors.New("not a pattern of gitignore")

// parseIgnore reads gitignore syntax as gitignore(5) defines it. The error is
// ErrPattern, for the first such line; the patterns are those of all others.
func parseIgnore(text string) (patterns []pattern, err error) {
	text = strings.TrimPrefix(text, "\ufeff")
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		line = strings.TrimSuffix(line, "\r")
		if strings.HasPrefix(line, "#") {
			continue
		}
		p, wrong := parsePattern(trimSpaces(line))
		switch {
		case wrong != "":
			err = cmp.Or(err, fmt.Errorf("%s:%d: %w: %.100q has %s", IgnoreFile, n, ErrPattern, line, wrong))
		case p.globbing || p.literal != "":
			patterns = append(patterns, p)
		}
	}
	return patterns, err
}

// trimSpaces removes the spaces at the end of a line, up to one that a
// backslash protects.
func trimSpaces(line string) string {
	end := 0
	for i := 0; i < len(line); i++ {
		switch line[i] {
		case ' ':
			continue
		case '\\':
			i++
		}
		end = min(i+1, len(line))
	}
	return line[:end]
}

// parsePattern reads one line. What names nothing, such as an empty line, is
// neither globbing nor has it a literal; wrong says what is wrong with a pattern.
func parsePattern(line string) (p pattern, wrong string) {
	line, p.negative = strings.CutPrefix(line, "!")
	line, p.dirOnly = strings.CutSuffix(line, "/")
	p.anywhere = !strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if !strings.ContainsAny(line, `*?[\`) {
		p.literal = line
		return p, ""
	}
	p.globbing = true
	p.glob, wrong = parseGlob(line)
	return p, wrong
}

// matches tells whether the pattern names a file, or a folder where dir is
// set. name is the last part of path.
func (p *pattern) matches(path, name string, dir bool, scratch *stateSets) bool {
	if p.dirOnly && !dir {
		return false
	}
	if p.anywhere {
		path = name
	}
	if !p.globbing {
		return p.literal == path
	}
	return p.glob.matches(path, scratch)
}
