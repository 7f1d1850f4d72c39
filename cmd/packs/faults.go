package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
)

// faultsError is several failures that are already in words.
type faultsError struct{ faults []render.Fault }

func (e *faultsError) Error() string { return fmt.Sprintf("%d failures", len(e.faults)) }

// explain tells a person what went wrong, on stderr.
func (a *app) explain(err error) {
	var faults []render.Fault
	for _, e := range parts(err) {
		var invalid *manifest.InvalidError
		if errors.As(e, &invalid) {
			_ = render.Problems(a.err, a.errStyle(), invalid.Problems)
			continue
		}
		faults = append(faults, faultsOf(e)...)
	}
	// Where stderr cannot be written there is nobody to tell.
	_ = render.Faults(a.err, a.errStyle(), faults)
}

// parts takes joined errors apart, and leaves out what was said already.
func parts(err error) []error {
	if err == nil || err.Error() == "" {
		return nil
	}
	if e, ok := err.(*exitError); ok { //nolint:errorlint // only the outermost layer
		return parts(e.err)
	}
	many, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var lines []string
	for _, e := range many.Unwrap() {
		lines = append(lines, e.Error())
	}
	if strings.Join(lines, "\n") != err.Error() {
		return []error{err} // fmt.Errorf with several %w is one failure
	}
	var all []error
	for _, e := range many.Unwrap() {
		all = append(all, parts(e)...)
	}
	return all
}

func faultsOf(err error) []render.Fault {
	var (
		many  *faultsError
		usage *usageError
		input *executor.InputError
		where *fs.PathError
	)
	switch {
	case errors.As(err, &many):
		return many.faults
	case errors.As(err, &usage):
		return []render.Fault{{What: usage.message, Hint: usage.hint, Code: render.CodeUsage}}
	case errors.As(err, &input):
		return []render.Fault{{Where: strings.TrimSpace(input.Option + " " + input.Value), What: input.Message, Code: render.CodeOf(input)}}
	case errors.Is(err, executor.ErrInterrupted), errors.Is(err, context.Canceled):
		return []render.Fault{{What: "interrupted", Code: render.CodeOf(err)}}
	case errors.Is(err, syscall.EMFILE):
		f := render.FaultOf(err)
		f.Hint = "allow more open files: `ulimit -n 1024`"
		return []render.Fault{f}
	case errors.As(err, &where) && errors.Is(err, fs.ErrPermission):
		return []render.Fault{{What: err.Error(), Hint: "check the rights of " + where.Path, Code: render.CodeOf(err)}}
	}
	return []render.Fault{render.FaultOf(err)}
}
