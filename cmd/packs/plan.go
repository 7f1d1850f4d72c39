package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

type planOptions struct {
	request
	format        formatFlag
	showUnchanged bool
	detailed      bool
}

func newPlanCmd(a *app) *cobra.Command {
	o := &planOptions{}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what apply would do",
		Long: `plan compares the packs of packs.yaml with what the registries hold and shows
what apply would do. It changes nothing.

  + push        the version is missing
  ~ overwrite   it is there with other content, and you said to replace it
  ! conflict    it is there with other content: bump the version
  ? unknown     the registry could not be asked
  . skip        it is there with other content, and you said to leave it
  + create      a project or repository that is missing
  ~ update      a repository has other settings, and you said to change them

Versions that are as they should be are only counted, unless --show-unchanged.

Exit codes: 0 nothing is wrong, 1 a registry could not be asked, 2 changes are
pending (only with --detailed-exitcode), 3 packs.yaml, a pack or a flag is wrong,
4 there are conflicts, 130 interrupted.`,
		Example: a.examples(
			"packs plan",
			"packs plan --registry dev-ecr --pack 'csi-*@>=4.0'",
			"packs plan -o markdown > plan.md",
			"packs plan --detailed-exitcode -o json | jq .summary",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPlan(cmd.Context(), a, o) },
	}
	o.add(a, cmd)
	o.format.add(cmd, "json", "yaml", "markdown")
	cmd.Flags().BoolVar(&o.showUnchanged, "show-unchanged", false, "list versions that are as they should be, too")
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 2 when changes are pending")
	return cmd
}

func runPlan(ctx context.Context, a *app, o *planOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	o.source = o.format.machine()
	s, err := a.open(ctx, &o.request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.gate(ctx); err != nil {
		return err
	}
	p, err := s.plan(ctx)
	if err != nil {
		return err
	}
	if err := a.writePlan(p, o); err != nil {
		return err
	}
	return planOutcome(p, o.detailed)
}

func (a *app) writePlan(p *plan.Plan, o *planOptions) error {
	shown := render.PlanOptions{File: o.file, ShowUnchanged: o.showUnchanged}
	switch o.format.value {
	case "json":
		return render.JSON(a.out, p)
	case "yaml":
		return render.YAML(a.out, p)
	case "markdown":
		return render.MarkdownPlan(a.out, p, shown)
	}
	return render.Plan(a.out, a.outStyle(), p, shown)
}

func planOutcome(p *plan.Plan, detailed bool) error {
	var codes []int
	var err error
	if faults := render.PlanFaults(p); len(faults) > 0 {
		err = &faultsError{faults}
		codes = append(codes, exitFailed)
	}
	if p.Summary.Conflict > 0 {
		codes = append(codes, exitConflict)
	}
	if detailed && p.Summary.Pending() {
		codes = append(codes, exitPending)
	}
	return exit(err, codes...)
}
