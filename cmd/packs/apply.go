package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

type applyOptions struct {
	request
	format formatFlag
	yes    bool
	events string
}

func newApplyCmd(a *app) *cobra.Command {
	o := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply",
		Short: "Publish what is missing",
		Long: `apply works out a plan, shows it, asks, and carries it out. With --yes it does
not ask; without a terminal --yes is needed.

One pack that fails does not stop the others: what failed is listed at the end
with its cause, and running apply again does only what is left. The first ctrl-C
(or SIGTERM) starts nothing new and ends what is in flight, the second one leaves
at once. A tag never points to content that is not there.

Exit codes: 0 done or nothing to do, 1 something failed, 3 packs.yaml, a pack or
a flag is wrong, 4 there are conflicts (everything else was done), 130 interrupted.`,
		Example: a.examples(
			"packs apply",
			"packs apply --yes --registry dev-ecr",
			"packs apply --yes --overwrite nginx@1.2.0",
			"packs apply --yes -o json --events events.jsonl > report.json",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runApply(cmd.Context(), a, o) },
	}
	o.add(a, cmd)
	o.format.add(cmd, "json", "yaml")
	fs := cmd.Flags()
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&o.options.FailFast, "fail-fast", false, "start nothing new after the first failure")
	fs.StringVar(&o.events, "events", "", "write a JSON line for each finished item to `FILE`, at once; an older one is replaced")
	return cmd
}

func runApply(ctx context.Context, a *app, o *applyOptions) (err error) {
	if err := o.check(); err != nil {
		return err
	}
	if !o.yes && (!a.inTerm.Terminal || !a.errTerm.Terminal) {
		return &usageError{
			message: "apply asks before it writes, and there is no terminal to ask on",
			hint:    "look at `packs plan`, then say `packs apply --yes`",
		}
	}
	events, err := openEvents(o.events, a.now)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, events.close()) }()
	o.source, o.options.Ahead = o.format.machine(), o.yes
	o.listeners = append(o.listeners, events.listen)
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
	if !o.yes && p.Summary.Pending() {
		if err := a.confirm(p, o.file); err != nil {
			return err
		}
	}
	if err := events.begin(); err != nil {
		return err
	}
	begun := a.now()
	report, err := s.exec.Apply(ctx, p)
	s.progress.Close()
	if err != nil {
		return err
	}
	if err := a.writeReport(report, p, o, a.now().Sub(begun)); err != nil {
		return err
	}
	return applyOutcome(report)
}

func (a *app) writeReport(r *executor.Report, p *plan.Plan, o *applyOptions, took time.Duration) error {
	switch o.format.value {
	case "json":
		return render.JSON(a.out, r)
	case "yaml":
		return render.YAML(a.out, r)
	}
	return render.Report(a.out, a.outStyle(), r, render.ReportOptions{File: o.file, Took: took, Plan: p})
}

func applyOutcome(r *executor.Report) error {
	var codes []int
	var err error
	if faults := render.ReportFaults(r); len(faults) > 0 {
		err = &faultsError{faults}
	}
	if r.Interrupted {
		codes = append(codes, exitInterrupted)
	}
	if r.Summary.Failed > 0 {
		codes = append(codes, exitFailed)
	}
	if r.Summary.Conflict > 0 {
		codes = append(codes, exitConflict)
	}
	return exit(err, codes...)
}
