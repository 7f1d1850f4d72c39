// Package executor plans and applies a catalog: it hashes packs, observes
// registries, lets package plan decide, and carries the decision out, all at
// once and within the limits of each registry.
//
//	e, err := executor.New(catalog, executor.Options{})
//	p, err := e.Plan(ctx)
//	report, err := e.Apply(ctx, p)
//
// One failing pack never stops the others. A tag never points to missing
// content, whenever a run is stopped; running it again continues.
package executor
