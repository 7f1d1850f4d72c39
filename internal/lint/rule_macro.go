package lint

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/packs-cli/packs/internal/suggest"
)

// macroRoots are the words that may follow .spectro. in a macro: values of the
// system, of other packs, of profile variables, of a tenant's or project's
// macros, and of the apps of an app profile.
var macroRoots = []string{"app", "macro", "pack", "system", "var"}

var (
	spectroWord = regexp.MustCompile(`\.([A-Za-z_]+)\.([A-Za-z_$][A-Za-z0-9_$-]*)`)
	bareMacro   = regexp.MustCompile(`(^|[^{.\w])(\{?)\s*\.spectro\.(app|macro|pack|system|var)\.[\w.$-]+`)
)

// checkMacros looks at the macros of values.yaml and presets.yaml that are meant
// for Palette. What Helm or a chart makes of other braces is not known here.
func checkMacros(p *pass) {
	for _, name := range []string{valuesFile, presetsFile} {
		f := p.yaml(name)
		if f == nil {
			continue
		}
		for _, m := range f.macros {
			p.macro(f, m)
		}
		p.bareMacros(f)
	}
}

func (p *pass) macro(f *yamlFile, m macro) {
	at := place{f.name, m.line, m.column}
	if m.open {
		if isSpectro(m.text) {
			p.reportf(at, "close it with }}", "the macro %s is not closed", quote(strings.TrimSpace(m.text)))
		}
		return
	}
	for _, word := range spectroWord.FindAllStringSubmatch(outsideQuotes(m.text), -1) {
		root, second := word[1], word[2]
		if root != "spectro" {
			if suggest.Nearest(root, []string{"spectro"}) != "" && slices.Contains(macroRoots, second) {
				p.reportf(at, `did you mean ".spectro"?`, "the macro %s begins with .%s, which Palette does not know", quote(m.text), root)
				return
			}
			continue
		}
		if !slices.Contains(macroRoots, second) {
			hint := didYouMean(suggest.Nearest(second, macroRoots))
			p.reportf(at, hint, "the macro %s asks for .spectro.%s; Palette knows %s", quote(m.text), second, oneOf(spelled(macroRoots)))
			return
		}
	}
}

func spelled(roots []string) []string {
	words := make([]string, len(roots))
	for i, r := range roots {
		words[i] = ".spectro." + r
	}
	return words
}

func isSpectro(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, "{- \t"), ".spectro.")
}

// outsideQuotes blanks the strings in a macro: what they hold is data.
func outsideQuotes(text string) string {
	var quote byte
	out := []byte(text)
	for i := 0; i < len(out); i++ {
		c := out[i]
		switch {
		case quote == '"' && c == '\\' && i+1 < len(out):
			out[i], out[i+1] = ' ', ' '
			i++
		case quote != 0 && c == quote:
			quote = 0
		case quote != 0:
			out[i] = ' '
		case c == '"' || c == '`':
			quote = c
		}
	}
	return string(out)
}

// bareMacros reports what would be a macro if braces stood around it.
func (p *pass) bareMacros(f *yamlFile) {
	if f.flaw != nil && f.flaw.unchecked {
		return
	}
	for i := range f.begins() {
		row := f.text(i + 1)
		if !strings.Contains(row, ".spectro.") || strings.HasPrefix(strings.TrimSpace(row), "#") {
			continue
		}
		masked, _ := maskMacros([]byte(row))
		before, _, _ := strings.Cut(string(masked), " #")
		m := bareMacro.FindStringSubmatchIndex(before)
		if m == nil || strings.Contains(before, "{{") || f.insideMacro(i+1) {
			continue
		}
		found := strings.TrimLeft(before[m[4]:m[1]], " \t")
		column := utf8.RuneCountInString(before[:m[1]-len(found)]) + 1
		p.reportf(place{f.name, i + 1, column}, "write {{ and }} around it", "%s is no macro: two braces on either side make it one", quote(found))
	}
}

// insideMacro tells whether a line may belong to a macro that began before it.
func (f *yamlFile) insideMacro(line int) bool {
	return slices.ContainsFunc(f.macros, func(m macro) bool {
		return m.line < line && line <= m.line+strings.Count(m.text, "\n")
	})
}
