package render

import (
	"io"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
)

// githubCommands are the workflow commands for severities, see
// https://docs.github.com/actions/reference/workflow-commands-for-github-actions.
var githubCommands = map[lint.Severity]string{lint.Error: "error", lint.Warning: "warning", lint.Info: "notice"}

// Workflow commands end at a line break, and their properties are parted by
// commas and end at a colon: these are written as the runner decodes them.
var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// writeFindingsGitHub writes a workflow command for each finding, which GitHub
// shows at its line, and the counts as a line of the log.
func writeFindingsGitHub(w io.Writer, r *lint.Report, o FindingsOptions) error {
	t := newPage(w, Style{})
	for i := range r.Findings {
		f := &r.Findings[i]
		properties := make([]string, 0, 4)
		if p := o.inTree(f); p != "" {
			properties = append(properties, "file="+githubProperty.Replace(Clean(p)))
		}
		if f.Line > 0 {
			properties = append(properties, "line="+strconv.Itoa(f.Line), "col="+strconv.Itoa(max(f.Column, 1)))
		}
		properties = append(properties, "title="+githubProperty.Replace(Clean(f.Rule)))
		text := Clean(f.Message)
		if f.Hint != "" {
			text += "\n" + Clean(f.Hint)
		}
		t.line("::", githubCommands[f.Severity], " ", strings.Join(properties, ","), "::", githubText.Replace(text))
	}
	t.line(findingsSummary(r))
	return t.flush()
}
