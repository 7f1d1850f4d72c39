package version

import (
	"slices"
	"testing"
)

func TestCompareOrdersSemverBeforeText(t *testing.T) {
	t.Parallel()
	got := []string{"nightly", "1.10.0", "v1.2.0", "1.2.0", "1.2.0-rc.1", "1.5", "a"}
	slices.SortFunc(got, Compare)
	want := []string{"1.2.0-rc.1", "1.2.0", "v1.2.0", "1.5", "1.10.0", "a", "nightly"}
	if !slices.Equal(got, want) {
		t.Errorf("sorted %v, want %v", got, want)
	}
}

func TestRangeContains(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, version string
		in, judged    bool
	}{
		{"", "anything", true, true},
		{"*", "nightly", true, true},
		{">=4.0.0", "4.13.2", true, true},
		{">=4.0.0", "3.9.9", false, true},
		{">=4.0.0", "4.1.0-rc.1", true, true},
		{"<1.2.0", "1.2.0-rc.1", true, true},
		{">=1.0, <2.0", "v1.12.0", true, true},
		{">=1.0", "nightly", false, false},
		{"nightly", "nightly", true, true},
		{"nightly", "1.0.0", false, true},
		{"1.5", "1.5", true, true},
	}
	for _, tt := range tests {
		r, err := ParseRange(tt.text)
		if err != nil {
			t.Fatalf("ParseRange(%q): %v", tt.text, err)
		}
		if in, judged := r.Contains(tt.version); in != tt.in || judged != tt.judged {
			t.Errorf("%q contains %q: %v, %v; want %v, %v", tt.text, tt.version, in, judged, tt.in, tt.judged)
		}
	}
}

func TestRetiredVersionIsNoOther(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text, version string
		in            bool
	}{
		{"1.5", "1.5", true},
		{" 1.5 ", "1.5", true},
		{"1.5", "1.5.0", false},
		{"1.5", "1.5.3", false},
		{"1", "1.9.0", false},
		{"1.2.0", "v1.2.0", false},
		{"v1.2.0", "v1.2.0", true},
		{"1.2.0", "1.2.0-rc.1", false},
		{"1.5", "nightly", false},
		{"nightly", "nightly", true},
		{"1.5.x", "1.5.3", true},
		{"=1.5.0", "1.5", true},
		{"<1.5", "1.4.9-rc.1", true},
		{"*", "nightly", true},
	}
	for _, tt := range tests {
		r, err := ParseRetired(tt.text)
		if err != nil {
			t.Fatalf("ParseRetired(%q): %v", tt.text, err)
		}
		if in, _ := r.Contains(tt.version); in != tt.in {
			t.Errorf("%q retires %q: %v, want %v", tt.text, tt.version, in, tt.in)
		}
	}
	if r, err := ParseRetired(">>1"); err == nil {
		t.Errorf("no error, range %v", r)
	}
}

func TestParseRangeRefusesNonsense(t *testing.T) {
	t.Parallel()
	if r, err := ParseRange(">=x.y"); err == nil {
		t.Errorf("ParseRange: no error, range %v", r)
	}
}

// FuzzCompare: versions have one order, whatever they are, and a range holds
// what it names.
func FuzzCompare(f *testing.F) {
	f.Add("1.2.0", "v1.2.0", "1.2")
	f.Add("1.0.0-rc.1", "1.0.0+build", "nightly")
	f.Add(">=1.2, <2 || =3", "", "~1")
	f.Fuzz(func(t *testing.T, a, b, c string) {
		if Compare(a, b) != -Compare(b, a) || (Compare(a, b) == 0) != (a == b) {
			t.Errorf("%q and %q: %d, the other way round %d", a, b, Compare(a, b), Compare(b, a))
		}
		if Compare(a, b) < 0 && Compare(b, c) < 0 && Compare(a, c) >= 0 {
			t.Errorf("%q < %q < %q, but not the first and last", a, b, c)
		}
		r, err := ParseRange(a)
		if err != nil {
			return
		}
		if in, judged := r.Contains(r.String()); r.String() != "" && (!in || !judged) {
			t.Errorf("%q does not hold its own text", a)
		}
		if in, judged := r.Contains(b); in && !judged {
			t.Errorf("%q holds %q without judging it", a, b)
		}
	})
}
