package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

type applyOptions struct {
	request
	pruneFlags
	outputs outputsFlag
	summary summaryFlag
	yes     bool
	events  string

	refuse          func(p *plan.Plan) error // why a plan is not carried out; nil: any is
	again           string                   // what continues a run; "" is packs apply
	palette         bool
	paletteOptional bool

	saved   *plan.Plan // nil without FILE
	savedIn string
}

func newApplyCmd(a *app) *cobra.Command {
	o := &applyOptions{}
	cmd := &cobra.Command{
		Use:   "apply [FILE]",
		Short: "Publish what is missing",
		Long: `apply works out a plan, shows it, asks, and carries it out. With --yes it does
not ask; without a terminal --yes is needed.

With FILE it carries out a plan that "packs plan --save FILE" wrote, without
asking. Hosts, logins and packs come from packs.yaml, never from FILE, and
everything is compared again first: what is done already as planned counts as
done; if anything else moved, nothing is written and the exit code is 4.

One pack that fails does not stop the others: what failed is listed at the end
with its cause, and running apply again does only what is left. The first ctrl-C
(or SIGTERM) starts nothing new and ends what is in flight, the second one leaves
at once. A tag never points to content that is not there.

Exit codes: 0 done or nothing to do, 1 something failed, 3 packs.yaml, a pack or
a flag is wrong, 4 there are conflicts (everything else was done) or FILE is
stale (nothing was done), 130 interrupted.`,
		Example: a.examples(
			"packs apply",
			"packs apply --yes --registry dev-ecr",
			"packs apply --yes --overwrite nginx@1.2.0",
			"packs apply --yes -o json --events events.jsonl > report.json",
			"packs apply --yes --shard 0/4 -o text -o json=shard-0.json",
			"packs apply plan.json",
		),
		Args: atMostOneArg("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return runApply(cmd, a, o, args) },
	}
	o.add(a, cmd)
	o.outputs.add(cmd, []string{"text", "json", "yaml", "markdown", "html"})
	o.summary.add(cmd)
	fs := cmd.Flags()
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&o.options.Prune, "prune", false, "delete what packs.yaml retires, after everything else (see packs prune)")
	o.addRules(fs, &o.options)
	o.addOver(fs)
	fs.BoolVar(&o.palette, "palette", false, "then sync the registries that changed in Palette, wait, and look whether every version shows up")
	fs.BoolVar(&o.paletteOptional, "palette-optional", false, "as --palette, but what is missing in Palette does not change the exit code")
	fs.BoolVar(&o.options.FailFast, "fail-fast", false, "start nothing new after the first failure")
	fs.StringVar(&o.events, "events", "", "write a JSON line for each finished item to `FILE`, at once; an older one is replaced")
	return cmd
}

func runApply(cmd *cobra.Command, a *app, o *applyOptions, args []string) error {
	ctx := cmd.Context()
	if err := o.check(); err != nil {
		return err
	}
	if len(args) == 1 {
		saved, err := o.readPlan(cmd, args[0])
		if err != nil {
			return err
		}
		o.saved, o.savedIn, o.yes = saved, args[0], true
	}
	if err := o.checkPrune(cmd); err != nil {
		return err
	}
	if err := o.canAsk(a, "apply", "look at `packs plan`, then say `packs apply --yes`"); err != nil {
		return err
	}
	return o.run(ctx, a, func() (*session, error) { return a.open(ctx, &o.request) })
}

// canAsk refuses what would ask where there is nobody to answer.
func (o *applyOptions) canAsk(a *app, command, hint string) error {
	if o.yes || a.inTerm.Terminal && a.errTerm.Terminal {
		return nil
	}
	return &usageError{message: command + " asks before it writes, and there is no terminal to ask on", hint: hint}
}

// run plans, asks and applies, in the session that open begins.
func (o *applyOptions) run(ctx context.Context, a *app, open func() (*session, error)) (err error) {
	events, err := openEvents(o.events, a.now, o.options.Shard)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, events.close()) }()
	o.source, o.options.Ahead = o.outputs.machine(), o.yes
	o.listeners = append(o.listeners, events.listen)
	s, err := open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if err := s.gate(ctx); err != nil {
		return err
	}
	p, err := o.work(ctx, s)
	if err != nil {
		return err
	}
	if o.refuse != nil {
		if err := o.refuse(p); err != nil {
			return err
		}
	}
	if err := o.agree(a, p); err != nil {
		return err
	}
	if err := events.begin(); err != nil {
		return err
	}
	begun := a.now()
	report, err := s.exec.Apply(ctx, p)
	if err == nil && (o.palette || o.paletteOptional) {
		s.exec.FollowUp(ctx, report)
	}
	s.progress.Close()
	if err != nil {
		return err
	}
	shown := render.ReportOptions{
		File: o.file, Took: a.now().Sub(begun), Plan: p, PlanSeen: !o.yes && o.pending(p), Command: o.again,
	}
	write := func(w io.Writer, s render.Style, format string) error {
		return writeReport(w, s, format, report, shown)
	}
	if o.paletteOptional {
		a.noticeFaults(render.PaletteFaults(report))
	}
	// What was done is told whatever else fails.
	return errors.Join(a.show(o.outputs.outputs(), write), o.summary.write(a, write), applyOutcome(report, o.paletteOptional))
}

// pending tells whether carrying a plan out would change anything: without
// --prune its deletes are only shown.
func (o *applyOptions) pending(p *plan.Plan) bool {
	s := p.Summary
	if !o.options.Prune {
		s.Delete, s.DeleteRepository = 0, 0
	}
	return s.Pending()
}

// agree asks whether to carry a plan out, where it has to.
func (o *applyOptions) agree(a *app, p *plan.Plan) error {
	switch {
	case o.yes && o.options.Prune:
		return o.allow(a, p, o.file)
	case o.yes, !o.pending(p):
		return nil
	case o.options.Prune:
		return a.confirmDeletes(p, o.file)
	}
	return a.confirm(p, o.file, applyThis)
}

// work is the plan to carry out: a new one, or what is left of a saved one.
func (o *applyOptions) work(ctx context.Context, s *session) (*plan.Plan, error) {
	if o.saved == nil {
		return s.plan(ctx)
	}
	return s.replan(ctx, o.saved, o.savedIn)
}

// writeReport writes a report in one of the formats that apply has.
func writeReport(w io.Writer, s render.Style, format string, r *executor.Report, o render.ReportOptions) error {
	switch format {
	case "json":
		return render.JSON(w, r)
	case "yaml":
		return render.YAML(w, r)
	case "markdown":
		return render.MarkdownReport(w, r, o)
	case "html":
		return render.HTMLReport(w, r, o)
	}
	return render.Report(w, s, r, o)
}

func applyOutcome(r *executor.Report, paletteOptional bool) error {
	var codes []int
	var err error
	faults := render.ReportFaults(r)
	if !paletteOptional {
		faults = append(faults, render.PaletteFaults(r)...)
	}
	if len(faults) > 0 {
		err = &faultsError{faults}
	}
	if c := r.Summary.Palette; c != nil && !c.Well() && !paletteOptional {
		codes = append(codes, exitFailed)
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
