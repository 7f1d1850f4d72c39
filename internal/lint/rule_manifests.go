package lint

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

var manifestRules = []Rule{
	{ID: "manifest-syntax", Severity: Error, Summary: "a manifest is not YAML, or an object in it lacks apiVersion or kind", check: checkManifests},
}

// Limits of a manifest, in bytes; the largest of the public catalog has 2.5 MB.
const (
	maxManifest = 64 << 20
	maxLine     = 1 << 20
	maxObjects  = 10_000
)

func checkManifests(p *pass) {
	seen := make(map[string]bool)
	for _, v := range p.meta().list("kubeManifests") {
		name := clean(v.text)
		if seen[name] {
			continue
		}
		seen[name] = true
		f, err := p.open(name)
		if err != nil {
			continue // manifest-missing or pack-unreadable
		}
		m := &manifestReader{pass: p, name: name, in: newReader(io.LimitReader(f, maxManifest+1))}
		m.read()
		freeReader(m.in)
		_ = f.Close() // only read
	}
}

// manifestReader reads a manifest document by document, so that its length does
// not matter.
type manifestReader struct {
	*pass
	name    string
	in      *bufio.Reader
	size    int
	line    int // lines that were read
	first   int // line that the document begins in
	doc     bytes.Buffer
	long    bool // the document is over the limit: it is not kept
	parsed  int
	objects int
	unknown bool // a document may hold anything, because macros make it
}

func (m *manifestReader) read() {
	m.first = 1
	for {
		line, err := m.next()
		if m.size > maxManifest {
			m.tooLarge(m.first, "%s has more than %d MiB, so it was not checked to its end", m.name, maxManifest>>20)
			return
		}
		if bytes.HasPrefix(line, []byte("---")) && (len(line) == 3 || bytes.IndexByte([]byte(" \t\r\n"), line[3]) >= 0) {
			if !m.document() {
				return
			}
			// What follows the mark on its line belongs to the next document.
			m.first = m.line
		}
		m.keep(line)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return // pack-unreadable
		}
	}
	if m.document() && m.objects == 0 && !m.unknown {
		m.report(place{m.name, 1, 1}, "take it out of kubeManifests", m.name+" holds no Kubernetes object")
	}
}

// next returns a line with its end, which is good until the next call. A line
// over the limit comes in parts.
func (m *manifestReader) next() ([]byte, error) {
	var line []byte
	for {
		part, err := m.in.ReadSlice('\n')
		if m.size += len(part); line == nil && !errors.Is(err, bufio.ErrBufferFull) {
			line = part // most lines: no copy
		} else {
			line = append(line, part...)
		}
		if errors.Is(err, bufio.ErrBufferFull) && len(line) < maxLine {
			continue
		}
		if err == nil || errors.Is(err, io.EOF) && len(part) > 0 {
			m.line++
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			err = nil
		}
		return line, err
	}
}

func (m *manifestReader) keep(line []byte) {
	if m.long || m.doc.Len()+len(line) > maxYAML {
		m.long = true
		return
	}
	m.doc.Write(line)
}

func (m *manifestReader) tooLarge(line int, format string, args ...any) {
	m.reportf(place{m.name, line, 1}, "", format, args...).Severity = Warning
}

// document checks what was kept. It returns false where the rest of the file
// makes no sense any more.
func (m *manifestReader) document() bool {
	text, long := m.doc.Bytes(), m.long
	defer func() { m.doc.Reset(); m.long = false }()
	if long {
		m.unknown = true
		m.tooLarge(m.first, "an object of more than %d MiB was not checked", maxYAML>>20)
		return true
	}
	if len(bytes.TrimSpace(bytes.TrimPrefix(text, []byte("---")))) == 0 {
		return true
	}
	if m.parsed++; m.parsed > maxObjects {
		m.tooLarge(m.first, "%s holds more than %d objects, so it was not checked to its end", m.name, maxObjects)
		return false
	}
	f := skimYAML(m.name, text, m.mem)
	switch {
	case f.flaw == nil:
		m.object(f)
		m.mem.give(f.cost)
	case f.flaw.unchecked:
		m.unknown = true
		m.tooLarge(m.first, "an object holds too many values, so it was not checked")
	case hasControl(f.macros):
		m.unknown = true // what the macros leave may well be YAML
		m.mem.give(f.cost)
	default:
		m.report(place{m.name, m.first + f.flaw.line - 1, f.flaw.column}, f.flaw.hint, m.name+" "+f.flaw.message)
		m.objects++
		m.mem.give(f.cost)
		return checkText(text) == nil
	}
	return true
}

// control finds macros that decide which lines there are, or that yield lines.
var control = regexp.MustCompile(`^\{\{-?\s*(if|else|range|with|end|define|block|template|include|/\*|\$|toYaml|fromYaml|tpl)`)

func hasControl(macros []macro) bool {
	for _, m := range macros {
		if m.open || control.MatchString(m.text) || strings.Contains(m.text, "indent") || strings.Contains(m.text, "toYaml") || strings.Contains(m.text, "include") {
			return true
		}
	}
	return false
}

// object wants apiVersion and kind.
func (m *manifestReader) object(f *yamlFile) {
	templated := hasControl(f.macros)
	m.unknown = m.unknown || templated
	if f.root == nil {
		return
	}
	at := place{m.name, m.first + f.root.Line - 1, f.root.Column}
	if f.root.Kind != yaml.MappingNode {
		if !templated && len(f.macros) == 0 {
			m.objects++
			m.reportf(at, "take it away, or write an object with apiVersion and kind", "%s holds %s where a Kubernetes object should be", m.name, kindName(f.root))
		}
		m.unknown = true
		return
	}
	m.objects++
	if templated {
		return
	}
	var lacks []string
	for _, name := range []string{"apiVersion", "kind"} {
		if v := get(f.root, name); v == nil || v.Kind != yaml.ScalarNode || v.ShortTag() == "!!null" || v.Value == "" {
			lacks = append(lacks, name)
		}
	}
	if len(lacks) > 0 {
		m.reportf(at, "", "this object in %s lacks %s", m.name, allOf(lacks))
	}
}
