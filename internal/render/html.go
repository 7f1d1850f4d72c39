package render

import (
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"html/template"
	"io"
	"sync"
)

// htmlPage is a result as a page: one file that loads nothing and says all it
// has without its script, which only filters rows.
type htmlPage struct {
	Title  string
	Lead   string // the result in one sentence
	State  string // right or wrong
	Facts  []htmlFact
	Notes  []string
	Tables []htmlTable
	Foot   string
}

type htmlFact struct {
	Name, Text string
	Code       bool
}

// htmlTable is a table whose first column is the state of a row, in a word. The
// first of Columns names it.
type htmlTable struct {
	Title, Subtitle string
	Columns         []string
	Rows            []htmlRow
}

// htmlRow is one row. Tone colours its state: right, wrong, doubt or "".
type htmlRow struct {
	State, Tone string
	Cells       [][]htmlText // each a list of lines
}

// htmlText is a piece of text in a cell.
type htmlText struct {
	Text  string
	Code  bool // in the type of code
	Block bool // with its own line breaks
	Dim   bool
	Tone  string // as that of a row, for this text alone
}

// The parts that every page has.
var (
	//go:embed html.css
	htmlStyle string
	//go:embed html.js
	htmlScript string
	//go:embed html.tmpl
	htmlSource string
)

var htmlTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page").Parse(htmlSource)
})

// writeHTML writes a page. Its text is escaped, and cleaned as for a terminal.
// The policy in it allows its own style and script by their digests, and nothing
// else, wherever the page is served from.
func writeHTML(w io.Writer, p *htmlPage) error {
	t, err := htmlTemplate()
	if err != nil {
		return err
	}
	return t.Execute(w, struct {
		Policy string
		Style  template.CSS
		Script template.JS
		Page   *htmlPage
	}{
		Policy: "default-src 'none'; style-src " + sourceDigest(htmlStyle) + "; script-src " + sourceDigest(htmlScript) + "; base-uri 'none'; form-action 'none'",
		Style:  template.CSS(htmlStyle), //nolint:gosec // a part of this program
		Script: template.JS(htmlScript), //nolint:gosec // a part of this program
		Page:   p,
	})
}

// sourceDigest names an inline text in a content security policy.
func sourceDigest(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// codeLine is a line of a cell in the type of code; none for an empty one.
func codeLine(text string) []htmlText {
	if text == "" {
		return nil
	}
	return []htmlText{{Text: Clean(text), Code: true}}
}

// textLine is a line of a cell; none for an empty one.
func textLine(text string) []htmlText {
	if text == "" {
		return nil
	}
	return []htmlText{{Text: Clean(text)}}
}
