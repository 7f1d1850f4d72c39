package main

import (
	"context"
	"slices"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
)

// gate stops plan and apply at findings of severity error, where packs.yaml says
// lint: {gate: error}. Such a pack is invalid input, as one that cannot be read:
// exit code 3, and no registry is asked. Only chosen packs are checked.
func (s *session) gate(ctx context.Context) error {
	if s.catalog.Lint.Gate == "" {
		return nil
	}
	config := lint.FromManifest(s.catalog)
	var inputs []lint.Input
	chosen := s.exec.Packs()
	for _, subject := range subjectsOf(s.catalog) {
		same := func(p *manifest.Pack) bool { return p.Dir == subject.Dir }
		if slices.ContainsFunc(chosen, same) {
			inputs = append(inputs, subject.Input)
		} else {
			config.Others = append(config.Others, subject.Input)
		}
	}
	config.Partial = len(config.Others) > 0
	result, err := lint.Run(ctx, inputs, config)
	if err != nil {
		if ctx.Err() != nil {
			return err
		}
		return exit(err, exitInput)
	}
	wrong := slices.DeleteFunc(result.Findings, func(f lint.Finding) bool { return f.Severity != lint.Error })
	if len(wrong) == 0 {
		return nil
	}
	s.progress.Close()
	report := lint.NewReport(len(inputs), wrong)
	if err := render.Findings(s.err, "text", report, render.FindingsOptions{Style: s.errStyle()}); err != nil {
		return err
	}
	return exit(&usageError{
		message: s.catalog.File + " says lint: {gate: error}: nothing is planned while packs have findings of severity error",
		hint:    "mend them, or give the rule another severity below lint:; `packs validate` shows all findings",
	}, exitInput)
}
