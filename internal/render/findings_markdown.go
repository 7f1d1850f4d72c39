package render

import (
	"bytes"
	"io"
	"slices"
	"strings"
	"unicode"

	"github.com/packs-cli/packs/internal/lint"
)

// markdownLimit keeps a report below what a comment may hold: GitHub takes
// 65,536 characters.
const markdownLimit = 60_000

// writeFindingsMarkdown writes tables for a comment or a summary of a CI run.
// Where not everything fits, remarks are left out first, then warnings.
func writeFindingsMarkdown(w io.Writer, r *lint.Report, _ FindingsOptions) error {
	var text []byte
	findings := r.Findings
	for _, least := range []lint.Severity{lint.Info, lint.Warning, lint.Error} {
		if least != lint.Info {
			drop := map[lint.Severity]lint.Severity{lint.Warning: lint.Info, lint.Error: lint.Warning}[least]
			findings = slices.DeleteFunc(slices.Clone(findings), func(f lint.Finding) bool { return f.Severity == drop })
		}
		var whole bool
		if text, whole = markdownFindings(r, findings); whole {
			break
		}
	}
	_, err := w.Write(text)
	return err
}

// markdownFindings writes as many findings as there is room for, and tells
// whether that are all it was given.
func markdownFindings(r *lint.Report, findings []lint.Finding) (text []byte, whole bool) {
	var b bytes.Buffer
	b.WriteString("### " + escapeMarkdown(findingsSummary(r)) + "\n")
	shown := 0
	for _, g := range groupFindings(findings) {
		head := markdownGroup(&g)
		for i := range g.findings {
			row := markdownFinding(&g, &g.findings[i])
			if b.Len()+len(head)+len(row) > markdownLimit {
				b.WriteString(leftOut(len(r.Findings) - shown))
				return b.Bytes(), false
			}
			b.WriteString(head + row)
			head = ""
			shown++
		}
	}
	if more := len(r.Findings) - shown; more > 0 {
		b.WriteString(leftOut(more))
	}
	return b.Bytes(), true
}

func leftOut(n int) string {
	return "\n" + escapeMarkdown(Count(n, "finding")+" left out: there is no room for them here.") + "\n"
}

func markdownGroup(g *findingGroup) string {
	title := ""
	if t := g.title(); t != "" {
		title = escapeMarkdown(t) + " "
	}
	if g.pack != "" {
		title += code(g.pack)
	}
	if title != "" {
		title = "\n#### " + strings.TrimSpace(title) + "\n"
	}
	return title + "\n| | where | what | rule |\n|---|---|---|---|\n"
}

func markdownFinding(g *findingGroup, f *lint.Finding) string {
	what := noMentions(escapeMarkdown(Clean(f.Message)))
	if f.Hint != "" {
		what += "<br>" + noMentions(escapeMarkdown(Clean(f.Hint)))
	}
	where := ""
	if f.Path != "" {
		where = code(place(g.below(f.Path), f.Line, f.Column))
	}
	return "| " + severityWord(f.Severity) + " | " + where + " | " + what + " | " + code(f.Rule) + " |\n"
}

// code is text as it stands, in a cell of a table.
func code(s string) string {
	return "`" + strings.ReplaceAll(strings.ReplaceAll(Clean(s), "`", "'"), "|", `\|`) + "`"
}

// noMentions keeps an @ at the beginning of a word from calling a person. What
// stands between back quotes calls nobody, and stays as it is.
func noMentions(s string) string {
	var b strings.Builder
	inCode, inWord := false, false
	for _, r := range s {
		b.WriteRune(r)
		switch {
		case r == '`':
			inCode = !inCode
		case r == '@' && !inWord && !inCode:
			b.WriteString("<!-- -->")
		}
		inWord = unicode.IsLetter(r) || unicode.IsDigit(r)
	}
	return b.String()
}
