package main

import (
	"context"

	"github.com/spf13/cobra"
)

type paletteStatusOptions struct {
	request
	format formatFlag
}

func newPaletteStatusCmd(a *app) *cobra.Command {
	o := &paletteStatusOptions{}
	cmd := &cobra.Command{
		Use:   "status",
		Short: "Show how the registries stand in Palette",
		Long: `status shows a row for each registry that has a palette: block: how its last sync
went, when, how many packs Palette shows of it, and what Palette says.

Needs no more than the right to look at registries and packs: Tenant Viewer, or a
role of a project with registry.get and pack.get.

Exit codes: 0 all is well or going on, 1 a registry failed, is not registered or
could not be asked, 3 packs.yaml or a flag is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs palette status",
			"packs palette status -o json | jq '.registries[] | {name, state}'",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPaletteStatus(cmd.Context(), a, o) },
	}
	o.addPalette(a, cmd)
	o.format.add(cmd, "json", "yaml")
	return cmd
}

func runPaletteStatus(ctx context.Context, a *app, o *paletteStatusOptions) error {
	return a.onPalette(ctx, &o.request, func(s *session) error {
		r, err := s.exec.PaletteStatus(ctx)
		if err != nil {
			return err
		}
		s.progress.Close()
		return a.endSyncs(r, o.format.value)
	})
}
