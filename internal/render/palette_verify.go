package render

import (
	"io"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/executor"
)

// PaletteVerification writes which versions Palette does not show as they are,
// and why that may be; the others are counted.
func PaletteVerification(w io.Writer, s Style, v *executor.PaletteVerification) error {
	t := newPage(w, s)
	writeVersions(t, v.Packs)
	t.paragraph(0, bold, "Palette: "+versionCounts(v.Summary)+".")
	return t.flush()
}

// writeVersions groups versions by what they lack.
func writeVersions(t *page, packs []executor.PaletteVersion) {
	type key struct {
		registry, reason, hint string
		state                  executor.VersionState
	}
	var order []key
	groups := make(map[key][]string)
	for i := range packs {
		p := &packs[i]
		if p.State == executor.VersionVisible {
			continue
		}
		k := key{p.Registry, p.Reason, p.Hint, p.State}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], Clean(p.Name+"@"+p.Version))
	}
	for i, k := range order {
		if i == 0 || order[i-1].registry != k.registry {
			t.line(t.paint(bold, Clean(k.registry)))
		}
		word := map[executor.VersionState]string{
			executor.VersionMissing: "missing", executor.VersionDifferent: "different", executor.VersionUnknown: "unknown", executor.VersionTimedOut: "timed out",
		}[k.state]
		t.paragraph(2, red, word+"  "+strings.Join(groups[k], ", "))
		t.paragraph(4, "", Clean(k.reason))
		if k.hint != "" {
			t.paragraph(4, cyan, t.hint(k.hint))
		}
	}
	if len(order) > 0 {
		t.line()
	}
}

func versionCounts(c executor.PaletteCounts) string {
	parts := []string{Count(c.Visible, "version") + " visible"}
	for _, part := range []struct {
		n    int
		word string
	}{{c.Missing, "missing"}, {c.TimedOut, "timed out"}, {c.Different, "different"}, {c.Unknown, "unknown"}} {
		if part.n > 0 {
			parts = append(parts, strconv.Itoa(part.n)+" "+part.word)
		}
	}
	return strings.Join(parts, ", ")
}
