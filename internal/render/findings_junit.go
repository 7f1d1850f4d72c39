package render

import (
	"encoding/xml"
	"io"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
)

// The elements of a JUnit report that CI services agree on.
type (
	junitReport struct {
		XMLName  xml.Name     `xml:"testsuites"`
		Name     string       `xml:"name,attr"`
		Tests    int          `xml:"tests,attr"`
		Failures int          `xml:"failures,attr"`
		Suites   []junitSuite `xml:"testsuite"`
	}
	junitSuite struct {
		Name     string      `xml:"name,attr"`
		Tests    int         `xml:"tests,attr"`
		Failures int         `xml:"failures,attr"`
		Cases    []junitCase `xml:"testcase"`
	}
	junitCase struct {
		Name      string        `xml:"name,attr"`
		ClassName string        `xml:"classname,attr"`
		File      string        `xml:"file,attr,omitempty"`
		Line      int           `xml:"line,attr,omitempty"`
		Failure   *junitFailure `xml:"failure"`
		Out       string        `xml:"system-out,omitempty"`
	}
	junitFailure struct {
		Message string `xml:"message,attr"`
		Type    string `xml:"type,attr"`
		Text    string `xml:",chardata"`
	}
)

// writeFindingsJUnit writes a suite for each pack. A finding is a case of its
// own, which fails where it is an error; a pack without findings is one case
// that passes.
func writeFindingsJUnit(w io.Writer, r *lint.Report, o FindingsOptions) error {
	report := junitReport{Name: "packs validate"}
	groups := groupFindings(r.Findings)
	found := make(map[string]bool, len(groups))
	for i := range groups {
		found[groups[i].pack] = true
	}
	for _, p := range o.Packs {
		if !found[p] {
			groups = append(groups, findingGroup{pack: p})
		}
	}
	groups = sortedGroups(groups)
	for i := range groups {
		s := junitSuiteOf(&groups[i], &o)
		report.Tests += s.Tests
		report.Failures += s.Failures
		report.Suites = append(report.Suites, s)
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	e := xml.NewEncoder(w)
	e.Indent("", "  ")
	if err := e.Encode(&report); err != nil {
		return err
	}
	_, err := io.WriteString(w, "\n")
	return err
}

func junitSuiteOf(g *findingGroup, o *FindingsOptions) junitSuite {
	name := Clean(g.pack)
	if name == "" {
		name = "catalog"
	}
	s := junitSuite{Name: name}
	for i := range g.findings {
		f := &g.findings[i]
		c := junitCase{
			Name: Clean(f.Rule + " " + place(g.below(f.Path), f.Line, f.Column)), ClassName: name,
			File: Clean(o.inTree(f)), Line: f.Line,
		}
		if f.Severity == lint.Error {
			c.Failure = &junitFailure{Message: Clean(f.Message), Type: f.Rule, Text: junitText(f)}
			s.Failures++
		} else {
			c.Out = junitText(f)
		}
		s.Cases = append(s.Cases, c)
	}
	if len(s.Cases) == 0 {
		s.Cases = []junitCase{{Name: "nothing found", ClassName: name}}
	}
	s.Tests = len(s.Cases)
	return s
}

// junitText is a finding as the text format has it.
func junitText(f *lint.Finding) string {
	lines := []string{Clean(place(f.Path, f.Line, f.Column)) + ": " + severityWord(f.Severity) + ": " + Clean(f.Message) + " [" + f.Rule + "]"}
	if f.Hint != "" {
		lines = append(lines, Clean(f.Hint))
	}
	return strings.Join(lines, "\n")
}
