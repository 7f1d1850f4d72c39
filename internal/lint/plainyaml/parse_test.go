package plainyaml_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/lint/plainyaml"
)

const corpus = "../../../../shared/corpus"

// shown writes a tree of nodes, with all that rules look at.
func shown(b *strings.Builder, n *yaml.Node, depth, most int) {
	if n == nil {
		b.WriteString("nothing\n")
		return
	}
	fmt.Fprintf(b, "%s%d %d %s %q %q %d:%d\n", strings.Repeat(" ", depth), n.Kind, n.Style, n.ShortTag(), n.Value, n.Anchor, n.Line, n.Column)
	for _, c := range n.Content {
		if depth < most {
			shown(b, c, depth+1, most)
		}
	}
}

func tree(n *yaml.Node, depth int) string {
	var b strings.Builder
	shown(&b, n, 0, depth)
	return b.String()
}

const all = 1 << 20 // levels

// library reads a text with the YAML library: it holds one document.
func library(text []byte) (root *yaml.Node, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
		}
	}()
	d := yaml.NewDecoder(bytes.NewReader(text))
	var doc, more yaml.Node
	if err := d.Decode(&doc); err != nil {
		if errors.Is(err, io.EOF) {
			return nil, nil //nolint:nilnil // no document
		}
		return nil, err
	}
	if err := d.Decode(&more); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("a second document, or %w", err)
	}
	if n := doc.Content[0]; n.Kind != yaml.ScalarNode || n.ShortTag() != "!!null" {
		return n, nil
	}
	return nil, nil //nolint:nilnil // it holds nothing
}

// agree fails where the two parsers read a text differently. It tells whether
// the fast one read it at all.
func agree(t *testing.T, text []byte) bool {
	t.Helper()
	got, ok := plainyaml.Parse(text)
	skimmed, okSkimmed := plainyaml.Skim(text)
	if ok != okSkimmed || tree(got, 2) != tree(skimmed, 2) {
		t.Fatalf("%q is read as %t\n%s\nand skimmed as %t\n%s", text, ok, tree(got, 2), okSkimmed, tree(skimmed, 2))
	}
	if !ok {
		return false
	}
	want, err := library(text)
	if err != nil {
		t.Fatalf("%q is read as\n%s\nand the library says: %v", text, tree(got, all), err)
	}
	if g, w := tree(got, all), tree(want, all); g != w {
		t.Fatalf("%q is read as\n%s\nwant\n%s", text, g, w)
	}
	return true
}

// reads are texts that the fast parser reads; leaves are such that it leaves.
var (
	reads = []string{
		"", "\n\n", "# nothing\n", "---\n", "--- \na: b\n", "a: b", "a: b\n", "  a: b\n  c: d\n", "a:\n", "a:\nb:\n", "a:   # note\n  b: c # note\n\n# end\n",
		"a: b:c\n", "a: http://x/#y\n", "a: -1\n", "a: :b\n", "a: ?b\n", "a/b.c_d$e: f\n", "\"a b\": 1\n'c': 2\n", "a: 'b''c'\n", "a: \"b\"  # c\n", "a: ''\n",
		"a: b\n  c d\n\n  e\nf: g\n", "a: 'b\n  c\n\n\n  d '\ne: \"f\n  g\"\n", "a: |\n  b\n   c\n\n  d\n\ne: |-\n  f\n\n", "a: |+\n  b\n\n\nc: d\n", "a: |  # note\n\n  b\n",
		"- a\n- b: c\n  d: e\n-\n-\n  f: g\n-   h: i\n    j: k\n", "a:\n- b\n- c\nd:\n  - e\n", "a:\n  - |\n    b\n  - 'c'\n", "a: {}\nb: []\nc: [d, \"e f\", 'g',]\n",
		"- a: b\n  c:\n  - d\n- e\n", "a: ümlaut — dash\nb: \"ü\" # ü\nc: |\n  ü\n", "a: b\n# note\n  # note\nc: d\n", "a: yes\nb: ~\nc: 0x1f\nd: 2001-01-01\n<<: x\n",
		"a:\n    b: c\n    # note\n  # note\nd: e\n", "a: \"b\\n\\\"c\\\\\"\n", "a: \"b \\\n   \\ c\\\n\n  d \n  e\\\\\n  \"\n", "a:\n - 'b\n c ''d''\n ''e'\n", "a: { }\nb:\n  []\nc:\n  # d\n  {} # e\n", "a: b - c\nd: e [f], {g}\n", "a: b\n\n\n", "a: b\n   - c\n", "a: |\n  b\n    \n     \n  c\nd: e\n",
	}
	leaves = []string{
		"a", "a:\tb\n", "a: b\r\n", "\ufeffa: b\n", "a: &b c\n", "a: *b\n", "a: !c d\n", "a: >\n  b\n", "a: \"b\\x41\"\n", "a: {b: c}\n", "a: [b, [c]]\n", "a: [b\n  ]\n",
		"? a\n", "a: b\n c: d\n", "a: b: c\n", "a: b # c\n  d\n", "a:\n  - b\n  c: d\n", "a:\n- b\nc\n", "a: 'b\nc'\n", "a:\n  - 'b\n  c'd\n", "a: \"b\\\nc\"\n", "a: 'b\n", "a: |\nb: c\n", "a: |2\n  b\n", "a: |\n    \n  b\n",
		"a: |\n  b", "a: b\n---\nc: d\n", "a: b\n...\n", "%YAML 1.1\n---\na: b\n", "- - a\n", "a : b\n", "ü: b\n", "a: @b\n", "a: `b\n", "a: [ü]\n", "a: [a: b]\n", "a:\n b:\n  c\n", "a\u2028: b\n",
		"a: \x85\n", "a: 'b' c\n", "'a' : b\n", strings.Repeat("k", 1001) + ": b\n", "- a:\n  - b\n   c: d\n", nested(200),
	}
)

func nested(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%sa:\n", strings.Repeat(" ", i))
	}
	return b.String()
}

func TestParse(t *testing.T) {
	t.Parallel()
	for _, text := range reads {
		if !agree(t, []byte(text)) {
			t.Errorf("%q is left to the library", text)
		}
	}
	for _, text := range leaves {
		if agree(t, []byte(text)) {
			t.Errorf("%q is read, and the table says that it is not", text)
		}
	}
}

// TestCorpus says that real files are read alike, and most of them fast.
func TestCorpus(t *testing.T) {
	t.Parallel()
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("the real packs in ../shared/corpus are not there")
	}
	values, fast := 0, 0
	err := filepath.WalkDir(corpus, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".yaml" {
			return err
		}
		text, err := os.ReadFile(path)
		if err != nil || !utf8.Valid(text) {
			return err
		}
		read := 0
		docs := bytes.Split(text, []byte("\n---\n"))
		for _, doc := range docs {
			if agree(t, append(doc, '\n')) {
				read++
			}
		}
		if d.Name() == "values.yaml" || strings.Contains(path, "/manifests/") {
			values += len(docs)
			fast += read
			t.Logf("%3d of %3d: %s", read, len(docs), strings.TrimPrefix(path, corpus))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if fast*10 < values*6 {
		t.Errorf("of %d documents only %d are read fast", values, fast)
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range append(reads, leaves...) {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if utf8.Valid(text) && bytes.IndexByte(text, 0) < 0 {
			agree(t, text)
		}
	})
}
