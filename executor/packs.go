package executor

import "github.com/packs-cli/packs/manifest"

// Packs returns the packs that Options choose and that go to a chosen registry:
// what Plan looks at.
func (e *Executor) Packs() []*manifest.Pack {
	var packs []*manifest.Pack
	for _, p := range e.chosen {
		for _, t := range p.Targets {
			if e.target(t.Registry) != nil {
				packs = append(packs, p)
				break
			}
		}
	}
	return packs
}
