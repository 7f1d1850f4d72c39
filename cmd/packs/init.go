package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/scaffold"
	"github.com/packs-cli/packs/manifest"
)

func newInitCmd(a *app) *cobra.Command {
	o := &initOptions{}
	cmd := &cobra.Command{
		Use:   "init [DIR]",
		Short: "Find packs and write a packs.yaml",
		Long: `init looks for packs (folders that hold a pack.json) below a folder, by default
this one, and writes a commented packs.yaml there that publishes them to OCI
layouts in ./dist/registry, which need no server. Beside it, packs.schema.json
lets editors complete and check the file.

A pack that cannot be published as it is gets an exclude line that says why. A
file that exists is never written over: then nothing is written at all.

With --from-registry it asks a registry what it holds, and writes a packs.yaml
that copies that: each pack by its name, so that you can take some away. The
registry is HOST[:PORT][/PATH], or a folder of OCI layouts that begins with ./
or /. Logins are docker's ("packs login HOST" makes one).`,
		Example: a.examples(
			"packs init",
			"packs init ./catalog",
			"packs init --from-registry registry.example.com:5000/team",
		),
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 1 {
				return misuse(cmd, "", "want one DIR, got %d", len(args))
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			if o.from != "" {
				return initFrom(cmd.Context(), a, o, dir)
			}
			return runInit(a, dir)
		},
	}
	cmd.Flags().StringVar(&o.from, "from-registry", "", "write a packs.yaml that copies what this `REGISTRY` holds")
	o.access.add(cmd.Flags())
	return cmd
}

func runInit(a *app, dir string) error {
	c, err := scaffold.Init(dir)
	if err := initOutcome(err); err != nil {
		return err
	}
	for _, l := range c.LeftOut {
		a.notice("left out: %s: %s", l.Path, l.Reason)
	}
	if err := a.readBack(c); err != nil {
		return err
	}
	return writeInit(a, c)
}

// initOutcome says what stood in the way of writing files.
func initOutcome(err error) error {
	var file *fs.PathError
	switch {
	case errors.Is(err, fs.ErrExist):
		return exit(&usageError{message: err.Error(), hint: "nothing was written; remove or rename it first"}, exitInput)
	case errors.Is(err, scaffold.ErrInsidePack):
		return exit(&usageError{message: err.Error(), hint: "run `packs init` in the folder above: packs.yaml would become part of the pack"}, exitInput)
	case errors.Is(err, fs.ErrNotExist) && errors.As(err, &file):
		return exit(err, exitInput)
	}
	return err
}

// readBack reads what was written, so that a surprise shows now rather than later.
func (a *app) readBack(c *scaffold.Catalog) error {
	if _, err := manifest.Load(c.File, manifest.LoadOptions{Env: a.env}); err != nil {
		return errors.Join(fmt.Errorf("%s was written, but needs a look", c.File), exit(err, exitInput))
	}
	return nil
}

func writeInit(a *app, c *scaffold.Catalog) error {
	found := "No packs were found: packs.yaml says how to add them"
	if c.Packs > 0 {
		found = render.Count(c.Packs, "pack") + " found, to be published to ./dist/registry"
	}
	if n := len(c.LeftOut); n > 0 {
		found += "; " + strconv.Itoa(n) + " left out"
	}
	text := render.Clean(fmt.Sprintf("Wrote %s and %s.", c.File, c.Schema)) + "\n" + found + ".\n"
	if c.Packs > 0 {
		text += "Next: " + a.name + " plan\n"
	}
	_, err := io.WriteString(a.out, text)
	return err
}
