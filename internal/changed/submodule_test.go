package changed_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/packs-cli/packs/internal/changed"
)

// TestSubmodule says that packs in a submodule count as changed when that is at
// another commit or has changes of its own: which of them it were, the
// repository around it does not know.
func TestSubmodule(t *testing.T) {
	t.Parallel()
	inner, c := newCheckout(t), newCheckout(t)
	c.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", inner.dir, "vendor")
	c.commit()
	dir := filepath.Join(c.dir, "vendor", "packs", "a-1.0.0")
	selected := func(what string, want bool) {
		t.Helper()
		d, err := changed.Since(t.Context(), c.dir, "HEAD")
		if err != nil {
			t.Fatal(err)
		}
		cat := changed.Catalog{Packs: []changed.Pack{{Dir: dir, Name: "a", Version: "1.0.0"}}}
		s, err := d.Select(t.Context(), cat)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Equal(s.Packs, []int{0}); got != want {
			t.Errorf("%s: selected %v", what, s.Packs)
		}
		if got := d.Touches(filepath.Join(dir, "pack.json")); got != want {
			t.Errorf("%s: Touches says %t", what, got)
		}
		h, err := d.History(t.Context(), cat.Packs)
		if err != nil || len(h.Changed) > 0 {
			t.Errorf("%s: %v, %v", what, h, err)
		}
	}
	selected("a clean submodule", false)
	c.write("vendor/packs/a-1.0.0/values.yaml", "x")
	selected("a file changed", true)
	c.git("-C", "vendor", "-c", "user.name=a", "-c", "user.email=a@example.com", "commit", "-qam", "x")
	selected("another commit", true)
	c.commit()
	selected("that commit", false)
}
