package render

import (
	"strings"
	"testing"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"nginx@1.2.0", "nginx@1.2.0"},
		{"straße – ok", "straße – ok"},
		{"a\x1b[31mred", `a\x1b[31mred`},
		{"two\nlines\tand\rmore", `two\nlines\tand\rmore`},
		{"c1 \u009b31m", `c1 \u009b31m`},
		{"abc\u202etxt.exe", `abc\u202etxt.exe`},
		{"zero\u200bwidth", `zero\u200bwidth`},
		{"bad\xff\xfeutf8", `bad\xff\xfeutf8`},
		{"really \ufffd", `really \ufffd`},
	}
	for _, tt := range tests {
		if got := Clean(tt.in); got != tt.want {
			t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b]0;title\x07\u202e\xff")
	f.Fuzz(func(t *testing.T, in string) {
		got := Clean(in)
		if strings.IndexFunc(got, unsafeRune) >= 0 {
			t.Errorf("Clean(%q) = %q is not safe", in, got)
		}
		if Clean(got) != got {
			t.Errorf("Clean(%q) is not stable: %q, then %q", in, got, Clean(got))
		}
	})
}

func TestMiddle(t *testing.T) {
	t.Parallel()
	tests := []struct {
		in   string
		n    int
		want string
	}{
		{"short", 10, "short"},
		{"exactly-10", 10, "exactly-10"},
		{"vsphere-noprovisioner-csi@1.0.0", 20, "vsphere-n…-csi@1.0.0"},
		{"abcdef", 1, "…"},
		{"abcdef", 0, "abcdef"},
		{"日本語のパック名", 9, "日本…ク名"},
	}
	for _, tt := range tests {
		got := middle(tt.in, tt.n)
		if got != tt.want {
			t.Errorf("middle(%q, %d) = %q, want %q", tt.in, tt.n, got, tt.want)
		}
		if tt.n > 0 && width(got) > tt.n {
			t.Errorf("middle(%q, %d) takes %d columns", tt.in, tt.n, width(got))
		}
	}
}

func TestWrap(t *testing.T) {
	t.Parallel()
	text := "a registry that cannot be reached sha256:0123456789abcdef0123456789abcdef at all"
	want := []string{"a registry that", "cannot be", "reached", "sha256:0123456789abcdef0123456789abcdef", "at all"}
	if got := wrap(text, 15); strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("wrap = %q, want %q", got, want)
	}
	if got, want := wrap("type `packs apply --yes` now", 12), []string{"type", "`packs apply --yes`", "now"}; strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("wrap = %q, want %q", got, want)
	}
	if got := wrap(text, 0); len(got) != 1 || got[0] != text {
		t.Errorf("wrap without a width = %q", got)
	}
}

func TestSize(t *testing.T) {
	t.Parallel()
	tests := map[int64]string{
		0: "0 B", 999: "999 B", 1000: "1.0 kB", 1234: "1.2 kB", 8_400_000: "8.4 MB",
		999_949: "999.9 kB", 999_950: "1.0 MB", 2_000_000_000: "2.0 GB", 1 << 62: "4.6 EB",
	}
	for n, want := range tests {
		if got := Size(n); got != want {
			t.Errorf("Size(%d) = %q, want %q", n, got, want)
		}
	}
}

func TestCount(t *testing.T) {
	t.Parallel()
	for want, got := range map[string]string{
		"1 version": Count(1, "version"), "0 versions": Count(0, "version"),
		"1 repository": Count(1, "repository"), "3 repositories": Count(3, "repository"),
	} {
		if got != want {
			t.Errorf("Count = %q, want %q", got, want)
		}
	}
}
