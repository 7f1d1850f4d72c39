package main

import (
	"context"
	"errors"
	"slices"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/pins"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// The exit codes.
const (
	exitDone        = 0   // done, or nothing to do
	exitFailed      = 1   // something failed; validate: findings of severity error
	exitPending     = 2   // changes are pending (plan --detailed-exitcode)
	exitInput       = 3   // packs.yaml, a flag or a pack is wrong
	exitConflict    = 4   // conflicts, or a stale plan
	exitInterrupted = 130 // by SIGINT or SIGTERM
)

// precedence orders exit codes for when several fit: the first one wins.
var precedence = []int{exitInterrupted, exitInput, exitFailed, exitConflict, exitPending, exitDone}

// worst returns the code that wins over the others.
func worst(codes ...int) int {
	for _, c := range precedence {
		if slices.Contains(codes, c) {
			return c
		}
	}
	return exitDone
}

// exitError carries an exit code. Where err is nil, everything has been said.
type exitError struct {
	code int
	err  error
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// exit returns the error that ends the program with the worst of some codes,
// and says what err says; nil where all of it is well.
func exit(err error, codes ...int) error {
	code := worst(codes...)
	if code == exitDone && err == nil {
		return nil
	}
	return &exitError{code: code, err: err}
}

// exitCode is the code for an error; of a joined one, that of the part which wins.
func exitCode(err error) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, executor.ErrInterrupted) || errors.Is(err, context.Canceled) {
		return exitInterrupted
	}
	switch e := err.(type) { //nolint:errorlint // every layer is looked at, from the outside in
	case *exitError:
		return e.code
	case *manifest.InvalidError, *executor.InputError, *executor.PackError, *executor.UnfitError, *plan.FileError, *pins.Error, *usageError:
		return exitInput
	case interface{ Unwrap() []error }:
		codes := []int{}
		for _, part := range e.Unwrap() {
			codes = append(codes, exitCode(part))
		}
		return worst(codes...)
	}
	if errors.Is(err, executor.ErrConflict) || errors.Is(err, executor.ErrStale) {
		return exitConflict
	}
	if inner := errors.Unwrap(err); inner != nil {
		return exitCode(inner)
	}
	return exitFailed
}
