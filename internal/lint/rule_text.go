package lint

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

var textRules = []Rule{
	{ID: "crlf", Severity: Warning, Summary: "a text file has line endings that git may convert", check: checkCRLF},
}

// windowsSuffixes end the names of files whose lines ought to end in CRLF.
var windowsSuffixes = []string{".bat", ".cmd", ".ps1"}

func checkCRLF(p *pass) {
	attributes := &gitAttributes{}
	scans := p.scanned()
	for i, e := range p.list.Entries {
		if scans[i].crlf == 0 || slices.Contains(windowsSuffixes, strings.ToLower(path.Ext(e.Path))) ||
			attributes.fixed(filepath.Join(p.in.Dir, filepath.FromSlash(e.Path))) {
			continue
		}
		p.report(place{file: e.Path, line: scans[i].crlf}, `write "* -text" into .gitattributes, so that every checkout has the same bytes, or end lines in LF`,
			"lines end in CRLF: a checkout on another system may have other bytes, and so another pack under the same version")
	}
}

// gitAttributes answers from .gitattributes whether git leaves line endings alone.
type gitAttributes struct {
	files map[string][]attributeRule // by folder
}

type attributeRule struct {
	pattern string
	fixed   bool
}

// fixed tells whether every checkout of a file has the same line endings: text
// is unset for it, or eol is set.
func (g *gitAttributes) fixed(file string) bool {
	abs, err := filepath.Abs(file)
	if err != nil {
		return false
	}
	for dir := filepath.Dir(abs); ; dir = filepath.Dir(dir) { // the nearest file wins
		rel, err := filepath.Rel(dir, abs)
		if err != nil {
			return false
		}
		rules := g.read(dir)
		for i := len(rules) - 1; i >= 0; i-- {
			if attributeMatches(rules[i].pattern, filepath.ToSlash(rel)) {
				return rules[i].fixed
			}
		}
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil || dir == filepath.Dir(dir) {
			return false
		}
	}
}

func attributeMatches(pattern, rel string) bool {
	if !strings.Contains(pattern, "/") {
		return globs(pattern, path.Base(rel))
	}
	return globs(strings.TrimPrefix(pattern, "/"), rel)
}

// read returns the rules about line endings in a folder's .gitattributes.
func (g *gitAttributes) read(dir string) []attributeRule {
	if rules, ok := g.files[dir]; ok {
		return rules
	}
	if g.files == nil {
		g.files = make(map[string][]attributeRule)
	}
	data, err := readSmall(filepath.Join(dir, ".gitattributes"))
	var rules []attributeRule
	if err == nil {
		rules = parseAttributes(data)
	}
	g.files[dir] = rules
	return rules
}

// readSmall reads a regular file of at most 1 MiB.
func readSmall(name string) (data []byte, err error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > 1<<20 {
		return nil, fs.ErrInvalid
	}
	f, err := os.Open(name) //nolint:gosec // a fixed name in a folder above the pack
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return io.ReadAll(io.LimitReader(f, 1<<20))
}

func parseAttributes(data []byte) []attributeRule {
	var rules []attributeRule
	for line := range strings.SplitSeq(string(data), "\n") {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(fields[0], "#") {
			continue
		}
		rule, says := attributeRule{pattern: fields[0]}, false
		for _, attribute := range fields[1:] {
			switch {
			case attribute == "-text", attribute == "binary", strings.HasPrefix(attribute, "eol="):
				rule.fixed, says = true, true
			case attribute == "text", strings.HasPrefix(attribute, "text="), attribute == "!text":
				says = true
			}
		}
		if says {
			rules = append(rules, rule)
		}
	}
	return rules
}
