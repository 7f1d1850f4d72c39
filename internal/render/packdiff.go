package render

import (
	"io"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/executor"
)

// PackDiff writes in what packs differ: file by file, and texts line by line, in
// the form that patch reads. What is equal is only counted.
func PackDiff(w io.Writer, s Style, r *executor.DiffReport) error {
	t := newPage(w, s)
	for i := range r.Items {
		it := &r.Items[i]
		if it.Status == executor.DiffEqual {
			continue
		}
		t.line(t.paint(bold, diffTitle(it)))
		if it.Status == executor.DiffUnknown {
			t.paragraph(2, red, "could not be read: "+Clean(diffCause(it)))
		}
		for j := range it.Files {
			writeFileDiff(t, &it.Files[j])
		}
		t.line()
	}
	for _, remark := range r.Remarks {
		t.paragraph(0, yellow, "note: "+Clean(oneLineOf(remark)))
	}
	t.paragraph(0, bold, diffLine(r))
	return t.flush()
}

func writeFileDiff(t *page, f *executor.FileDiff) {
	color := map[executor.FileChange]string{executor.FileAdded: green, executor.FileRemoved: red}[f.Change]
	if color == "" {
		color = yellow
	}
	t.line("  ", t.paint(color, fileMark(f.Change)+" "+Clean(f.Path)), fileNote(f))
	if f.Diff == "" {
		return
	}
	t.line(t.paint(bold, "--- a/"+Clean(f.Path)))
	t.line(t.paint(bold, "+++ b/"+Clean(f.Path)))
	for l := range strings.SplitSeq(strings.TrimSuffix(f.Diff, "\n"), "\n") {
		t.print(t.paint(diffColors[l[:min(1, len(l))]], cleanLine(l)) + "\n")
	}
	if f.Note != "" {
		t.line(t.paint(dim, "… "+Clean(f.Note)))
	}
}

var diffColors = map[string]string{"@": cyan, "-": red, "+": green}

// cleanLine is Clean for a line of a text, in which tabs are what they are.
func cleanLine(l string) string {
	parts := strings.Split(l, "\t")
	for i := range parts {
		parts[i] = Clean(parts[i])
	}
	return strings.Join(parts, "\t")
}

func fileMark(c executor.FileChange) string {
	switch c {
	case executor.FileAdded:
		return "+"
	case executor.FileRemoved:
		return "-"
	case executor.FileMode:
		return "x"
	case executor.FileModified:
	}
	return "~"
}

// fileNote says of a file what its lines do not. A report that was read from a
// file may lack a side.
func fileNote(f *executor.FileDiff) string {
	old, wanted := stateOf(f.Old), stateOf(f.New)
	switch f.Change {
	case executor.FileAdded:
		return "  " + fileKind(wanted)
	case executor.FileRemoved:
		return "  " + fileKind(old)
	case executor.FileMode:
		return "  " + executableWord(old) + " → " + executableWord(wanted)
	case executor.FileModified:
	}
	note := ""
	switch {
	case old.Target != "" || wanted.Target != "":
		note = "  " + fileKind(old) + " → " + fileKind(wanted)
	case f.Diff == "":
		note = "  " + Size(old.Size) + " " + Clean(old.Digest) + " → " + Size(wanted.Size) + " " + Clean(wanted.Digest)
		if f.Note != "" {
			note += " (" + Clean(f.Note) + ")"
		}
	}
	if old.Executable != wanted.Executable {
		note += "  " + executableWord(old) + " → " + executableWord(wanted)
	}
	return note
}

func stateOf(s *executor.FileState) executor.FileState {
	if s == nil {
		return executor.FileState{}
	}
	return *s
}

func fileKind(s executor.FileState) string {
	switch {
	case s.Target != "":
		return "a link to " + Clean(s.Target)
	case s.Executable:
		return Size(s.Size) + ", executable"
	}
	return Size(s.Size)
}

func executableWord(s executor.FileState) string {
	if s.Executable {
		return "executable"
	}
	return "not executable"
}

