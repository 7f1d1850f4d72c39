package executor

import (
	"context"

	"github.com/packs-cli/packs/plan"
)

// Pin is a version that registries shall hold, with the digests that it has to
// have, as far as they are given.
type Pin struct {
	Name, Version string
	Digest        string // of the manifest
	ContentDigest string
}

// begin finds out what has to be there.
func (v *verification) begin(ctx context.Context) error {
	if v.options.Pins == nil {
		v.survey = v.newSurvey()
		return v.addCopies(ctx, v.survey)
	}
	s := &survey{places: make([]places, len(v.targets))}
	for _, t := range v.targets {
		for _, p := range v.options.Pins {
			if !v.looksAt(p.Name, p.Version) {
				continue
			}
			s.versions = append(s.versions, plan.Version{
				Registry: t.spec.Name, Repository: t.spec.Repository(p.Name), Name: p.Name, Version: p.Version,
			})
			s.packs, s.copies, s.targets = append(s.packs, nil), append(s.copies, nil), append(s.targets, t)
			v.pins = append(v.pins, p)
		}
	}
	v.survey = s
	return nil
}
