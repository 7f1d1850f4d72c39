package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

type palettePlanOptions struct {
	request
	format   formatFlag
	tune     executor.PaletteOptions
	detailed bool
}

func newPalettePlanCmd(a *app) *cobra.Command {
	o := &palettePlanOptions{}
	cmd := &cobra.Command{
		Use:   "plan",
		Short: "Show what register would change in Palette",
		Long: `plan compares the registries of packs.yaml with what Palette knows of them and
shows what "palette register" would do. It changes nothing.

  + create      Palette has no registry of this name
  ~ update      its settings differ: the UID stays, and profiles keep working
  = unchanged   as in packs.yaml

Secrets come back masked and are not compared. A registry of another type under
the same name cannot be changed: a new one is made, and the cluster profiles that
use the old one are listed as far as the key may see them.

Needs the right to look at registries: the role Tenant Admin.

Exit codes: 0 nothing is wrong, 1 something could not be told, 2 changes are
pending (only with --detailed-exitcode), 3 packs.yaml or a flag is wrong, 130
interrupted.`,
		Example: a.examples(
			"packs palette plan",
			"packs palette plan --registry prod-ecr -o json",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPalettePlan(cmd.Context(), a, o) },
	}
	o.addPalette(a, cmd)
	o.format.add(cmd, "json", "yaml")
	addUpdateCredentials(cmd, &o.tune)
	cmd.Flags().BoolVar(&o.detailed, "detailed-exitcode", false, "exit with 2 when changes are pending")
	return cmd
}

func addUpdateCredentials(cmd *cobra.Command, o *executor.PaletteOptions) {
	cmd.Flags().BoolVar(&o.UpdateCredentials, "update-credentials", false, "send what Palette reads with again, although secrets cannot be compared")
}

func runPalettePlan(ctx context.Context, a *app, o *palettePlanOptions) error {
	return a.onPalette(ctx, &o.request, func(s *session) error {
		p, err := s.exec.PalettePlan(ctx, o.tune)
		if err != nil {
			return err
		}
		defer p.Close()
		s.progress.Close()
		if err := a.writePalettePlan(p, o.format.value); err != nil {
			return err
		}
		var codes []int
		if o.detailed && p.Summary.Pending() {
			codes = append(codes, exitPending)
		}
		return paletteOutcome(p, codes)
	})
}

func (a *app) writePalettePlan(p *executor.PalettePlan, format string) error {
	switch format {
	case "json":
		return render.JSON(a.out, p)
	case "yaml":
		return render.YAML(a.out, p)
	}
	return render.PalettePlan(a.out, a.outStyle(), p)
}

func paletteOutcome(p *executor.PalettePlan, codes []int) error {
	var err error
	if faults := render.PalettePlanFaults(p); len(faults) > 0 {
		err = &faultsError{faults}
		codes = append(codes, exitFailed)
	}
	if p.Interrupted {
		codes = append(codes, exitInterrupted)
	}
	return exit(err, codes...)
}
