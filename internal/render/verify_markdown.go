package render

import (
	"io"

	"github.com/packs-cli/packs/executor"
)

// MarkdownVerify writes a verification as an auditor reads it: a row for each
// version and registry, right ones too.
func MarkdownVerify(w io.Writer, r *executor.VerifyReport, o VerifyOptions) error {
	t := newPage(w, Style{})
	t.line("### ", escapeMarkdown(verifyLine(r, o.File)))
	if r.Source != nil {
		t.line()
		t.line("git commit ", markdownCode(r.Source.Commit), dirtyWord(r.Source.Dirty))
	}
	for i := range r.Items {
		it := &r.Items[i]
		if i == 0 || it.Registry != r.Items[i-1].Registry {
			t.line()
			t.line("#### ", escapeMarkdown(Clean(it.Registry)))
			t.line()
			head, below := "| | version | git | content in git | content published | manifest | |", "|---|---|---|---|---|---|---|"
			if r.Palette != nil {
				head, below = head+" Palette |", below+"---|"
			}
			t.line(head)
			t.line(below)
		}
		markdownVerified(t, it, r.Palette != nil)
	}
	for _, n := range verifyNotes(r) {
		t.line()
		t.line("> note: ", escapeMarkdown(Clean(n)))
	}
	return t.flush()
}

func markdownVerified(t *page, it *executor.VerifyItem, palette bool) {
	m := verifyMarks[it.Status]
	why := escapeMarkdown(Clean(oneLineOf(it.Problem)))
	for _, n := range changeNotes(changesOf(it)) {
		why += "<br>" + escapeMarkdown(n.text)
	}
	last := ""
	if palette {
		last = " " + escapeMarkdown(inPalette(it)) + " |"
	}
	published := markdownCode(it.Published) + escapeMarkdown(proofWord(it))
	t.line("| ", escapeMarkdown(m.symbol), " ", m.word, " | ", markdownCode(item(it.Name, it.Version, it.Repository)), " | ", markdownGit(it), " | ",
		markdownCode(it.ContentDigest), " | ", published, " | ", markdownCode(it.Digest), " | ", why, " |", last)
}

// markdownGit is where a pack is in git; its path where it lies in no work
// tree; the source of a copy.
func markdownGit(it *executor.VerifyItem) string {
	switch {
	case it.From != "":
		return "copied from " + markdownCode(it.From)
	case it.Git == nil:
		return markdownCode(it.Path)
	}
	text := markdownCode(it.Git.Path)
	if it.Git.Commit != "" {
		text += " at " + markdownCode(it.Git.Commit)
	}
	return text + dirtyWord(it.Git.Dirty)
}

func dirtyWord(dirty bool) string {
	if dirty {
		return ", with changes that are not committed"
	}
	return ""
}

// markdownCode is text between back quotes, "" for none.
func markdownCode(s string) string {
	if s == "" {
		return ""
	}
	return code(s)
}
