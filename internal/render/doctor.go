package render

import (
	"io"

	"github.com/packs-cli/packs/internal/doctor"
)

// Examinations writes what was found out about registries, with what to do
// below what is bad.
func Examinations(w io.Writer, s Style, all []*doctor.Examination) error {
	t := newPage(w, s)
	topics := 0
	for _, x := range all {
		for _, f := range x.Findings {
			topics = max(topics, width(f.Topic))
		}
	}
	for i, x := range all {
		if i > 0 {
			t.line()
		}
		t.line(t.paint(bold, Clean(x.Registry.Name)), "  ", string(x.Registry.Type), "  ", t.paint(dim, Clean(x.Address)))
		for _, f := range x.Findings {
			word, color := levelWord(f.Level)
			t.line("  ", t.paint(color, pad(word, len("note"))), "  ", pad(f.Topic, topics), "  ", Clean(f.Text))
			if f.Fix != "" {
				t.paragraph(len("  note  ")+topics+2, cyan, t.hint(f.Fix))
			}
		}
	}
	return t.flush()
}

func levelWord(l doctor.Level) (word, color string) {
	switch l {
	case doctor.Bad:
		return "fail", red
	case doctor.Note:
		return "note", yellow
	case doctor.OK:
	}
	return "ok", green
}
