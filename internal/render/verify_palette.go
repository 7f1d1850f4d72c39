package render

import "github.com/packs-cli/packs/executor"

// inPalette says how Palette shows a version: nothing where it was not asked.
func inPalette(it *executor.VerifyItem) string {
	switch {
	case it.Palette == "":
		return ""
	case it.PaletteProblem == "":
		return string(it.Palette)
	}
	return string(it.Palette) + ": " + Clean(oneLineOf(it.PaletteProblem))
}

// hiddenInPalette tells whether Palette was asked and does not show a version
// as it is.
func hiddenInPalette(it *executor.VerifyItem) bool {
	return it.Palette != "" && it.Palette != executor.VersionVisible
}

// paletteNotes are the lines below a version that Palette does not show as it is.
func paletteNotes(it *executor.VerifyItem) []note {
	if !hiddenInPalette(it) {
		return nil
	}
	notes := []note{{red, "in Palette " + inPalette(it)}}
	if it.PaletteHint != "" {
		notes = append(notes, note{cyan, it.PaletteHint})
	}
	return notes
}
