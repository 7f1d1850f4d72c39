package manifest

import (
	"cmp"
	"fmt"
	"slices"
)

// maxProblems bounds a report: nobody reads more, and a hostile file could
// else ask for as many as it has bytes.
const maxProblems = 1000

// report collects problems and remarks while a file is read.
type report struct {
	file     string // packs.yaml, as it was named
	problems []Problem
	remarks  []Problem
	full     bool // maxProblems is reached, further ones are dropped
}

// add records a problem.
func (r *report) add(p Problem) {
	if r.full {
		return
	}
	if len(r.problems) == maxProblems {
		r.full = true
		return
	}
	r.problems = append(r.problems, p)
}

// errorf records a problem of packs.yaml.
func (r *report) errorf(at Position, hint, format string, args ...any) {
	r.fail(at, nil, hint, format, args...)
}

// fail records a problem of packs.yaml with a cause that callers can test for.
func (r *report) fail(at Position, cause error, hint, format string, args ...any) {
	r.add(Problem{File: r.file, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...), Hint: hint, Err: cause})
}

// remarkf records what is worth a word and is no error.
func (r *report) remarkf(at Position, cause error, hint, format string, args ...any) {
	if len(r.remarks) < maxProblems {
		r.remarks = append(r.remarks, Problem{File: r.file, Line: at.Line, Column: at.Column, Message: fmt.Sprintf(format, args...), Hint: hint, Err: cause})
	}
}

// err returns all problems as an *InvalidError, or nil.
func (r *report) err() error {
	if len(r.problems) == 0 {
		return nil
	}
	problems := r.sorted(r.problems)
	if r.full {
		problems = append(problems, Problem{File: r.file, Message: fmt.Sprintf("more than %d mistakes: the rest is not listed", maxProblems)})
	}
	return &InvalidError{Problems: problems}
}

// sorted orders problems by place: packs.yaml first, then other files by name.
// What is found twice is kept once: values behind an anchor are checked at
// each place that uses them.
func (r *report) sorted(problems []Problem) []Problem {
	slices.SortStableFunc(problems, func(a, b Problem) int {
		return cmp.Or(
			-compareBool(a.File == r.file, b.File == r.file),
			cmp.Compare(a.File, b.File),
			cmp.Compare(a.Line, b.Line),
			cmp.Compare(a.Column, b.Column),
		)
	})
	return slices.CompactFunc(problems, func(a, b Problem) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Message == b.Message
	})
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	default:
		return -1
	}
}
