package ptytest_test

import (
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/ptytest"
)

func TestScreen(t *testing.T) {
	t.Parallel()
	for output, want := range map[string]string{
		"one\r\ntwo\r\n\r\n":                    "one|two",
		"first\rFI":                             "FIrst",
		"\x1b[31mred\x1b[0m\r\n":                "red",
		"bar 1\r\nbar 2\r\n\x1b[2A\x1b[Jdone":   "done",
		"above\r\nbar\x1b[A\r\x1b[2Knew\r\nbar": "new|bar",
		"héllo…":                                "héllo…",
		"cut \x1b[":                             "cut",
	} {
		if got := strings.Join(ptytest.Screen(output), "|"); got != want {
			t.Errorf("Screen(%q) = %q, want %q", output, got, want)
		}
	}
}

func TestTerminal(t *testing.T) {
	t.Parallel()
	p := ptytest.Open(t, 80, 24)
	if _, err := p.File.WriteString("hello\n"); err != nil {
		t.Fatal(err)
	}
	p.Close()
	if got := p.Output(); got != "hello\r\n" {
		t.Errorf("Output = %q", got)
	}
}
