package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
)

type paletteVerifyOptions struct {
	request
	format formatFlag
}

func newPaletteVerifyCmd(a *app) *cobra.Command {
	o := &paletteVerifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Look whether Palette shows every version",
		Long: `verify asks Palette for each version that packs.yaml sends to a registry with a
palette: block: whether it is visible, and with the values, readme, presets and
schema of the pack. What is missing is listed with the likely cause: not in the
registry, there in a shape that Palette passes over, not read yet, read elsewhere.

Needs no more than the right to look at registries and packs: Tenant Viewer, or a
role of a project with registry.get and pack.get.

Exit codes: 0 Palette shows everything, 1 something is missing, differs or could
not be asked, 3 packs.yaml or a flag is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs palette verify",
			"packs palette verify --pack nginx -o json",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPaletteVerify(cmd.Context(), a, o) },
	}
	o.options.Palette = true
	o.addSelection(a, cmd)
	o.format.add(cmd, "json", "yaml")
	return cmd
}

func runPaletteVerify(ctx context.Context, a *app, o *paletteVerifyOptions) error {
	o.source = o.format.value != "text"
	return a.onPalette(ctx, &o.request, func(s *session) error {
		v, err := s.exec.PaletteVerify(ctx)
		if err != nil {
			return err
		}
		s.progress.Close()
		switch o.format.value {
		case "json":
			err = render.JSON(a.out, v)
		case "yaml":
			err = render.YAML(a.out, v)
		default:
			err = render.PaletteVerification(a.out, a.outStyle(), v)
		}
		if err != nil {
			return err
		}
		var codes []int
		if !v.Summary.Well() {
			codes = append(codes, exitFailed)
		}
		if v.Interrupted {
			codes = append(codes, exitInterrupted)
		}
		return exit(nil, codes...)
	})
}
