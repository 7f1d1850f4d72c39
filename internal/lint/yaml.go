package lint

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/lint/plainyaml"
)

// maxYAML is the largest YAML document that is read, in bytes. The largest
// values.yaml of the public catalog has 150 KB, the largest object of a
// manifest less than 1 MiB.
const maxYAML = 4 << 20

// yamlFile is a YAML file that was read, or why it could not be.
type yamlFile struct {
	name   string
	root   *yaml.Node // nil for a file that holds no value
	macros []macro
	flaw   *flaw // set: root is nil
	cost   int64 // what memory accounts for it
	*lines
}

// parseYAML reads data as one YAML document with macros in it.
func parseYAML(name string, data []byte, mem *memory) *yamlFile {
	return readYAML(name, data, mem, plainyaml.Parse)
}

// skimYAML is parseYAML for who looks only at the two upper levels.
func skimYAML(name string, data []byte, mem *memory) *yamlFile {
	return readYAML(name, data, mem, plainyaml.Skim)
}

func readYAML(name string, data []byte, mem *memory, fast func([]byte) (*yaml.Node, bool)) *yamlFile {
	f := &yamlFile{name: name, lines: newLines(nil)}
	if f.cost, f.flaw = checkYAML(data, mem); f.flaw != nil {
		return f
	}
	f.data = data
	masked, macros := maskMacros(data)
	f.macros = macros
	var ok bool
	if f.root, ok = fast(masked); ok {
		return f
	}
	docs, bad := decodeYAML(masked, 2)
	switch {
	case bad != nil:
		bad.hint = yamlHint(bad, f.text(bad.line))
		f.flaw = bad
	case len(docs) == 2:
		f.flaw = newFlaw(docs[1].Line, docs[1].Column, "holds more than one YAML document", "only the first one is read: take away the line --- and what belongs to it")
	case len(docs) == 1:
		f.root = docs[0]
	}
	return f
}

// checkYAML tells what data costs once it is parsed, and why it is no text, or
// too much of it.
func checkYAML(data []byte, mem *memory) (cost int64, bad *flaw) {
	if len(data) > maxYAML {
		return 0, &flaw{message: fmt.Sprintf("is larger than %d MiB, so it was not checked", maxYAML>>20), unchecked: true}
	}
	if f := checkText(data); f != nil {
		return 0, f
	}
	if cost = yamlCost(data); !mem.take(cost) {
		return 0, &flaw{message: "holds too many values, so it was not checked", unchecked: true}
	}
	return cost, nil
}

// yamlCost bounds what a parsed document takes in memory, in bytes: every node
// but the first is introduced by one of these characters. One that introduces a
// key counts for its value too; a mapping or list is the value of another.
func yamlCost(data []byte) int64 {
	const node, line = 176, 8 // sizes of yaml.Node and of the pointer to it; of a line's place
	var nodes, rows int64
	for i, c := range data {
		if !indicates[c] {
			continue
		}
		last, next := byte('\n'), byte('\n')
		if i > 0 {
			last = data[i-1]
		}
		if i+1 < len(data) {
			next = data[i+1]
		}
		switch c {
		case ':':
			if isBlank(next) || strings.IndexByte(",[]{}", next) >= 0 || last == '"' || last == '\'' {
				nodes += 2
			}
		case '?':
			if isBlank(next) {
				nodes += 2
			}
		case '-':
			if isBlank(next) && isBlank(last) {
				nodes++
			}
		case ',', '{':
			nodes += 2
		case '[':
			nodes++
		case '\n':
			rows++
		}
	}
	return 4*int64(len(data)) + node*nodes + line*rows
}

// indicates holds the characters that yamlCost counts.
var indicates = [256]bool{':': true, '?': true, '-': true, ',': true, '{': true, '[': true, '\n': true}

func isBlank(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// decodeYAML returns the contents of up to n documents that hold a value.
func decodeYAML(text []byte, n int) (docs []*yaml.Node, bad *flaw) {
	defer func() {
		if v := recover(); v != nil { // nothing that a file holds may end the program
			docs, bad = nil, newFlaw(1, 1, "cannot be read as YAML", "")
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	for len(docs) < n {
		var doc yaml.Node
		err := d.Decode(&doc)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, yamlFlaw(text, err)
		}
		if content := contentOf(&doc); content != nil {
			docs = append(docs, content)
		}
	}
	return docs, nil
}

// contentOf returns what a document holds, or nil where it holds nothing.
func contentOf(doc *yaml.Node) *yaml.Node {
	if len(doc.Content) == 0 {
		return nil
	}
	n := doc.Content[0]
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" {
		return nil
	}
	return n
}

var (
	yamlLine   = regexp.MustCompile(`^line ([0-9]+): `)
	yamlAnchor = regexp.MustCompile(`^unknown anchor '([^']*)'`)
)

// yamlFlaw finds the place of what the parser says.
func yamlFlaw(text []byte, err error) *flaw {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	at := &flaw{line: 1, column: 1}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		at.line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
	}
	at.line = min(max(at.line, 1), bytes.Count(text, []byte("\n"))+1)
	row := newLines(text).text(at.line)
	at.column = len(row) - len(strings.TrimLeft(row, " ")) + 1
	if m := yamlAnchor.FindStringSubmatch(message); m != nil {
		message = fmt.Sprintf("alias *%s has no anchor &%s before it", m[1], m[1])
		if i := bytes.Index(text, []byte("*"+m[1])); i >= 0 {
			at.line, at.column = lineColumn(text, i)
		}
	}
	at.message = "is no YAML: " + message
	return at
}

