package plan_test

import (
	"reflect"
	"testing"

	"github.com/packs-cli/packs/plan"
)

func TestDiff(t *testing.T) {
	t.Parallel()
	sum := func(b byte) [32]byte { return [32]byte{b} }
	published := []plan.File{
		{Path: "bin", Digest: sum(1), Size: 1},
		{Path: "gone", Digest: sum(2)},
		{Path: "link", Digest: sum(3), Size: 4},
		{Path: "same", Digest: sum(4)},
		{Path: "values.yaml", Digest: sum(5)},
	}
	wanted := []plan.File{
		{Path: "a-new", Digest: sum(9)},
		{Path: "bin", Digest: sum(1), Size: 1, Executable: true},
		{Path: "link", Digest: sum(3), Size: 4, Link: true},
		{Path: "same", Digest: sum(4)},
		{Path: "values.yaml", Digest: sum(6)},
		{Path: "z-new", Digest: sum(9)},
	}
	got := plan.Diff(published, wanted)
	want := &plan.Changes{
		Added: []string{"a-new", "z-new"}, Removed: []string{"gone"},
		Modified: []string{"link", "values.yaml"}, Mode: []string{"bin"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Diff = %+v, want %+v", got, want)
	}
	if got.Len() != 6 {
		t.Errorf("Len = %d, want 6", got.Len())
	}
	if first := got.First(2); !reflect.DeepEqual(first, []string{"~link", "~values.yaml"}) {
		t.Errorf("First(2) = %q", first)
	}
	if n := plan.Diff(wanted, wanted).Len(); n != 0 {
		t.Errorf("a pack differs from itself in %d files", n)
	}
}
