package lint

import (
	"slices"

	"github.com/packs-cli/packs/plan"
)

// ReportKind is the kind of a validation report's JSON document.
const ReportKind = "ValidationReport"

// Severity says how much a finding matters.
type Severity string

// The severities of findings.
const (
	Error   Severity = "error"
	Warning Severity = "warning"
	Info    Severity = "info"
	Off     Severity = "off" // of rules only: nothing is reported
)

func (s Severity) valid() bool { return s == Error || s == Warning || s == Info || s == Off }

// Finding is one thing that is wrong, or worth a word, at a place in a file.
type Finding struct {
	Rule     string   `json:"rule"`
	Severity Severity `json:"severity"`
	Name     string   `json:"name,omitempty"` // of the pack
	Version  string   `json:"version,omitempty"`
	Path     string   `json:"path,omitempty"` // of the file, relative to where packs was started
	Line     int      `json:"line,omitempty"` // from 1; 0 means unknown
	Column   int      `json:"column,omitempty"`
	Message  string   `json:"message"`
	Hint     string   `json:"hint,omitempty"`

	Pack string `json:"-"` // path of the pack's folder or archive; empty where no pack is meant
	Fix  *Fix   `json:"-"` // what would mend it; nil where a person must decide

	rel string // path that globs of the settings are matched with
}

// Report is what a validation found.
type Report struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Tool       string       `json:"tool,omitempty"`
	Source     *plan.Source `json:"source,omitempty"`
	Shard      *plan.Shard  `json:"shard,omitempty"` // the part of the catalog that was checked; nil: all of it
	// MissingShards are parts of the catalog that a report of several runs says
	// nothing about.
	MissingShards []plan.Shard `json:"missingShards,omitempty"`
	Summary       Summary      `json:"summary"`
	Findings      []Finding    `json:"findings"`
}

// Summary counts what was checked and found.
type Summary struct {
	Packs    int `json:"packs"`
	Errors   int `json:"errors"`
	Warnings int `json:"warnings"`
	Infos    int `json:"infos"`
}

// NewReport returns a report of findings, sorted by path and place, about a
// number of packs.
func NewReport(packs int, findings []Finding) *Report {
	r := &Report{APIVersion: plan.APIVersion, Kind: ReportKind, Findings: slices.Clone(findings)}
	if r.Findings == nil {
		r.Findings = []Finding{}
	}
	slices.SortStableFunc(r.Findings, order)
	r.Summary.Packs = packs
	for _, f := range r.Findings {
		switch f.Severity {
		case Error:
			r.Summary.Errors++
		case Warning:
			r.Summary.Warnings++
		case Info:
			r.Summary.Infos++
		}
	}
	return r
}
