package render

import (
	"bytes"
	"fmt"
	"io"
	"slices"
)

// contextLines is how many lines around a change are shown.
const contextLines = 2

// Diff writes what an edit changed in a file, in the form that patch reads. It
// is for few edits within lines: where lines come or go, everything between the
// first and the last change is shown as changed.
func Diff(w io.Writer, s Style, name string, before, after []byte) error {
	t := newPage(w, s)
	t.line(t.paint(bold, "--- "+Clean(name)))
	t.line(t.paint(bold, "+++ "+Clean(name)))
	old, edited := splitLines(before), splitLines(after)
	shift := 0
	for _, h := range hunks(changedLines(old, edited)) {
		first, last := h[0], h[len(h)-1]
		at, to := max(first.start-contextLines, 0), min(last.oldEnd+contextLines, len(old))
		added := last.newEnd - last.oldEnd
		t.line(t.paint(cyan, fmt.Sprintf("@@ -%d,%d +%d,%d @@", at+1, to-at, at+1+shift, to-at+added)))
		for _, c := range h {
			t.lines(" ", "", old[at:c.start])
			t.lines("-", red, old[c.start:c.oldEnd])
			t.lines("+", green, edited[c.start:c.newEnd])
			at = c.oldEnd
		}
		t.lines(" ", "", old[at:to])
		shift += added
	}
	return t.flush()
}

// hunks puts changes together whose context would meet.
func hunks(spans []span) (list [][]span) {
	for i, c := range spans {
		if i > 0 && c.start-spans[i-1].oldEnd <= 2*contextLines {
			list[len(list)-1] = append(list[len(list)-1], c)
		} else {
			list = append(list, []span{c})
		}
	}
	return list
}

func (p *page) lines(sign, color string, lines [][]byte) {
	for _, l := range lines {
		p.line(p.paint(color, sign+Clean(string(l))))
	}
}

func splitLines(text []byte) [][]byte {
	return bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
}

// span is a run of lines that differ; both texts begin it at one line.
type span struct{ start, oldEnd, newEnd int }

// changedLines returns what differs.
func changedLines(before, after [][]byte) []span {
	if len(before) != len(after) {
		start, end := 0, 0
		for start < min(len(before), len(after)) && bytes.Equal(before[start], after[start]) {
			start++
		}
		for end < min(len(before), len(after))-start && bytes.Equal(before[len(before)-1-end], after[len(after)-1-end]) {
			end++
		}
		return []span{{start, len(before) - end, len(after) - end}}
	}
	var spans []span
	for i := range before {
		if bytes.Equal(before[i], after[i]) {
			continue
		}
		if last := len(spans) - 1; last >= 0 && i == spans[last].oldEnd {
			spans[last].oldEnd, spans[last].newEnd = i+1, i+1
			continue
		}
		spans = append(spans, span{i, i + 1, i + 1})
	}
	return slices.Clip(spans)
}
