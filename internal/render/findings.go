package render

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
)

// FindingsOptions says how findings are written.
type FindingsOptions struct {
	Style Style // of text
	// Prefix is the folder that paths of findings are relative to, as seen from
	// the root of its git work tree: services that show findings beside the code
	// know files by their place there. "" where both are one, or there is none.
	Prefix string
	// Packs are the paths of all packs that were checked, for formats that show
	// what is right, too.
	Packs []string
}

// findingWriters holds a function for each format.
var findingWriters = map[string]func(io.Writer, *lint.Report, FindingsOptions) error{
	"text":     writeFindingsText,
	"json":     func(w io.Writer, r *lint.Report, _ FindingsOptions) error { return JSON(w, r) },
	"yaml":     func(w io.Writer, r *lint.Report, _ FindingsOptions) error { return YAML(w, r) },
	"sarif":    writeFindingsSARIF,
	"junit":    writeFindingsJUnit,
	"github":   writeFindingsGitHub,
	"gitlab":   writeFindingsGitLab,
	"markdown": writeFindingsMarkdown,
	"html":     writeFindingsHTML,
}

// FindingFormats are the formats that Findings writes; the first is for people.
func FindingFormats() []string {
	return []string{"text", "json", "yaml", "sarif", "junit", "github", "gitlab", "markdown", "html"}
}

// Findings writes a validation report in one of FindingFormats.
func Findings(w io.Writer, format string, r *lint.Report, o FindingsOptions) error {
	write, ok := findingWriters[format]
	if !ok {
		return fmt.Errorf("findings cannot be written as %q", format)
	}
	return write(w, r, o)
}

// inTree returns the path of a finding's file as seen from the root of the work
// tree; "" where the finding is about no file.
func (o *FindingsOptions) inTree(f *lint.Finding) string {
	if f.Path == "" {
		return ""
	}
	p := strings.ReplaceAll(f.Path, `\`, "/")
	if path.IsAbs(p) {
		return p
	}
	return path.Join(o.Prefix, p)
}

// findingGroup is what was found about one pack.
type findingGroup struct {
	pack          string // path; empty for what is about no pack
	name, version string
	findings      []lint.Finding
}

// title is the first line of a group.
func (g *findingGroup) title() string {
	if g.name == "" {
		return ""
	}
	return Clean(strings.TrimSpace(g.name + " " + g.version))
}

// groupFindings puts the findings of each pack together: first those about no
// pack, then packs by path. Findings that come from a file know no path of a
// pack: they are put together by its name and version.
func groupFindings(findings []lint.Finding) []findingGroup {
	places := make(map[string]int)
	var groups []findingGroup
	for i := range findings {
		f := &findings[i]
		key := f.Pack
		if key == "" {
			key = f.Name + "\x00" + f.Version
		}
		at, ok := places[key]
		if !ok {
			at = len(groups)
			places[key] = at
			groups = append(groups, findingGroup{pack: f.Pack, name: f.Name, version: f.Version})
		}
		groups[at].findings = append(groups[at].findings, *f)
	}
	return sortedGroups(groups)
}

func sortedGroups(groups []findingGroup) []findingGroup {
	slices.SortStableFunc(groups, func(a, b findingGroup) int {
		return cmp.Or(strings.Compare(a.pack, b.pack), cmp.Compare(min(len(a.name), 1), min(len(b.name), 1)))
	})
	return groups
}

// below returns a path as seen from a pack that it lies in.
func (g *findingGroup) below(p string) string {
	if rest, ok := strings.CutPrefix(p, g.pack+"/"); ok && g.pack != "" {
		return rest
	}
	return p
}

// severityWord is how people call a severity.
func severityWord(s lint.Severity) string {
	if s == lint.Info {
		return "remark"
	}
	return string(s)
}

// findingsSummary is the counts of a report in one sentence.
func findingsSummary(r *lint.Report) string {
	s, line := r.Summary, "Valid"
	if s.Errors > 0 {
		line = "Invalid"
	}
	line += shardWord(" in", r.Shard, r.MissingShards) + ": "
	var parts []string
	if s.Packs > 0 || s.Errors == 0 { // with a wrong packs.yaml no pack is reached
		parts = append(parts, Count(s.Packs, "pack")+" checked")
	}
	if s.Errors+s.Warnings+s.Infos == 0 {
		parts = append(parts, "nothing found")
	}
	return line + strings.Join(append(parts, findingCounts(s)...), ", ") + "."
}

func findingCounts(s lint.Summary) []string {
	var parts []string
	for _, c := range []struct {
		n    int
		noun string
	}{{s.Errors, "error"}, {s.Warnings, "warning"}, {s.Infos, "remark"}} {
		if c.n > 0 {
			parts = append(parts, Count(c.n, c.noun))
		}
	}
	return parts
}

// FindingsSummary is the last line of the text format, for a notice.
func FindingsSummary(r *lint.Report) string { return findingsSummary(r) }
