package plan

// PaletteStep is what `apply --palette` does about one registry: it lets Palette
// read it where something changed, waits, and looks for every version.
type PaletteStep struct {
	Registry string `json:"registry"`
	Palette  string `json:"palette"`  // HOST[:PORT]
	Name     string `json:"name"`     // of the registry in Palette
	Sync     bool   `json:"sync"`     // something changes in it
	Timeout  string `json:"timeout"`  // how long the sync is waited for, as in 10m0s
	Versions int    `json:"versions"` // that Palette shall show then
}
