package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

type planOptions struct {
	request
	pruneFlags
	outputs       outputsFlag
	summary       summaryFlag
	showUnchanged bool
	detailed      bool
	save          string
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
  - delete      retired: in packs.yaml names the version (apply --prune does it)
  * unmanaged   it is there, and packs.yaml does not have it (with --unmanaged)

Versions that are as they should be are only counted, unless --show-unchanged.

--save writes the plan to a file, for "packs apply FILE" to carry out later or
elsewhere: what is applied is then what was read.

Exit codes: 0 nothing is wrong, 1 a registry could not be asked, 2 changes are
pending (only with --detailed-exitcode), 3 packs.yaml, a pack or a flag is wrong,
4 there are conflicts, 130 interrupted.`,
		Example: a.examples(
			"packs plan",
			"packs plan --registry dev-ecr --pack 'csi-*@>=4.0'",
			"packs plan -o text -o markdown=plan.md",
			"packs plan --save plan.json",
			"packs plan --unmanaged",
			"packs plan --detailed-exitcode -o json | jq .summary",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPlan(cmd, a, o) },
	}
	o.add(a, cmd)
	o.outputs.add(cmd, []string{"text", "json", "yaml", "markdown", "html"})
	o.summary.add(cmd)
	cmd.Flags().BoolVar(&o.showUnchanged, "show-unchanged", false, "list versions that are as they should be, too")
	cmd.Flags().BoolVar(&o.options.Prune, "prune", false, "show all that packs apply --prune deletes, and save it with --save")
	o.addRules(cmd.Flags(), &o.options)
	cmd.Flags().BoolVar(&o.options.Unmanaged, "unmanaged", false, "list also what registries hold and packs.yaml does not have")
	cmd.Flags().StringVar(&o.save, "save", "", "write the plan to `FILE`, for apply")
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 2 when changes are pending")
	return cmd
}

func runPlan(cmd *cobra.Command, a *app, o *planOptions) (err error) {
	ctx := cmd.Context()
	if err := errors.Join(o.check(), o.checkPrune(cmd)); err != nil {
		return err
	}
	o.source = o.outputs.machine() || o.save != ""
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
	shown := render.PlanOptions{File: o.file, ShowUnchanged: o.showUnchanged}
	write := func(w io.Writer, s render.Style, format string) error { return writePlan(w, s, format, p, shown) }
	if err := errors.Join(s.savePlan(p, o.save), a.show(o.outputs.outputs(), write), o.summary.write(a, write)); err != nil {
		return err
	}
	return planOutcome(p, o.detailed)
}

// writePlan writes a plan in one of the formats that plan has.
func writePlan(w io.Writer, s render.Style, format string, p *plan.Plan, o render.PlanOptions) error {
	switch format {
	case "json":
		return render.JSON(w, p)
	case "yaml":
		return render.YAML(w, p)
	case "markdown":
		return render.MarkdownPlan(w, p, o)
	case "html":
		return render.HTMLPlan(w, p, o)
	}
	return render.Plan(w, s, p, o)
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
