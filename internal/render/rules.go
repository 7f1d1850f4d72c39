package render

import (
	"fmt"
	"io"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/plan"
)

// RuleListKind is the kind of a list of rules in JSON.
const RuleListKind = "RuleList"

// RuleList is every rule of the linter in JSON.
type RuleList struct {
	APIVersion string           `json:"apiVersion"`
	Kind       string           `json:"kind"`
	Tool       string           `json:"tool,omitempty"`
	Summary    RuleListSummary  `json:"summary"`
	Rules      []RuleListedRule `json:"rules"`
}

// RuleListSummary counts rules.
type RuleListSummary struct {
	Rules int `json:"rules"`
}

// RuleListedRule is a rule in JSON.
type RuleListedRule struct {
	ID       string        `json:"id"`
	Severity lint.Severity `json:"severity"` // unless packs.yaml says otherwise
	Summary  string        `json:"summary"`
	Needs    string        `json:"needs,omitempty"` // the flag of validate without which it finds nothing
}

// ruleFlags are the flags of validate that give rules what they need.
var ruleFlags = map[lint.Need]string{lint.NeedsGit: "--changed-since", lint.NeedsImages: "--check-images", lint.NeedsOnline: "--online"}

// Rules lists the rules of the linter as text, json or yaml. Tool is the version
// of the program.
func Rules(w io.Writer, format, tool string, s Style) error {
	rules := lint.Rules()
	list := RuleList{APIVersion: plan.APIVersion, Kind: RuleListKind, Tool: tool, Rules: make([]RuleListedRule, len(rules))}
	for i, r := range rules {
		list.Rules[i] = RuleListedRule{ID: r.ID, Severity: r.Severity, Summary: r.Summary, Needs: ruleFlags[r.Needs]}
	}
	list.Summary.Rules = len(rules)
	switch format {
	case "json":
		return JSON(w, list)
	case "yaml":
		return YAML(w, list)
	case "text":
		return rulesText(w, s, list.Rules)
	}
	return fmt.Errorf("rules are listed as text, json or yaml, not as %s", format)
}

func rulesText(w io.Writer, s Style, lines []RuleListedRule) error {
	t := newPage(w, s)
	idWidth := 0
	for _, l := range lines {
		idWidth = max(idWidth, width(l.ID))
	}
	for _, l := range lines {
		summary := l.Summary
		if l.Needs != "" {
			summary += " (" + l.Needs + ")"
		}
		severity := pad(string(l.Severity), len("warning"))
		t.line(t.paint(bold, pad(l.ID, idWidth)), "  ", t.paint(severityColors[l.Severity], severity), "  ", summary)
	}
	t.line()
	t.line(Count(len(lines), "rule"), ". ", t.hint("`packs explain RULE` tells more about one."))
	return t.flush()
}
