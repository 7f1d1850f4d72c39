//go:build !linux

package ptytest

import (
	"os"
	"testing"
)

// Terminal is a pseudo-terminal.
type Terminal struct{ File *os.File }

// Open skips the test: there are no pseudo-terminals for tests on this system.
func Open(tb testing.TB, _, _ uint16) *Terminal {
	tb.Helper()
	tb.Skip("pseudo-terminals are only tested on Linux")
	return nil
}

// Type enters text.
func (*Terminal) Type(string) error { return nil }

// Close closes the program's side.
func (*Terminal) Close() {}

// Await waits until a text was written.
func (*Terminal) Await(testing.TB, string) {}

// Output is everything that was written so far.
func (*Terminal) Output() string { return "" }
