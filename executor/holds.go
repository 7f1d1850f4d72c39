package executor

import "context"

// Held is what a registry holds of one pack.
type Held struct {
	Name     string
	Versions []string // sorted
}

// Holds lists the packs of a registry of the catalog, by name. Where anything
// could not be listed it is an error.
func (e *Executor) Holds(ctx context.Context, registry string) ([]Held, error) {
	t := e.target(registry)
	if t == nil {
		return nil, &InputError{Option: "--registry", Value: registry, Message: "not among the registries of this run"}
	}
	if err := t.locate(ctx); err != nil {
		return nil, err
	}
	inv, err := e.inventory(ctx, t)
	if err != nil {
		return nil, err
	}
	if !inv.complete() {
		return nil, inv.gaps[0]
	}
	var all []Held
	for i := range inv.repositories {
		if s := &inv.repositories[i]; len(s.versions) > 0 {
			all = append(all, Held{s.name, s.versions})
		}
	}
	return all, nil
}
