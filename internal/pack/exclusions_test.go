package pack_test

import (
	"errors"
	"testing"

	"github.com/packs-cli/packs/internal/pack"
)

func TestExclusions(t *testing.T) {
	t.Parallel()
	x, err := pack.NewExclusions("*.bak\n/notes/\n!keep.bak\n")
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]bool{
		"a.bak": true, "b/c.bak": true, "b/keep.bak": false, "notes/a": true, "b/notes/a": false,
		"pack.json": false, ".packsignore": true, ".git/config": true, "b/.DS_Store": true, ".gitkeep": false,
	} {
		if got := x.Drops(path); got != want {
			t.Errorf("Drops(%q) = %t, want %t", path, got, want)
		}
	}
	if _, err := pack.NewExclusions("[a\n"); !errors.Is(err, pack.ErrPattern) {
		t.Errorf("for a pattern that is not closed: %v, want ErrPattern", err)
	}
}
