package render

import (
	"bufio"
	"io"
	"strings"
)

// page collects lines of text for one stream. An error in writing is kept and
// returned by flush.
type page struct {
	Style
	w *bufio.Writer
}

func newPage(w io.Writer, s Style) *page { return &page{Style: s, w: bufio.NewWriter(w)} }

func (p *page) flush() error { return p.w.Flush() }

// line writes its parts and a line break, without spaces at the end.
func (p *page) line(parts ...string) {
	p.print(strings.TrimRight(strings.Join(parts, ""), " "))
	p.print("\n")
}

// paragraph writes text below an indentation, wrapped to the width.
func (p *page) paragraph(indent int, color, text string) {
	room := 0
	if p.Width > 0 {
		room = max(p.Width-indent, minWidth/2)
	}
	for _, l := range wrap(text, room) {
		p.line(strings.Repeat(" ", indent), p.paint(color, l))
	}
}

func (p *page) print(s string) {
	_, _ = p.w.WriteString(s) // a bufio.Writer keeps its first error for Flush
}
