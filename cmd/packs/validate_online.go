package main

import (
	"context"
	"errors"
	"slices"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

// askRegistries compares the packs with what is published, and hands the linter
// the versions that would get other content.
func (v *validation) askRegistries(ctx context.Context) (err error) {
	if v.read == nil {
		return nil // packs.yaml is wrong, and says so
	}
	q := v.options.request
	for i := range v.subjects {
		if s := &v.subjects[i]; s.name != "" && !slices.Equal(s.Targets, []string{notPublished}) {
			q.packs = append(q.packs, s.name+"@"+s.version)
		}
	}
	if len(q.packs) == 0 {
		return nil
	}
	s, err := v.begin(ctx, &q, v.read)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, err := s.plan(ctx)
	var broken *executor.PackError
	if errors.As(err, &broken) && ctx.Err() == nil {
		v.faults = append(v.faults, render.Fault{Where: "--online", What: "the registries were not asked: " + broken.Error()})
		v.codes = append(v.codes, exitFailed)
		return nil
	}
	if err != nil {
		return err
	}
	if faults := render.PlanFaults(p); len(faults) > 0 {
		v.faults = append(v.faults, faults...)
		v.codes = append(v.codes, exitFailed)
	}
	v.config.Published = published(v, p)
	return nil
}

// published says what registries hold in place of packs, by their path in findings.
func published(v *validation, p *plan.Plan) map[string][]string {
	paths := make(map[string]string, len(v.subjects))
	for i := range v.subjects {
		paths[v.subjects[i].Rel] = v.subjects[i].Path
	}
	said := make(map[string][]string)
	for i := range p.Actions {
		a := &p.Actions[i]
		if path := paths[a.Path]; path != "" && (a.Kind == plan.Conflict || a.Kind == plan.Overwrite || a.Kind == plan.Skip) {
			said[path] = append(said[path], "in registry "+a.Registry+": "+a.Reason)
		}
	}
	return said
}
