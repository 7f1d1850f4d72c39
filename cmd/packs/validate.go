package main

import (
	"context"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/precheck"
	"github.com/packs-cli/packs/internal/render"
)

type validateOptions struct {
	catalogFlags
	format    formatFlag
	untrusted bool
}

func newValidateCmd(a *app) *cobra.Command {
	o := &validateOptions{}
	cmd := &cobra.Command{
		Use:   "validate [DIR...]",
		Short: "Check packs.yaml and the packs",
		Long: `validate checks packs.yaml and every pack that it names, without network and
without credentials. With DIR it checks only those folders or archives, and
needs no packs.yaml: a folder that is no pack stands for the packs below it.

Each finding names its file, line and column, and the rule in brackets.

Exit codes: 0 nothing of severity error, 1 a pack is wrong, 3 packs.yaml or a flag
is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs validate",
			"packs validate packs/nginx-1.2.0 vendor/argo-cd-3.3.5.tar.gz",
			"packs validate --untrusted -o json",
		),
		RunE: func(cmd *cobra.Command, args []string) error { return runValidate(cmd.Context(), a, o, args) },
	}
	o.add(cmd.Flags())
	o.format.add(cmd, "json", "yaml")
	cmd.Flags().BoolVar(&o.untrusted, "untrusted", false, "the files are a stranger's: read nothing outside the work tree, run nothing")
	return cmd
}

func runValidate(ctx context.Context, a *app, o *validateOptions, dirs []string) error {
	v := &validation{}
	var err error
	if len(dirs) > 0 {
		err = v.folders(dirs)
	} else {
		err = v.catalog(a, o)
	}
	if err != nil {
		return err
	}
	found, err := precheck.Check(ctx, v.subjects, runtime.GOMAXPROCS(0))
	if err != nil {
		return err
	}
	report := lint.NewReport(v.packs, append(v.findings, found...))
	report.Tool = toolVersion()
	if v.read != nil && o.format.machine() && !o.untrusted {
		report.Source = a.gitSource(ctx, v.read)
	}
	if err := a.writeFindings(report, o.format.value); err != nil {
		return err
	}
	if report.Summary.Errors > 0 {
		v.codes = append(v.codes, exitFailed)
	}
	return exit(nil, v.codes...)
}

func (a *app) writeFindings(r *lint.Report, format string) error {
	switch format {
	case "json":
		return render.JSON(a.out, r)
	case "yaml":
		return render.YAML(a.out, r)
	}
	return render.Findings(a.out, a.outStyle(), r)
}
