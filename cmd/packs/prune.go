package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/plan"
)

// pruneFlags say what may be deleted.
type pruneFlags struct {
	over uint // the most versions of one registry that --yes may delete beyond what is usual
}

// addRules adds what widens the rules of packs.yaml.
func (f *pruneFlags) addRules(fs *pflag.FlagSet, o *executor.Options) {
	fs.BoolVar(&o.IncludeUnmanaged, "include-unmanaged", false, "delete versions that packs did not publish, too")
	fs.BoolVar(&o.PruneRepositories, "repositories", false, "delete repositories that hold nothing then, too")
}

func (f *pruneFlags) addOver(fs *pflag.FlagSet) {
	fs.UintVar(&f.over, "dangerous-allow-prune-over", 0, "with --yes: delete up to `N` versions of a registry, although they are more than 10 or 20 % of them")
}

// checkPrune refuses what makes sense only with --prune.
func (q *request) checkPrune(cmd *cobra.Command) error {
	if q.options.Prune {
		return nil
	}
	for _, name := range []string{"include-unmanaged", "repositories", "dangerous-allow-prune-over"} {
		if cmd.Flags().Changed(name) {
			return misuse(cmd, "", "--%s does nothing without --prune", name)
		}
	}
	return nil
}

// allow makes sure that a plan which deletes a lot without asking was meant so.
// It shows the plan where it was not.
func (f *pruneFlags) allow(a *app, p *plan.Plan, file string) error {
	for _, x := range p.Excesses() {
		if uint(x.Delete) <= f.over {
			continue
		}
		if err := render.Plan(a.err, a.errStyle(), p, render.PlanOptions{File: file}); err != nil {
			return err
		}
		return &usageError{
			message: fmt.Sprintf("%s of the %d that %s holds would be deleted: more than 10, or than 20 %%, need a word more than --yes; nothing was done",
				render.Count(x.Delete, "version"), x.Held, x.Registry),
			hint: fmt.Sprintf("look at the list; if it is right, say `--dangerous-allow-prune-over %d` as well", x.Delete),
		}
	}
	return nil
}

// confirmDeletes shows a plan and asks whether to carry it out. One that deletes
// a lot wants to be answered with the number.
func (a *app) confirmDeletes(p *plan.Plan, file string) error {
	if p.Summary.Delete == 0 { // empty repositories only
		return a.confirm(p, file, applyThis)
	}
	n := fmt.Sprint(p.Summary.Delete)
	ask := question{text: fmt.Sprintf("Apply this plan, and delete %s for good? Only y or yes does it: ", render.Count(p.Summary.Delete, "version")), yes: []string{"y", "yes"}}
	if all := p.Excesses(); len(all) > 0 {
		lots := make([]string, len(all))
		for i, x := range all {
			lots[i] = fmt.Sprintf("%d of the %d versions that %s holds", x.Delete, x.Held, x.Registry)
		}
		ask.text = fmt.Sprintf("This deletes %s for good. Only the number %s does it: ", strings.Join(lots, ", "), n)
		ask.yes = []string{n}
	}
	return a.confirm(p, file, ask)
}

type pruneOptions struct {
	request
	pruneFlags
	outputs outputsFlag
	summary summaryFlag
	yes     bool
}

func newPruneCmd(a *app) *cobra.Command {
	o := &pruneOptions{}
	cmd := &cobra.Command{
		Use:   "prune",
		Short: "Delete what packs.yaml retires",
		Long: `prune deletes from registries what packs.yaml says shall go, and pushes nothing:
  - the versions that retired: names
  - with prune: {keep: …} in packs.yaml, versions that no entry lists any more,
    but for those that keep: names; a pack of which packs.yaml lists fewer than
    two versions for a registry keeps all of its versions there

It shows the list and asks. With --yes it does not ask; more than 10 versions of a
registry, or 20 % of those that it holds of packs in packs.yaml, then need
--dangerous-allow-prune-over N as well. "packs apply --prune" does the same after
it has published everything else, "packs plan --prune" shows it.

Only repositories below spectro-packs/archive are looked at, and of them those of
packs that packs.yaml names. A version that packs did not publish stays, unless
--include-unmanaged is given; so does one whose tag was moved meanwhile, and one
that is older than a version which is still to be published. Signatures go with
their version. readOnly registries are left alone, manual ones unless named.

Exit codes: 0 done or nothing to do, 1 something failed, 3 packs.yaml or a flag
is wrong, 4 a version could not go (immutable, or moved meanwhile), 130
interrupted.`,
		Example: a.examples(
			"packs prune                                   # look at the list, answer",
			"packs prune --yes --registry dev-ecr",
			"packs prune --yes --dangerous-allow-prune-over 40 -o json > pruned.json",
			"packs prune --repositories                    # repositories that are empty, too",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPrune(cmd.Context(), a, o) },
	}
	fs := cmd.Flags()
	o.catalogFlags.add(fs)
	fs.StringArrayVar(&o.registries, "registry", nil, "only this registry; `NAME` may be a glob (repeatable)")
	completeRegistries(a, cmd, &o.catalogFlags)
	for _, name := range []string{"pack", "changed-since"} { // so that there is a good answer to them
		fs.Var(refused("what shall go is worked out from the whole of packs.yaml"), name, "")
		_ = fs.MarkHidden(name) // it was added a line above
	}
	o.addAccess(fs)
	addShard(fs, &o.options.Shard)
	o.addRules(fs, &o.options)
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	o.addOver(fs)
	o.outputs.add(cmd, []string{"text", "json", "yaml", "markdown", "html"})
	o.summary.add(cmd)
	return cmd
}

// refused is a flag that a command does not have, with the reason.
type refused string

// String returns nothing.
func (refused) String() string { return "" }

// Type names the kind of value in usage texts.
func (refused) Type() string { return "string" }

// Set refuses every value.
func (r refused) Set(string) error { return &usageError{message: string(r) + ": leave it out"} }

func runPrune(ctx context.Context, a *app, o *pruneOptions) (err error) {
	if !o.yes && (!a.inTerm.Terminal || !a.errTerm.Terminal) {
		return &usageError{
			message: "prune asks before it deletes, and there is no terminal to ask on",
			hint:    "look at `packs plan --prune`, then say `packs prune --yes`",
		}
	}
	o.source, o.options.Prune = o.outputs.machine(), true
	s, err := a.open(ctx, &o.request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, err := s.exec.PlanPrune(ctx)
	if err != nil {
		return err
	}
	switch {
	case o.yes:
		err = o.allow(a, p, o.file)
	case p.Summary.Pending():
		s.progress.Close()
		err = a.confirmDeletes(p, o.file)
	}
	if err != nil {
		return err
	}
	begun := a.now()
	report, err := s.exec.Apply(ctx, p)
	s.progress.Close()
	if err != nil {
		return err
	}
	shown := render.ReportOptions{File: o.file, Took: a.now().Sub(begun), Plan: p, Pruned: true, PlanSeen: !o.yes && p.Summary.Pending(), Command: "packs prune"}
	write := func(w io.Writer, s render.Style, format string) error {
		return writeReport(w, s, format, report, shown)
	}
	return errors.Join(a.show(o.outputs.outputs(), write), o.summary.write(a, write), applyOutcome(report, false))
}
