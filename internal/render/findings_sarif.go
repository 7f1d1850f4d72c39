package render

import (
	"io"
	"net/url"
	"path"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
)

const (
	sarifSchema = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	// sarifRoot stands for the root of the work tree, where the reader of a log
	// knows it: services call it so.
	sarifRoot = "%SRCROOT%"
	// sarifColumns says what columns count: characters, as the linter does.
	sarifColumns = "unicodeCodePoints"
)

var sarifLevels = map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Info: "note", lint.Off: "none"}

// writeFindingsSARIF writes a SARIF 2.1.0 log with one run, which holds every
// rule with its page.
func writeFindingsSARIF(w io.Writer, r *lint.Report, o FindingsOptions) error {
	rules, places := sarifRules()
	run := sarifRun{
		Tool:        sarifTool{Driver: sarifDriver{Name: "packs", Version: strings.TrimSpace(strings.TrimPrefix(r.Tool, "packs")), Rules: rules}},
		Invocations: []sarifInvocation{{Successful: true}},
		ColumnKind:  sarifColumns,
		Results:     make([]sarifResult, 0, len(r.Findings)),
	}
	prints := newFingerprints()
	for i := range r.Findings {
		f := &r.Findings[i]
		file := o.inTree(f)
		at, ok := places[f.Rule]
		if !ok {
			at = -1 // the format's word for a rule that the run does not describe
		}
		run.Results = append(run.Results, sarifResult{
			RuleID: f.Rule, RuleIndex: at, Level: sarifLevels[f.Severity], Message: sarifText{Text: sentence(f)},
			Locations: sarifLocations(f, file), Fingerprints: map[string]string{"packsFinding/v1": prints.of(f, file)},
		})
	}
	return JSON(w, sarifLog{Schema: sarifSchema, Version: "2.1.0", Runs: []sarifRun{run}})
}

func sarifRules() (rules []sarifRule, places map[string]int) {
	places = make(map[string]int)
	for i, r := range lint.Rules() {
		places[r.ID] = i
		page, _ := lint.Explain(r.ID)
		summary := strings.ToUpper(r.Summary[:1]) + r.Summary[1:]
		level := sarifLevels[r.Severity]
		if r.Severity == lint.Off {
			level = sarifLevels[lint.Warning]
		}
		rules = append(rules, sarifRule{
			ID: r.ID, Short: sarifText{Text: summary}, Full: sarifText{Text: summary + "."}, Help: sarifText{Text: page, Markdown: page},
			Configuration: sarifConfiguration{Enabled: r.Severity != lint.Off, Level: level},
		})
	}
	return rules, places
}

// sarifLocations is the place of a finding. What is about a file as a whole is
// shown at its first line: services pass over a place without one.
func sarifLocations(f *lint.Finding, file string) []sarifLocation {
	if file == "" {
		return nil
	}
	at := sarifPhysical{Artifact: sarifURI(file), Region: sarifRegion{StartLine: max(f.Line, 1)}}
	if f.Line > 0 {
		at.Region.StartColumn = max(f.Column, 1)
	}
	return []sarifLocation{{Physical: at}}
}

func sarifURI(file string) sarifArtifact {
	if path.IsAbs(file) {
		return sarifArtifact{URI: (&url.URL{Scheme: "file", Path: file}).String()}
	}
	return sarifArtifact{URI: (&url.URL{Path: file}).String(), Base: sarifRoot}
}
