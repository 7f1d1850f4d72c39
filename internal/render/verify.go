package render

import (
	"io"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/plan"
)

// VerifyOptions says what of a verification is shown.
type VerifyOptions struct {
	File string // packs.yaml as the user named it
	All  bool   // what is right, too
}

var verifyMarks = map[executor.VerifyStatus]mark{
	executor.VerifyOK:        {"=", "ok", green},
	executor.VerifyMissing:   {"-", "missing", red},
	executor.VerifyDifferent: {"!", "different", red},
	executor.VerifyDamaged:   {"x", "damaged", red},
	executor.VerifyIgnored:   {"~", "ignored", yellow},
	executor.VerifyUnmanaged: {"+", "unmanaged", yellow},
	executor.VerifyUnknown:   {"?", "unknown", red},
}

// Verify writes a verification: what is wrong in each registry, and the counts.
func Verify(w io.Writer, s Style, r *executor.VerifyReport, o VerifyOptions) error {
	t := newPage(w, s)
	writeRows(t, verifyRows(r.Items, o.All))
	for _, n := range verifyNotes(r) {
		t.paragraph(0, yellow, "note: "+Clean(n))
	}
	t.paragraph(0, bold, verifyLine(r, o.File))
	return t.flush()
}

func verifyRows(items []executor.VerifyItem, all bool) []row {
	var rows []row
	hinted := make(map[string]bool)
	for i := 0; i < len(items); i++ {
		it := &items[i]
		if it.Status == executor.VerifyOK && !all && !hiddenInPalette(it) {
			continue
		}
		r := row{
			registry: it.Registry, address: address(it.Reference, it.Repository, it.Version, it.Name), mark: verifyMarks[it.Status],
			what: item(it.Name, it.Version, it.Repository), reason: Clean(it.Problem),
		}
		switch n := alikeUnknown(items[i:]); {
		case it.Status == executor.VerifyOK:
			r.reason = Clean(it.Published) + proofWord(it)
		case n > 1:
			r.what, i = Count(n, "version"), i+n-1
		}
		if it.Err != nil {
			r.reason, _ = cause(it.Err)
			r.reason = Clean(r.reason)
		}
		r.below = changeNotes(changesOf(it))
		r.below = append(r.below, paletteNotes(it)...)
		if it.Git != nil && it.Git.Dirty {
			r.below = append(r.below, note{yellow, uncommitted})
		}
		if it.Hint != "" && !hinted[it.Hint] && it.Status != executor.VerifyUnknown {
			hinted[it.Hint] = true
			r.below = append(r.below, note{cyan, it.Hint})
		}
		rows = append(rows, r)
	}
	return rows
}

const uncommitted = "files of the pack are not as in git"

func changesOf(it *executor.VerifyItem) *plan.Changes {
	if it.Changes == nil {
		return &plan.Changes{}
	}
	return it.Changes
}

// alikeUnknown is how many versions from the first on could not be read for one cause.
func alikeUnknown(items []executor.VerifyItem) int {
	first, n := &items[0], 0
	for i := range items {
		it := &items[i]
		if it.Status != executor.VerifyUnknown || it.Registry != first.Registry || it.Name == "" || verifyCause(it) != verifyCause(first) {
			break
		}
		n++
	}
	return n
}

func verifyCause(it *executor.VerifyItem) string {
	if it.Err == nil {
		return it.Problem
	}
	why, _ := cause(it.Err)
	return why
}

// proofWord says how a content digest is known, where its layer was not read.
func proofWord(it *executor.VerifyItem) string {
	switch it.Proof {
	case executor.ProofManifest:
		return " (as the manifest says)"
	case executor.ProofRemembered:
		return " (read in an earlier run)"
	case executor.ProofLayer:
	}
	return ""
}

// verifyNotes are what a reader should know of a verification.
func verifyNotes(r *executor.VerifyReport) []string {
	var notes []string
	for i := range r.Listings {
		l := &r.Listings[i]
		for _, gap := range l.Gaps {
			notes = append(notes, l.Registry+": not all that it holds is known: "+oneLineOf(gap))
		}
	}
	return notes
}

func oneLineOf(text string) string { return strings.ReplaceAll(text, "\n", ": ") }

// verifyLine is the result in one sentence.
func verifyLine(r *executor.VerifyReport, file string) string {
	s := r.Summary
	versions, registries := make(map[string]bool), make(map[string]bool)
	for i := range r.Items {
		registries[r.Items[i].Registry] = true
		if it := &r.Items[i]; it.Name != "" && it.Status != executor.VerifyUnmanaged {
			versions[it.Name+"@"+it.Version] = true
		}
	}
	how := "; manifests were read, --deep reads the layers too"
	if r.Deep {
		how = ", file by file"
	}
	if r.Right() {
		verb := " are as in "
		if len(versions) == 1 {
			verb = " is as in "
		}
		if r.Palette != nil {
			how += "; Palette shows " + strconv.Itoa(r.Palette.Visible)
		}
		line := "Verified" + shardWord("", r.Shard, r.MissingShards) + ": " + Count(len(versions), "version") + " in " + Count(len(registries), "registry") + verb + Clean(file) + how
		if s.Uncommitted > 0 {
			line += "; " + strconv.Itoa(s.Uncommitted) + " of the packs not as in git"
		}
		return line + "."
	}
	parts := verifyCounts(s)
	if r.Palette != nil {
		parts = append(parts, "in Palette "+versionCounts(*r.Palette))
	}
	if !r.Listed() {
		parts = append(parts, "and what else registries hold is not known")
	}
	return "Not verified" + shardWord("", r.Shard, r.MissingShards) + ": " + strings.Join(parts, ", ") + "."
}

func verifyCounts(s executor.VerifySummary) []string {
	parts := []string{strconv.Itoa(s.OK) + " right"}
	for _, c := range []struct {
		n    int
		word string
	}{
		{s.Missing, "missing"},
		{s.Different, "different"},
		{s.Damaged, "damaged"},
		{s.Ignored, "ignored by Palette"},
		{s.Unmanaged, "unmanaged"},
		{s.Unknown, "unknown"},
		{s.Uncommitted, "not as in git"},
	} {
		if c.n > 0 {
			parts = append(parts, strconv.Itoa(c.n)+" "+c.word)
		}
	}
	return parts
}

// VerifyFaults are the registries of a verification that could not be asked.
func VerifyFaults(r *executor.VerifyReport) []Fault {
	var faults []Fault
	for i := range r.Items {
		it := &r.Items[i]
		if it.Status != executor.VerifyUnknown {
			continue
		}
		f := Fault{What: it.Problem, Hint: it.Hint}
		if it.Err != nil {
			f = faultOfMany(it.Err)
		}
		f.Where, f.Items = it.Registry, itemNames(it.Name, it.Version)
		faults = append(faults, f)
	}
	return faults
}

// VerifySummary is the last line of the text format, for a notice.
func VerifySummary(r *executor.VerifyReport, file string) string { return verifyLine(r, file) }
