package executor_test

import (
	"strings"
	"testing"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/palettetest"
	"github.com/packs-cli/packs/manifest"
)

// TestPruneNamesTheProfiles that use what is deleted, where Palette tells.
func TestPruneNamesTheProfiles(t *testing.T) {
	t.Parallel()
	m := newLastMile(t, palettetest.Options{PageSize: 1})
	m.pack("a", "1.0.0", "x: 1\n")
	m.pack("a", "1.1.0", "x: 2\n")
	m.published()
	m.register(executor.PaletteOptions{})
	uid := m.palette.UID("packs-site")
	m.palette.AddProfile("edge", "", palettetest.Layer{Name: "a", Version: "1.0.0", RegistryUID: uid})
	m.palette.AddProfile("newer", "", palettetest.Layer{Name: "a", Version: "1.1.0", RegistryUID: uid})
	m.palette.AddProfile("elsewhere", "", palettetest.Layer{Name: "a", Version: "1.0.0", RegistryUID: "x"})
	m.catalog.Packs = m.catalog.Packs[1:]
	m.catalog.Retired = []manifest.Retired{{Name: "a", Versions: "1.0.0", Reason: "old"}}
	p := m.plan(m.options())
	const want = "site: cluster profiles use a@1.0.0, which is deleted: edge; "
	if p.Summary.Delete != 1 || !strings.Contains(strings.Join(p.Remarks, "\n"), want) || strings.Contains(strings.Join(p.Remarks, "\n"), "newer") {
		t.Errorf("%+v, remarks %q, want %s", p.Summary, p.Remarks, want)
	}
	m.env["KEY"] = "wrong"
	if p := m.plan(m.options()); !strings.Contains(strings.Join(p.Remarks, "\n"), "cannot be told") {
		t.Errorf("without a key: remarks %q", p.Remarks)
	}
}
