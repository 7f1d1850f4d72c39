package manifest

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/packs-cli/packs/internal/pack"
)

// badPack reports why a candidate is no pack, each mistake at its place in pack.json.
func (l *loader) badPack(c *candidate, p Pack) {
	for _, i := range c.entries {
		l.entries[i].broken = true
	}
	l.catalog.Broken = append(l.catalog.Broken, p)
	mistakes := metaErrors(c.err)
	for _, m := range mistakes {
		l.report.add(Problem{
			File: l.inPack(c, &p, m.File), Line: m.Line, Column: m.Column,
			Message: m.Message, Hint: m.Hint, Err: fmt.Errorf("%w: %w", ErrPack, m),
		})
	}
	if len(mistakes) == 0 {
		message := strings.TrimPrefix(reason(c.err).Error(), c.real+": ")
		l.report.add(Problem{File: l.named(p.Path), Message: "cannot be read: " + message, Err: fmt.Errorf("%w: %w", ErrPack, c.err)})
	}
}

// metaErrors returns every mistake that err holds.
func metaErrors(err error) []*pack.MetaError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		errs := joined.Unwrap()
		all := make([]*pack.MetaError, 0, len(errs))
		for _, e := range errs {
			all = append(all, metaErrors(e)...)
		}
		return all
	}
	var one *pack.MetaError
	if errors.As(err, &one) {
		return []*pack.MetaError{one}
	}
	return nil
}

// inPack returns a file of a pack as the user can open it.
func (l *loader) inPack(c *candidate, p *Pack, file string) string {
	rest, ok := strings.CutPrefix(file, c.real)
	if !ok {
		return file
	}
	return l.named(p.Path) + filepath.FromSlash(rest)
}
