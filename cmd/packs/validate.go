package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
)

type validateOptions struct {
	request
	outputs   outputsFlag
	summary   summaryFlag
	since     string
	untrusted bool
	images    bool
	online    bool
	fix       bool
	listRules bool
}

func newValidateCmd(a *app) *cobra.Command {
	o := &validateOptions{}
	cmd := &cobra.Command{
		Use:   "validate [PATH...]",
		Short: "Check packs.yaml and the packs",
		Long: `validate checks packs.yaml and every pack that it names, without network and
without credentials. With PATH it checks only those packs, and needs no
packs.yaml: a file stands for the pack that it lies in, a folder that is no pack
for the packs below it. Where there is a packs.yaml, its lint: settings count.

Each finding names its file, line and column, and the rule in brackets:
` + "`" + a.name + " explain RULE`" + ` tells more about it.

Several results at once: -o text -o sarif=packs.sarif.

Exit codes: 0 nothing of severity error, 1 a pack is wrong, 3 packs.yaml or a flag
is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs validate",
			"packs validate packs/nginx-1.2.0 vendor/argo-cd-3.3.5.tar.gz",
			"packs validate --changed-since origin/main -o text -o sarif=packs.sarif",
			"packs validate --untrusted -o github",
		),
		RunE: func(cmd *cobra.Command, args []string) error { return runValidate(cmd.Context(), a, o, args) },
	}
	o.catalogFlags.add(cmd.Flags())
	o.outputs.add(cmd, render.FindingFormats())
	o.summary.add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&o.since, "changed-since", "", "only packs with files that differ from the merge base with `REF`; compare their versions with it")
	fs.BoolVar(&o.images, "check-images", false, "ask the registries of images whether the listed ones are there")
	fs.BoolVar(&o.online, "online", false, "ask the registries, too: a published version must not change")
	fs.StringArrayVar(&o.registries, "registry", nil, "with --online: only this registry; `NAME` may be a glob (repeatable)")
	completeRegistries(a, cmd, &o.catalogFlags)
	o.addAccess(fs)
	addShard(fs, &o.options.Shard)
	fs.BoolVar(&o.fix, "fix", false, "mend what has one right answer, show what changed, then check")
	fs.BoolVar(&o.untrusted, "untrusted", false, "the files are a stranger's: no network, no programs, no secrets, nothing outside the work tree")
	fs.BoolVar(&o.listRules, "list-rules", false, "list the rules and check nothing")
	return cmd
}

// check looks for flags that do not go together.
func (o *validateOptions) check(args []string) error {
	for _, c := range []struct {
		wrong         bool
		message, hint string
	}{
		{o.listRules && len(args) > 0, "--list-rules takes no arguments", "`packs explain RULE` tells more about one"},
		{o.untrusted && o.online, "--untrusted and --online do not go together: --untrusted uses no network", ""},
		{o.untrusted && o.images, "--untrusted and --check-images do not go together: --untrusted uses no network", ""},
		{o.untrusted && o.allowExec, "--untrusted and --allow-exec do not go together: --untrusted runs no programs", ""},
		{o.untrusted && o.allowOutside, "--untrusted and --allow-outside do not go together", ""},
		{o.untrusted && o.fix, "--untrusted and --fix do not go together: a stranger's files are only read", ""},
		{!o.online && len(o.registries) > 0, "--registry says which registries --online asks", "add --online"},
	} {
		if c.wrong {
			return &usageError{message: c.message, hint: c.hint}
		}
	}
	return nil
}

func runValidate(ctx context.Context, a *app, o *validateOptions, args []string) error {
	if err := o.check(args); err != nil {
		return err
	}
	if o.listRules {
		return a.writeRules(o)
	}
	v := &validation{app: a, options: o, args: args}
	if err := v.collect(ctx); err != nil {
		return err
	}
	if err := v.run(ctx); err != nil {
		return err
	}
	report := lint.NewReport(len(v.subjects), v.findings)
	report.Tool, report.Shard = toolVersion(), o.options.Shard.Ref()
	if v.read != nil && o.outputs.machine() && !o.untrusted {
		report.Source = a.gitSource(ctx, v.read)
	}
	if report.Summary.Errors > 0 {
		v.codes = append(v.codes, exitFailed)
	}
	return errors.Join(a.writeFindings(report, v), exit(v.failure(), v.codes...))
}

// writeFindings writes the report in every format that was asked for.
func (a *app) writeFindings(r *lint.Report, v *validation) error {
	shown := render.FindingsOptions{Prefix: treePrefix()}
	for i := range v.subjects {
		shown.Packs = append(shown.Packs, v.subjects[i].Path)
	}
	outputs := &v.options.outputs
	write := func(w io.Writer, s render.Style, format string) error {
		shown.Style = s
		return render.Findings(w, format, r, shown)
	}
	err := errors.Join(a.show(outputs.outputs(), write), v.options.summary.write(a, write))
	if outputs.only() {
		a.notice("%s", render.FindingsSummary(r))
	}
	return err
}
