package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

type paletteSyncOptions struct {
	request
	format formatFlag
	tune   executor.SyncOptions
}

func newPaletteSyncCmd(a *app) *cobra.Command {
	o := &paletteSyncOptions{}
	cmd := &cobra.Command{
		Use:   "sync",
		Short: "Let Palette read the registries now",
		Long: `sync orders Palette to read the registries, which it else does every 24 hours.
With --wait it waits until each has ended, at most syncTimeout: of its palette:
block (10m), and tells what Palette says meanwhile.

A sync that was in progress already may have begun before your last push: --wait
waits for it, then syncs once more. A sync that never ends got lost in Palette; it
looks for such ones every 15 minutes and gives them up after 2 hours. --force
restarts one that has been in progress for an hour or more.

The first ctrl-C stops waiting; the sync goes on in Palette.

Needs the role Tenant Admin.

Exit codes: 0 done, 1 a sync failed, timed out or could not be ordered, 3
packs.yaml or a flag is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs palette sync --wait",
			"packs palette sync --registry prod-ecr --force --wait",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runPaletteSync(cmd.Context(), a, o) },
	}
	o.addPalette(a, cmd)
	o.format.add(cmd, "json", "yaml")
	cmd.Flags().BoolVar(&o.tune.Wait, "wait", false, "wait until the syncs have ended")
	cmd.Flags().BoolVar(&o.tune.Force, "force", false, "restart a sync that has been in progress for an hour or more")
	return cmd
}

func runPaletteSync(ctx context.Context, a *app, o *paletteSyncOptions) error {
	return a.onPalette(ctx, &o.request, func(s *session) error {
		r, err := s.exec.PaletteSync(ctx, o.tune)
		if err != nil {
			return err
		}
		s.progress.Close()
		return a.endSyncs(r, o.format.value)
	})
}

// endSyncs writes a result and returns what ends the program with its code.
func (a *app) endSyncs(r *executor.PaletteSyncs, format string) (err error) {
	switch format {
	case "json":
		err = render.JSON(a.out, r)
	case "yaml":
		err = render.YAML(a.out, r)
	default:
		err = render.PaletteSyncs(a.out, a.outStyle(), r)
	}
	if err != nil {
		return err
	}
	var codes []int
	if faults := render.PaletteSyncFaults(r.Registries); len(faults) > 0 {
		err = &faultsError{faults}
		codes = append(codes, exitFailed)
	}
	if r.Summary.Failed+r.Summary.Off > 0 {
		codes = append(codes, exitFailed)
	}
	if r.Interrupted {
		codes = append(codes, exitInterrupted)
	}
	return exit(err, codes...)
}
