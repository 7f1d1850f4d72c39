//go:build race

package lint_test

// raceOn tells whether the race detector watches, which takes its time.
const raceOn = true
