package pack

import (
	"fmt"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// IgnoreFile names what to leave out of a pack, in gitignore syntax. It is
// read at the root of the pack only, and is itself never part of it.
const IgnoreFile = ".packsignore"

// maxIgnore is the largest .packsignore that is read, in bytes.
const maxIgnore = 1 << 20

// leftOut tells whether a file or folder of that base name is never part of a
// pack: version control and what desktops leave behind.
func leftOut(base string) bool {
	switch base {
	case ".git", ".svn", ".hg", ".DS_Store", "Thumbs.db", "desktop.ini", IgnoreFile:
		return true
	}
	return strings.HasPrefix(base, "._") // AppleDouble
}

// ignorer is a .packsignore. The zero value ignores nothing of its own.
type ignorer struct {
	rules []ignoreRule
}

type ignoreRule struct {
	pattern string // for doublestar, against the whole path
	negate  bool
	dirOnly bool
}

// parseIgnore reads gitignore syntax as gitignore(5) defines it.
func parseIgnore(data []byte) (*ignorer, error) {
	ig := &ignorer{}
	text := strings.TrimPrefix(string(data), "\ufeff")
	for n, line := range strings.Split(text, "\n") {
		rule, ok := parseRule(strings.TrimSuffix(line, "\r"))
		if !ok {
			continue
		}
		if !doublestar.ValidatePattern(rule.pattern) {
			return nil, fmt.Errorf("%s:%d: %q is not a pattern (gitignore syntax)", IgnoreFile, n+1, line)
		}
		ig.rules = append(ig.rules, rule)
	}
	return ig, nil
}

func parseRule(line string) (ignoreRule, bool) {
	line = trimSpaces(line)
	if line == "" || line[0] == '#' {
		return ignoreRule{}, false
	}
	var r ignoreRule
	if line[0] == '!' {
		r.negate, line = true, line[1:]
	}
	if strings.HasSuffix(line, "/") && !strings.HasSuffix(line, `\/`) {
		r.dirOnly, line = true, strings.TrimRight(line, "/")
	}
	anchored := strings.Contains(line, "/")
	line = strings.TrimPrefix(line, "/")
	if line == "" {
		return ignoreRule{}, false
	}
	if strings.HasSuffix(line, "/**") { // everything inside, not the folder itself
		line += "/*"
	}
	if !anchored {
		line = "**/" + line
	}
	// gitignore knows no alternatives in braces.
	r.pattern = strings.NewReplacer(`\{`, `\{`, `\}`, `\}`, "{", `\{`, "}", `\}`).Replace(line)
	return r, true
}

// trimSpaces removes trailing spaces, but for one that a backslash protects.
func trimSpaces(line string) string {
	for strings.HasSuffix(line, " ") && !strings.HasSuffix(line, `\ `) {
		line = line[:len(line)-1]
	}
	return line
}

// match tells whether the rules name a path; the last rule that fits decides.
func (ig *ignorer) match(path string, dir bool) bool {
	if ig == nil {
		return false
	}
	for i := len(ig.rules) - 1; i >= 0; i-- {
		r := &ig.rules[i]
		if r.dirOnly && !dir {
			continue
		}
		if ok, err := doublestar.Match(r.pattern, path); err == nil && ok {
			return !r.negate
		}
	}
	return false
}

// excludes tells whether a file or folder is no part of the pack, given that
// all folders above it are. The pack's own pack.json always is.
func (ig *ignorer) excludes(path string, dir bool) bool {
	if path == MetaFile && !dir {
		return false
	}
	return leftOut(path[strings.LastIndexByte(path, '/')+1:]) || ig.match(path, dir)
}

// excludesFile is excludes for a file whose folders have not been looked at.
func (ig *ignorer) excludesFile(path string) bool {
	for i := range len(path) {
		if path[i] == '/' && ig.excludes(path[:i], true) {
			return true
		}
	}
	return ig.excludes(path, false)
}
