package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"time"
)

// sample is what one run of a program took.
type sample struct {
	Wall, CPU time.Duration
	PeakBytes int64
}

// measure runs a program to its end. Its CPU time and peak memory are those of
// the process and the children it waited for, by the kernel's own account.
func measure(ctx context.Context, dir string, env []string, program string, args ...string) (sample, error) {
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // programs that this benchmark built
	var out bytes.Buffer
	cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &out
	cmd.Env = append(os.Environ(), env...)
	start := time.Now()
	err := cmd.Run()
	s := sample{Wall: time.Since(start)}
	if err != nil {
		return s, fmt.Errorf("%s %v: %w\n%s", program, args, err, tail(out.Bytes()))
	}
	s.CPU = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	s.PeakBytes = peak(cmd.ProcessState)
	return s, nil
}

func tail(b []byte) []byte {
	const most = 2000
	return b[max(0, len(b)-most):]
}

func median[T time.Duration | float64 | int64](values []T) T {
	sorted := slices.Sorted(slices.Values(values))
	return sorted[len(sorted)/2]
}

// ratios divides pair by pair, so that a drift of the machine cancels out.
func ratios(slow, fast []time.Duration) []float64 {
	out := make([]float64, min(len(slow), len(fast)))
	for i := range out {
		out[i] = float64(slow[i]) / float64(fast[i])
	}
	return out
}
