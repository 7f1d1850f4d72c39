package main

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

func TestExitCode(t *testing.T) {
	t.Parallel()
	failed := errors.New("boom")
	invalid := &manifest.InvalidError{Problems: []manifest.Problem{{Message: "x"}}}
	tests := []struct {
		name string
		err  error
		want int
	}{
		{"nothing", nil, exitDone},
		{"anything", failed, exitFailed},
		{"wrapped", fmt.Errorf("a: %w", failed), exitFailed},
		{"packs.yaml", invalid, exitInput},
		{"packs.yaml, wrapped", fmt.Errorf("a: %w", invalid), exitInput},
		{"flag", &usageError{}, exitInput},
		{"selection", &executor.InputError{}, exitInput},
		{"pack that cannot be read", errors.Join(&executor.PackError{Err: failed}, &executor.PackError{Err: failed}), exitInput},
		{"conflict", &executor.ItemError{Action: plan.Push, Err: executor.ErrConflict}, exitConflict},
		{"stale", fmt.Errorf("a: %w", executor.ErrStale), exitConflict},
		{"interrupted", executor.ErrInterrupted, exitInterrupted},
		{"cancelled", fmt.Errorf("a: %w", context.Canceled), exitInterrupted},
		{"pending", exit(nil, exitPending), exitPending},
		{"conflict and failure", exit(failed, exitConflict, exitFailed), exitFailed},
		{"conflict and pending", exit(nil, exitPending, exitConflict), exitConflict},
		{"wrong input and failure", errors.Join(failed, invalid), exitInput},
		{"interrupted and wrong input", errors.Join(invalid, executor.ErrInterrupted), exitInterrupted},
		{"interrupted with failures", exit(failed, exitInterrupted, exitFailed), exitInterrupted},
		{"conflict, and a file that cannot be closed", errors.Join(exit(nil, exitConflict), failed), exitFailed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := exitCode(tt.err); got != tt.want {
				t.Errorf("exitCode = %d, want %d", got, tt.want)
			}
		})
	}
}

// TestPrecedence checks every pair of codes: 130, 3, 1, 4, 2, 0.
func TestPrecedence(t *testing.T) {
	t.Parallel()
	order := []int{130, 3, 1, 4, 2, 0}
	for i, first := range order {
		for _, second := range order[i:] {
			if worst(first, second) != first || worst(second, first) != first {
				t.Errorf("of %d and %d, %d wins", first, second, worst(first, second))
			}
		}
	}
	if worst() != exitDone {
		t.Error("no code at all is not 0")
	}
}

func TestNothingToSayIsNoError(t *testing.T) {
	t.Parallel()
	if err := exit(nil); err != nil {
		t.Errorf("exit(nil) = %v", err)
	}
	if err := exit(nil, exitDone); err != nil {
		t.Errorf("exit(nil, 0) = %v", err)
	}
}

func TestProgramName(t *testing.T) {
	t.Parallel()
	for arg0, want := range map[string]string{
		"packs": "packs", "/usr/bin/packs": "packs", "/x/packs-linux-amd64": "packs",
		"/usr/bin/kubectl-packs": "kubectl packs", "kubectl-packs.exe": "kubectl packs", "kubectl-spectro_packs": "kubectl spectro-packs",
	} {
		if got := programName(arg0); got != want {
			t.Errorf("programName(%q) = %q, want %q", arg0, got, want)
		}
	}
}
