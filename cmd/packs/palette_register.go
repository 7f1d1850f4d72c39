package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

type paletteRegisterOptions struct {
	request
	format formatFlag
	tune   executor.PaletteOptions
	yes    bool
}

func newPaletteRegisterCmd(a *app) *cobra.Command {
	o := &paletteRegisterOptions{}
	cmd := &cobra.Command{
		Use:   "register",
		Short: "Make Palette know the registries as packs.yaml says",
		Long: `register shows what it would change in Palette, asks, and does it: each registry
is validated by Palette first (it tries to read it), and then created or updated.
With --yes it does not ask; without a terminal --yes is needed.

Endpoint, base content path, region and CA come from the registry's own entry in
packs.yaml; what Palette reads with, from credentials: in its palette: block. The
name: there is the identity: with another host the same registry is updated, and
profiles keep working. Registries of scope system are made in the system console
only.

Needs the role Tenant Admin.

Exit codes: 0 done or nothing to do, 1 something failed, 3 packs.yaml or a flag is
wrong, 130 interrupted.`,
		Example: a.examples(
			"packs palette register",
			"packs palette register --yes --registry prod-ecr",
			"packs palette register --yes --update-credentials",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPaletteRegister(cmd.Context(), a, o) },
	}
	o.addPalette(a, cmd)
	o.format.add(cmd, "json", "yaml")
	addUpdateCredentials(cmd, &o.tune)
	cmd.Flags().BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	return cmd
}

func runPaletteRegister(ctx context.Context, a *app, o *paletteRegisterOptions) error {
	if !o.yes && (!a.inTerm.Terminal || !a.errTerm.Terminal) {
		return &usageError{
			message: "register asks before it changes Palette, and there is no terminal to ask on",
			hint:    "look at `packs palette plan`, then say `packs palette register --yes`",
		}
	}
	return a.onPalette(ctx, &o.request, func(s *session) error {
		p, err := s.exec.PalettePlan(ctx, o.tune)
		if err != nil {
			return err
		}
		defer p.Close()
		if !o.yes && p.Summary.Pending() {
			if err := render.PalettePlan(a.err, a.errStyle(), p); err != nil {
				return err
			}
			if err := a.agree(question{"Change Palette like this? Only y or yes does it: ", []string{"y", "yes"}}); err != nil {
				return err
			}
		}
		s.exec.PaletteRegister(ctx, p)
		s.progress.Close()
		if err := a.writePalettePlan(p, o.format.value); err != nil {
			return err
		}
		return paletteOutcome(p, nil)
	})
}
