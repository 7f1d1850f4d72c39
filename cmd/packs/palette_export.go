package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"
)

type paletteExportOptions struct {
	request
	terraform bool
}

func newPaletteExportCmd(a *app) *cobra.Command {
	o := &paletteExportOptions{}
	cmd := &cobra.Command{
		Use:   "export --terraform",
		Short: "Print the registries as Terraform resources",
		Long: `export prints spectrocloud_registry_oci resources of the vendor's Terraform
provider for the registries that have a palette: block. Secrets become variables
without a value. Palette is not asked.

The provider registers pack registries, but neither syncs them nor waits for them:
"palette sync --wait" and "palette verify" do that afterwards.`,
		Example: a.examples("packs palette export --terraform > registries.tf"),
		Args:    noArgs,
		RunE:    func(cmd *cobra.Command, _ []string) error { return runPaletteExport(cmd.Context(), a, cmd, o) },
	}
	o.addPalette(a, cmd)
	cmd.Flags().BoolVar(&o.terraform, "terraform", false, "for the provider spectrocloud/spectrocloud")
	return cmd
}

func runPaletteExport(ctx context.Context, a *app, cmd *cobra.Command, o *paletteExportOptions) error {
	if !o.terraform {
		return misuse(cmd, "", "export needs --terraform, the one form that there is")
	}
	return a.onPalette(ctx, &o.request, func(s *session) error {
		text, err := s.exec.PaletteTerraform(ctx)
		if err != nil {
			return err
		}
		s.progress.Close()
		_, err = io.WriteString(a.out, text)
		return err
	})
}
