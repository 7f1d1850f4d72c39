package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
)

type listOptions struct {
	request
	outputs outputsFlag
}

func newListCmd(a *app) *cobra.Command {
	o := &listOptions{}
	cmd := &cobra.Command{
		Use:   "list",
		Short: "Show which versions are in which registries",
		Long: `list shows a row for each version of each pack of packs.yaml and a column for
each registry: present, missing, different (the version is there with other
content) or unknown (the registry could not be asked). A dash means that
packs.yaml does not send the pack there. Versions that a registry holds and
packs.yaml does not send there are unmanaged; a registry that does not list what
it holds is named below the table. --unmanaged=false does not look for them.

-o pins lists what one registry holds, whatever packs.yaml says: a line
NAME:VERSION@sha256:MANIFEST v1:sha256:CONTENT for each version. Take out what is
not to go on, have it reviewed, and name the file under from: to promote it.`,
		Example: a.examples(
			"packs list",
			"packs list --pack 'csi-*' --registry prod-ecr",
			"packs list --registry dev-ecr -o pins=promoted/prod.pins",
			"packs list -o json | jq -r '.packs[] | select(.states[].state == \"missing\") | .name'",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runList(cmd.Context(), a, o) },
	}
	o.addSelection(a, cmd)
	o.outputs.add(cmd, []string{"text", "json", "yaml", "html", "pins"})
	cmd.Flags().BoolVar(&o.options.Unmanaged, "unmanaged", true, "list also what registries hold and packs.yaml does not have")
	return cmd
}

func runList(ctx context.Context, a *app, o *listOptions) (err error) {
	if pins, err := o.wantsPins(); err != nil || pins {
		if err == nil {
			err = runPins(ctx, a, o)
		}
		return err
	}
	o.source = o.outputs.machine()
	s, err := a.open(ctx, &o.request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, err := s.plan(ctx)
	if err != nil {
		return err
	}
	list := render.NewList(p)
	err = a.show(o.outputs.outputs(), func(w io.Writer, s render.Style, format string) error {
		return writeList(w, s, format, list)
	})
	if err != nil {
		return err
	}
	if faults := render.PlanFaults(p); len(faults) > 0 {
		return exit(&faultsError{faults}, exitFailed)
	}
	return nil
}

// writeList writes a list in one of the formats that list has.
func writeList(w io.Writer, s render.Style, format string, l *render.List) error {
	switch format {
	case "json":
		return render.JSON(w, l)
	case "yaml":
		return render.YAML(w, l)
	case "html":
		return render.HTMLList(w, l)
	}
	return render.TextList(w, s, l)
}
