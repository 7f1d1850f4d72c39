package render

import (
	"io"

	"github.com/packs-cli/packs/internal/lint"
)

// gitlabIssue is an entry of a code quality report, see
// https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format.
type gitlabIssue struct {
	Description string         `json:"description"`
	CheckName   string         `json:"check_name"`
	Fingerprint string         `json:"fingerprint"`
	Severity    string         `json:"severity"`
	Location    gitlabLocation `json:"location"`
}

type gitlabLocation struct {
	Path  string      `json:"path"`
	Lines gitlabLines `json:"lines"`
}

type gitlabLines struct {
	Begin int `json:"begin"`
}

var gitlabSeverities = map[lint.Severity]string{lint.Error: "major", lint.Warning: "minor", lint.Info: "info"}

// writeFindingsGitLab writes a code quality report, which GitLab shows in merge
// requests.
func writeFindingsGitLab(w io.Writer, r *lint.Report, o FindingsOptions) error {
	issues := make([]gitlabIssue, 0, len(r.Findings))
	prints := newFingerprints()
	for i := range r.Findings {
		f := &r.Findings[i]
		file := o.inTree(f)
		issues = append(issues, gitlabIssue{
			Description: sentence(f), CheckName: f.Rule, Fingerprint: prints.of(f, file), Severity: gitlabSeverities[f.Severity],
			Location: gitlabLocation{Path: file, Lines: gitlabLines{Begin: max(f.Line, 1)}},
		})
	}
	return JSON(w, issues)
}

// sentence is a finding and what to do about it in one line.
func sentence(f *lint.Finding) string {
	if f.Hint == "" {
		return Clean(f.Message)
	}
	return Clean(f.Message) + " (" + Clean(f.Hint) + ")"
}
