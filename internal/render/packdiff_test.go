package render_test

import (
	"bytes"
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

func diffed() *executor.DiffReport {
	r := &executor.DiffReport{Items: []executor.DiffItem{
		{Status: executor.DiffEqual, Name: "same", Old: executor.DiffSide{Registry: "one", Version: "1"}, New: executor.DiffSide{Version: "1", Path: "p"}},
		{
			Status: executor.DiffDifferent, Name: "a", Old: executor.DiffSide{Registry: "one", Version: "1"}, New: executor.DiffSide{Version: "1", Path: "p"},
			Files: []executor.FileDiff{
				{Path: hostile, Change: executor.FileAdded, New: &executor.FileState{Size: 3, Executable: true}},
				{Path: "l", Change: executor.FileModified, Old: &executor.FileState{Target: "x"}, New: &executor.FileState{Size: 1, Executable: true}},
				{Path: "t", Change: executor.FileModified, Old: &executor.FileState{}, New: &executor.FileState{}, Diff: "@@ -1,1 +1,1 @@\n-\x1b[31m\tred\n+```\u202e\n", Note: "3 more lines"},
				{Path: "b", Change: executor.FileModified, Note: "binary"}, // as in a file that somebody changed
			},
		},
		{Status: executor.DiffUnknown, Name: "u", Old: executor.DiffSide{Registry: "down", Version: "1"}, New: executor.DiffSide{Version: "1", Path: "p"}, Problem: "refused", Hint: "try"},
	}, Remarks: []string{"not all\nis known"}}
	r.Summary = executor.SummarizeDiff(r.Items)
	return r
}

func TestPackDiffCleansWhatItShows(t *testing.T) {
	t.Parallel()
	var text, markdown bytes.Buffer
	if err := render.PackDiff(&text, render.Style{}, diffed()); err != nil {
		t.Fatal(err)
	}
	if err := render.MarkdownPackDiff(&markdown, diffed()); err != nil {
		t.Fatal(err)
	}
	for _, b := range []string{text.String(), markdown.String()} {
		if strings.ContainsAny(b, "\x1b\u202e") {
			t.Errorf("%q can steer a terminal", b)
		}
	}
	for _, want := range []string{
		"  3 B, executable\n", "  ~ l  a link to x → 1 B, executable  not executable → executable\n", "--- a/t\n+++ b/t\n@@ -1,1 +1,1 @@\n-\\x1b[31m\tred\n", "… 3 more lines\n",
		"u@1: in down → on disk (p)\n  could not be read: refused\n", "note: not all: is known\n", "Compared: 1 different (4 files), 1 equal, 1 unknown.\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("text lacks %q:\n%s", want, text.String())
		}
	}
	if strings.Contains(text.String(), "same@1") {
		t.Errorf("what is equal is listed:\n%s", text.String())
	}
	if !strings.Contains(markdown.String(), "  ````diff\n  @@") || strings.Count(markdown.String(), "````") != 2 {
		t.Errorf("the fence is not longer than what is in it:\n%s", markdown.String())
	}
	if f := render.DiffFaults(diffed()); len(f) != 1 || f[0].Where != "down" || f[0].What != "refused" || f[0].Hint != "try" {
		t.Errorf("faults %+v", f)
	}
}