// yamlHint says what is most often behind a mistake.
func yamlHint(f *flaw, row string) string {
	has := func(s string) bool { return strings.Contains(f.message, s) }
	switch {
	case strings.HasPrefix(strings.TrimLeft(row, " "), "\t"):
		return "YAML indents with spaces, not with tabs"
	case has("cannot start any token"):
		return "put text that begins with a special character in quotes"
	case has("mapping values are not allowed"):
		return "put text that holds a colon and a space in quotes, or look at the indentation here and in the line before"
	case has("did not find expected"), has("could not find expected"):
		return "look at indentation, brackets and quotes here and in the lines before"
	case has("unexpected end of stream"):
		return "a quote or bracket is not closed"
	case has("escape character"):
		return `in double quotes a backslash begins an escape: write \\, or use single quotes`
	}
	return ""
}

// get returns the value of a key of a mapping, or nil. Aliases are followed,
// and merged mappings (<<) looked into; of equal keys the first one counts.
func get(n *yaml.Node, key string) *yaml.Node {
	_, value := find(n, key, 0)
	return value
}

// key returns the node of a key of a mapping, or nil.
func key(n *yaml.Node, name string) *yaml.Node {
	k, _ := find(n, name, 0)
	return k
}

const maxMerges = 8 // how deep mappings that merge others are followed

func find(n *yaml.Node, name string, depth int) (k, v *yaml.Node) {
	n = follow(n)
	if n == nil || n.Kind != yaml.MappingNode || depth > maxMerges {
		return nil, nil
	}
	for k, v := range pairs(n) {
		if k.Kind == yaml.ScalarNode && k.Value == name {
			return k, follow(v)
		}
	}
	for k, v := range pairs(n) {
		if !isMerge(k) {
			continue
		}
		merged := []*yaml.Node{follow(v)}
		if merged[0] != nil && merged[0].Kind == yaml.SequenceNode {
			merged = merged[0].Content[:min(len(merged[0].Content), maxMerges)]
		}
		for _, m := range merged {
			if k, v := find(m, name, depth+1); k != nil {
				return k, v
			}
		}
	}
	return nil, nil
}

func isMerge(k *yaml.Node) bool {
	return k.Kind == yaml.ScalarNode && k.Value == "<<" && k.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle) == 0
}

// pairs yields the keys and values of a mapping.
func pairs(n *yaml.Node) func(yield func(k, v *yaml.Node) bool) {
	return func(yield func(k, v *yaml.Node) bool) {
		if n == nil || n.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.Content); i += 2 {
			if !yield(n.Content[i], n.Content[i+1]) {
				return
			}
		}
	}
}

// follow returns what an alias stands for.
func follow(n *yaml.Node) *yaml.Node {
	for range 100 { // an alias of an alias cannot be written, so one step is enough
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// at returns the place of a node.
func (f *yamlFile) at(n *yaml.Node) place {
	if n == nil {
		return place{f.name, 1, 1}
	}
	return place{f.name, n.Line, n.Column}
}

// hasMacro tells whether a macro stands in a scalar.
func (f *yamlFile) hasMacro(n *yaml.Node) bool {
	if len(f.macros) == 0 || n == nil || n.Kind != yaml.ScalarNode {
		return false
	}
	last := n.Line + strings.Count(n.Value, "\n")
	if m := f.macroFrom(n.Line, n.Column); m != nil && m.line == n.Line && m.column <= n.Column+utf8.RuneCountInString(n.Value) {
		return true
	}
	m := f.macroFrom(n.Line+1, 0)
	return m != nil && m.line <= last
}

// macroFrom returns the first macro at or behind a place, or nil.
func (f *yamlFile) macroFrom(line, column int) *macro {
	i, _ := slices.BinarySearchFunc(f.macros, 0, func(m macro, _ int) int {
		return cmp.Or(cmp.Compare(m.line, line), cmp.Compare(m.column, column))
	})
	if i == len(f.macros) {
		return nil
	}
	return &f.macros[i]
}

// kindName says what a node is.
func kindName(n *yaml.Node) string {
	if n = follow(n); n == nil {
		return "nothing"
	}
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	}
	switch n.ShortTag() {
	case "!!null":
		return "empty"
	case "!!int", "!!float":
		return "a number"
	case "!!bool":
		return "true or false"
	}
	return "text"
}
