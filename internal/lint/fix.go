package lint

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// Fix is what would mend a finding, in the file that the finding names. Only
// mistakes that have one right answer carry one.
type Fix struct {
	Edits []Edit
}

// Edit replaces the bytes from Start up to End by Text.
type Edit struct {
	Start, End int
	Text       string
}

// FileFix is how one file would look.
type FileFix struct {
	Path   string // as in the findings
	Before []byte
	After  []byte
	Rules  []string // that the edits are for, sorted
}

// ErrEdit is the cause of an error about edits that do not fit a file: it was
// changed since it was checked.
var ErrEdit = errors.New("changed since it was checked")

// Fixes returns what the edits of findings would make of their files, sorted by
// path. Nothing is written. read returns the bytes of a file by the path in the
// findings. Of edits that overlap only the first is made: the next run tells of
// the others.
func Fixes(findings []Finding, read func(path string) ([]byte, error)) ([]FileFix, error) {
	byPath := make(map[string][]Finding)
	for _, f := range findings {
		if f.Fix != nil && len(f.Fix.Edits) > 0 {
			byPath[f.Path] = append(byPath[f.Path], f)
		}
	}
	var fixes []FileFix
	for path, found := range byPath {
		before, err := read(path)
		if err != nil {
			return nil, err
		}
		fix := FileFix{Path: path, Before: before}
		var edits []Edit
		for _, f := range found {
			edits = append(edits, f.Fix.Edits...)
			fix.Rules = append(fix.Rules, f.Rule)
		}
		slices.Sort(fix.Rules)
		fix.Rules = slices.Compact(fix.Rules)
		if fix.After, err = apply(before, edits); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		fixes = append(fixes, fix)
	}
	slices.SortFunc(fixes, func(a, b FileFix) int { return cmp.Compare(a.Path, b.Path) })
	return fixes, nil
}

func apply(text []byte, edits []Edit) ([]byte, error) {
	slices.SortFunc(edits, func(a, b Edit) int { return cmp.Or(cmp.Compare(a.Start, b.Start), cmp.Compare(a.End, b.End)) })
	var out bytes.Buffer
	last := 0
	for _, e := range edits {
		if e.Start < 0 || e.End < e.Start || e.End > len(text) {
			return nil, ErrEdit
		}
		if e.Start < last {
			continue
		}
		out.Write(text[last:e.Start])
		out.WriteString(e.Text)
		last = e.End
	}
	out.Write(text[last:])
	return out.Bytes(), nil
}
