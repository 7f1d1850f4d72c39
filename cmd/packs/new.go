package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/scaffold"
	"github.com/packs-cli/packs/internal/suggest"
)

func newNewCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "new",
		Short: "Begin a pack",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse(cmd, suggest.Nearest(args[0], commandNames(cmd)), "unknown command %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newNewPackCmd(a))
	return cmd
}

func newNewPackCmd(a *app) *cobra.Command {
	o := &scaffold.PackOptions{}
	cmd := &cobra.Command{
		Use:   "pack NAME",
		Short: "Write the folder of a new pack",
		Long: `new pack writes the folder of a new pack, DIR/NAME-VERSION, in which
` + "`" + a.name + ` validate` + "`" + ` finds nothing: pack.json, values.yaml, README.md, a logo, and a
manifest or a chart that runs an image which does nothing. Put yours in their
places.

A folder that exists is never written over.`,
		Example: a.examples(
			"packs new pack nginx",
			"packs new pack cert-manager --kind chart --version 1.18.2 --in catalog/packs",
		),
		Args:              oneArg("NAME"),
		ValidArgsFunction: cobra.NoFileCompletions,
		RunE: func(_ *cobra.Command, args []string) error {
			o.Name = args[0]
			return runNewPack(a, o)
		},
	}
	fs := cmd.Flags()
	fs.StringVar(&o.Kind, "kind", scaffold.KindManifests, "what the pack holds: `KIND` is chart or manifests")
	fs.StringVar(&o.Version, "version", "0.1.0", "the `VERSION` of the pack, and of its chart")
	fs.StringVar(&o.Layer, "layer", "addon", "the `LAYER` of the pack: "+strings.Join(scaffold.Layers, ", "))
	fs.StringVar(&o.DisplayName, "display-name", "", "the `NAME` that people see; it is made from the pack's name otherwise")
	fs.StringVar(&o.Parent, "in", "packs", "write the folder into `DIR`")
	complete(cmd, "kind", func() []string { return []string{scaffold.KindChart, scaffold.KindManifests} })
	complete(cmd, "layer", func() []string { return scaffold.Layers })
	return cmd
}

func runNewPack(a *app, o *scaffold.PackOptions) error {
	p, err := o.Write()
	if err != nil {
		return scaffoldError(err)
	}
	text := render.Clean(fmt.Sprintf("Wrote %s: %s.", filepath.ToSlash(p.Dir), strings.Join(p.Files, ", "))) + "\n" +
		"It runs an image that does nothing: put yours in, and the logo and texts.\n" +
		"Next: " + a.name + " validate " + render.Clean(filepath.ToSlash(p.Dir)) + "\n"
	_, err = io.WriteString(a.out, text)
	return err
}

// scaffoldError says what is wrong with what was asked for.
func scaffoldError(err error) error {
	var invalid *scaffold.InvalidError
	switch {
	case errors.As(err, &invalid):
		return exit(&usageError{message: invalid.Message, hint: invalid.Hint}, exitInput)
	case errors.Is(err, fs.ErrExist):
		return exit(&usageError{message: err.Error(), hint: "nothing was written; take another version, or remove it first"}, exitInput)
	case errors.Is(err, scaffold.ErrInsidePack):
		return exit(&usageError{message: err.Error(), hint: "a pack holds no packs: name the folder above it"}, exitInput)
	}
	return err
}
