package plan

import (
	"slices"
)

// Excess is a registry from which a plan deletes a lot.
type Excess struct {
	Registry     string
	Delete, Held int // versions
}

// From how much on a plan deletes a lot: more versions of a registry than the
// number, or a larger part of the versions that it holds of packs that
// packs.yaml names.
const (
	manyVersions = 10
	manyPercent  = 20
)

// Excesses lists the registries from which a plan that Compute made deletes a
// lot, in the order of the plan.
func (p *Plan) Excesses() []Excess {
	var all []Excess
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Kind != Delete {
			continue
		}
		if len(all) == 0 || all[len(all)-1].Registry != a.Registry {
			all = append(all, Excess{Registry: a.Registry, Held: p.held[a.Registry]})
		}
		all[len(all)-1].Delete++
	}
	return slices.DeleteFunc(all, func(e Excess) bool {
		return e.Delete <= manyVersions && e.Delete*100 <= e.Held*manyPercent
	})
}
