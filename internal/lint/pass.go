package lint

import (
	"fmt"
	"path"
)

// maxFindings is how many findings one rule reports about one pack; of further
// ones only the number is told.
const maxFindings = 100

// pass is one rule's look at one pack.
type pass struct {
	*target
	rule  *Rule
	found []Finding
	more  int
	next  Finding // the first of those that are only counted
}

// report adds a finding. What is returned may be changed until the next call.
func (p *pass) report(at place, hint, message string) *Finding {
	f := Finding{
		Rule: p.rule.ID, Severity: p.rule.Severity, Path: path.Join(p.in.Path, at.file), Line: at.line, Column: at.column,
		Message: message, Hint: hint, rel: p.in.rel(at.file),
	}
	if len(p.found) == maxFindings {
		if p.more == 0 {
			p.next = f
		}
		p.more++
		return &f
	}
	p.found = append(p.found, f)
	return &p.found[len(p.found)-1]
}

// reportf is report with a format.
func (p *pass) reportf(at place, hint, format string, args ...any) *Finding {
	return p.report(at, hint, fmt.Sprintf(format, args...))
}

// flaw reports why a file cannot be read.
func (p *pass) flaw(file string, f *flaw) {
	if f.told {
		return
	}
	found := p.report(place{file, f.line, f.column}, f.hint, file+" "+f.message)
	if f.unchecked && found.Severity == Error {
		found.Severity = Warning
	}
}

// finish returns what was found.
func (p *pass) finish() []Finding {
	if p.more > 0 {
		p.next.Message = fmt.Sprintf("%d more like the %d before it", p.more, maxFindings)
		p.next.Hint, p.next.Fix = "", nil
		p.found = append(p.found, p.next)
	}
	return p.found
}
