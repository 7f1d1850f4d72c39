package render

import (
	"io"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/executor"
)

// PaletteSyncs writes how registries stand in Palette, as a table.
func PaletteSyncs(w io.Writer, s Style, p *executor.PaletteSyncs) error {
	t := newPage(w, s)
	rows := make([][]string, 1, 1+len(p.Registries))
	rows[0] = []string{"REGISTRY", "IN PALETTE", "TYPE", "STATE", "LAST SYNCED", "PACKS", "MESSAGE"}
	for i := range p.Registries {
		r := &p.Registries[i]
		packs := "-"
		if r.Packs != nil {
			packs = strconv.Itoa(*r.Packs)
		}
		rows = append(rows, []string{Clean(r.Registry), Clean(r.Name), r.Type, string(r.State), orDash(r.LastSynced), packs, Clean(r.Message)})
	}
	widths := columnWidths(rows)
	for i, row := range rows {
		cells := make([]string, len(row))
		for k, cell := range row {
			cells[k] = pad(cell, widths[k])
		}
		if i == 0 {
			t.line(t.paint(bold, strings.TrimRight(strings.Join(cells, "  "), " ")))
			continue
		}
		cells[3] = t.paint(syncColors[p.Registries[i-1].State], cells[3])
		t.line(strings.Join(cells, "  "))
	}
	for i := range p.Registries {
		if r := &p.Registries[i]; r.Hint != "" && r.Err == nil {
			t.line()
			t.paragraph(0, cyan, Clean(r.Registry)+": "+t.hint(r.Hint))
		}
	}
	return t.flush()
}

var syncColors = map[executor.SyncState]string{
	executor.SyncDone: green, executor.SyncRunning: yellow, executor.SyncNever: yellow, executor.SyncTimedOut: red, executor.SyncFailed: red,
	executor.SyncOff: red, executor.SyncUnregistered: red, executor.SyncUnknown: red,
}

func orDash(text string) string {
	if text == "" {
		return "-"
	}
	return text
}

// columnWidths are those of a table; the last column is not padded.
func columnWidths(rows [][]string) []int {
	widths := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row[:len(row)-1] {
			widths[i] = max(widths[i], width(cell))
		}
	}
	return widths
}

// PaletteSyncFaults are the registries that are not as they should be.
func PaletteSyncFaults(registries []executor.PaletteSync) []Fault {
	var faults []Fault
	for i := range registries {
		if r := &registries[i]; r.Err != nil {
			faults = append(faults, Fault{Where: r.Registry, What: r.Error, Hint: r.Hint})
		}
	}
	return faults
}