// diffTitle names what is compared with what, or where only one side is.
func diffTitle(it *executor.DiffItem) string {
	what, old, wanted := it.Name+"@"+it.New.Version, sideWord(&it.Old), sideWord(&it.New)
	if it.Old.Version != it.New.Version {
		what = it.Name
		old, wanted = it.Old.Version+" "+old, it.New.Version+" "+wanted
	}
	switch it.Status {
	case executor.DiffOnlyOld:
		return Clean(what + ": only " + old + ", not " + wanted)
	case executor.DiffOnlyNew:
		return Clean(what + ": only " + wanted + ", not " + old)
	case executor.DiffEqual, executor.DiffDifferent, executor.DiffUnknown:
	}
	return Clean(what + ": " + old + " → " + wanted)
}

func sideWord(s *executor.DiffSide) string {
	if s.Registry != "" {
		return "in " + s.Registry
	}
	return "on disk (" + s.Path + ")"
}

func diffCause(it *executor.DiffItem) string {
	if it.Err == nil {
		return oneLineOf(it.Problem)
	}
	why, _ := cause(it.Err)
	return why
}

// diffLine is the result in one sentence.
func diffLine(r *executor.DiffReport) string {
	s := r.Summary
	if !s.Differs() && s.Unknown == 0 {
		return "No differences: " + Count(s.Equal, "pack") + " compared."
	}
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, text)
		}
	}
	add(s.Different, strconv.Itoa(s.Different)+" different ("+Count(s.Files, "file")+")")
	add(s.OnlyOld, strconv.Itoa(s.OnlyOld)+" only on the old side")
	add(s.OnlyNew, strconv.Itoa(s.OnlyNew)+" only on the new side")
	add(s.Equal, strconv.Itoa(s.Equal)+" equal")
	add(s.Unknown, strconv.Itoa(s.Unknown)+" unknown")
	return "Compared: " + strings.Join(parts, ", ") + "."
}

// DiffFaults are the sides of a comparison that could not be read.
func DiffFaults(r *executor.DiffReport) []Fault {
	var faults []Fault
	for i := range r.Items {
		it := &r.Items[i]
		if it.Status != executor.DiffUnknown {
			continue
		}
		f := Fault{What: it.Problem, Hint: it.Hint}
		if it.Err != nil {
			f = faultOfMany(it.Err)
		}
		f.Where, f.Items = it.Old.Registry, itemNames(it.Name, it.New.Version)
		faults = append(faults, f)
	}
	return faults
}

// MarkdownPackDiff writes in what packs differ for a pull request.
func MarkdownPackDiff(w io.Writer, r *executor.DiffReport) error {
	t := newPage(w, Style{})
	t.line("### ", escapeMarkdown(diffLine(r)))
	for i := range r.Items {
		it := &r.Items[i]
		if it.Status == executor.DiffEqual {
			continue
		}
		t.line()
		t.line("#### ", escapeMarkdown(diffTitle(it)))
		if it.Status == executor.DiffUnknown {
			t.line()
			t.line("could not be read: ", escapeMarkdown(Clean(diffCause(it))))
		}
		for j := range it.Files {
			markdownFileDiff(t, &it.Files[j])
		}
	}
	for _, remark := range r.Remarks {
		t.line()
		t.line("> note: ", escapeMarkdown(Clean(oneLineOf(remark))))
	}
	return t.flush()
}

func markdownFileDiff(t *page, f *executor.FileDiff) {
	t.line()
	t.line("- ", escapeMarkdown(fileMark(f.Change)), " ", code(f.Path), escapeMarkdown(fileNote(f)))
	if f.Diff == "" {
		return
	}
	fence := "```"
	for strings.Contains(f.Diff, fence) {
		fence += "`"
	}
	t.line()
	t.line("  ", fence, "diff")
	for l := range strings.SplitSeq(strings.TrimSuffix(f.Diff, "\n"), "\n") {
		t.print("  " + cleanLine(l) + "\n")
	}
	t.line("  ", fence)
	if f.Note != "" {
		t.line()
		t.line("  ", escapeMarkdown(Clean(f.Note)))
	}
}
