package render

import "strings"

// Style says how text looks on one stream.
type Style struct {
	Width   int    // columns of the terminal; 0: no terminal, nothing is cut
	Color   bool   // ANSI colours may be used
	Program string // how hints call the program; "" means packs
}

// Stream is what an output is attached to.
type Stream struct {
	Terminal bool
	Width    int // columns of the terminal, 0 where they are not known
}

// minWidth is the narrowest terminal that is respected: below it lines may wrap.
const minWidth = 40

// NewStyle works out the style of a stream. Colours are used on a terminal that
// can show them; NO_COLOR (no-color.org) and noColor turn them off everywhere,
// and CLICOLOR_FORCE turns them on without a terminal.
func NewStyle(s Stream, env func(string) (string, bool), noColor bool, program string) Style {
	st := Style{Program: program}
	if s.Terminal {
		st.Width = 80
		if s.Width > 0 {
			st.Width = max(s.Width, minWidth)
		}
	}
	get := func(name string) string {
		v, _ := env(name)
		return v
	}
	switch force := get("CLICOLOR_FORCE"); {
	case noColor || get("NO_COLOR") != "":
	case force != "" && force != "0":
		st.Color = true
	case get("TERM") == "dumb" || get("CLICOLOR") == "0":
	default:
		st.Color = s.Terminal
	}
	return st
}

// The colours are the eight basic ones, which every theme makes readable.
const (
	bold   = "1"
	dim    = "2"
	red    = "31"
	green  = "32"
	yellow = "33"
	cyan   = "36"
)

func (s Style) paint(color, text string) string {
	if !s.Color || color == "" || text == "" {
		return text
	}
	return "\x1b[" + color + "m" + text + "\x1b[0m"
}

// hint cleans advice and names the program as it was called.
func (s Style) hint(text string) string {
	text = Clean(text)
	if s.Program == "" || s.Program == "packs" {
		return text
	}
	return strings.ReplaceAll(text, "`packs ", "`"+s.Program+" ")
}
