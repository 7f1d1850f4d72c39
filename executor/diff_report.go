package executor

import (
	"github.com/packs-cli/packs/plan"
)

// DiffKind is the kind of a comparison's JSON document.
const DiffKind = "DiffReport"

// DiffReport says file by file in what packs differ.
type DiffReport struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Tool       string       `json:"tool,omitempty"`
	Source     *plan.Source `json:"source,omitempty"`
	Summary    DiffSummary  `json:"summary"`
	Items      []DiffItem   `json:"items"`
	Remarks    []string     `json:"remarks,omitempty"` // what a reader should know and no item says
}

// DiffStatus is how two sides compare.
type DiffStatus string

// How two sides can compare.
const (
	DiffEqual     DiffStatus = "equal"
	DiffDifferent DiffStatus = "different"
	DiffOnlyOld   DiffStatus = "only-old" // the new side does not have it
	DiffOnlyNew   DiffStatus = "only-new" // the old side does not have it
	DiffUnknown   DiffStatus = "unknown"  // a side could not be read
)

// DiffItem compares two packs: most often one version in two places.
type DiffItem struct {
	Status  DiffStatus `json:"status"`
	Name    string     `json:"name"`
	Old     DiffSide   `json:"old"`
	New     DiffSide   `json:"new"`
	Files   []FileDiff `json:"files,omitempty"` // that differ, by path
	Problem string     `json:"problem,omitempty"`
	Hint    string     `json:"hint,omitempty"`
	Err     error      `json:"-"`
}

// DiffSide is where a pack was read.
type DiffSide struct {
	Registry      string `json:"registry,omitempty"` // empty for a pack on disk
	Version       string `json:"version"`
	Path          string `json:"path,omitempty"`      // of a pack on disk, relative to packs.yaml
	Reference     string `json:"reference,omitempty"` // of a published one
	Digest        string `json:"digest,omitempty"`    // of its manifest
	ContentDigest string `json:"contentDigest,omitempty"`
}

// FileChange says what became of a file.
type FileChange string

// What can become of a file.
const (
	FileAdded    FileChange = "added"    // only the new side has it
	FileRemoved  FileChange = "removed"  // only the old side has it
	FileModified FileChange = "modified" // other bytes, or a link where a file was
	FileMode     FileChange = "mode"     // only the executable bit differs
)

// FileDiff is one file that differs.
type FileDiff struct {
	Path   string     `json:"path"`
	Change FileChange `json:"change"`
	Old    *FileState `json:"old,omitempty"`
	New    *FileState `json:"new,omitempty"`
	Diff   string     `json:"diff,omitempty"` // hunks of a unified diff of the text
	Note   string     `json:"note,omitempty"` // why there is no diff, or not all of it
}

// FileState is a file on one side.
type FileState struct {
	Size       int64  `json:"size"`
	Digest     string `json:"digest"` // sha256:HEX of the bytes, or of a link's target
	Executable bool   `json:"executable,omitempty"`
	Target     string `json:"target,omitempty"` // of a link
}

// DiffSummary counts the items of a comparison.
type DiffSummary struct {
	Equal     int `json:"equal"`
	Different int `json:"different"`
	OnlyOld   int `json:"onlyOld"`
	OnlyNew   int `json:"onlyNew"`
	Unknown   int `json:"unknown"`
	Files     int `json:"files"` // that differ
}

// Differs tells whether anything is not the same on both sides.
func (s DiffSummary) Differs() bool { return s.Different+s.OnlyOld+s.OnlyNew > 0 }

// SummarizeDiff counts items.
func SummarizeDiff(items []DiffItem) DiffSummary {
	var s DiffSummary
	for i := range items {
		s.Files += len(items[i].Files)
		switch items[i].Status {
		case DiffEqual:
			s.Equal++
		case DiffDifferent:
			s.Different++
		case DiffOnlyOld:
			s.OnlyOld++
		case DiffOnlyNew:
			s.OnlyNew++
		case DiffUnknown:
			s.Unknown++
		}
	}
	return s
}

// Brief leaves the lines of texts out.
func (r *DiffReport) Brief() {
	for i := range r.Items {
		for j := range r.Items[i].Files {
			r.Items[i].Files[j].Diff, r.Items[i].Files[j].Note = "", ""
		}
	}
}
