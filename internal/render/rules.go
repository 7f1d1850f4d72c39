package render

import (
	"fmt"
	"io"

	"github.com/packs-cli/packs/internal/lint"
)

// ruleLine is a rule in JSON.
type ruleLine struct {
	ID       string        `json:"id"`
	Severity lint.Severity `json:"severity"`
	Summary  string        `json:"summary"`
	Needs    string        `json:"needs,omitempty"`
}

// ruleFlags are the flags of validate that give rules what they need.
var ruleFlags = map[lint.Need]string{lint.NeedsGit: "--changed-since", lint.NeedsImages: "--check-images", lint.NeedsOnline: "--online"}

// Rules lists the rules of the linter as text, json or yaml.
func Rules(w io.Writer, format string, s Style) error {
	rules := lint.Rules()
	lines := make([]ruleLine, len(rules))
	for i, r := range rules {
		lines[i] = ruleLine{ID: r.ID, Severity: r.Severity, Summary: r.Summary, Needs: ruleFlags[r.Needs]}
	}
	switch format {
	case "json":
		return JSON(w, lines)
	case "yaml":
		return YAML(w, lines)
	case "text":
		return rulesText(w, s, lines)
	}
	return fmt.Errorf("rules are listed as text, json or yaml, not as %s", format)
}

func rulesText(w io.Writer, s Style, lines []ruleLine) error {
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
