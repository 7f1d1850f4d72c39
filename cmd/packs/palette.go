package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/suggest"
)

func newPaletteCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "palette",
		Short: "Register, sync and verify registries in Palette",
		Long: `palette does what is otherwise clicked in Palette: add the registry, press Sync,
look whether the pack shows up. It works on the registries of packs.yaml that have
a palette: block; a manual one takes part when --registry names it.`,
		Example: a.examples(
			"packs palette plan",
			"packs palette register",
			"packs palette sync --wait",
			"packs palette verify",
		),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse(cmd, suggest.Nearest(args[0], commandNames(cmd)), "unknown command %q of palette", args[0])
			}
			return cmd.Help()
		},
	}
	cmd.AddCommand(newPalettePlanCmd(a), newPaletteRegisterCmd(a), newPaletteSyncCmd(a), newPaletteStatusCmd(a), newPaletteVerifyCmd(a), newPaletteExportCmd(a))
	return cmd
}

// addPalette adds the flags of a command that works on Palette alone.
func (q *request) addPalette(a *app, cmd *cobra.Command) {
	q.options.Palette = true
	q.catalogFlags.add(cmd.Flags())
	cmd.Flags().StringArrayVar(&q.registries, "registry", nil, "only this registry; `NAME` may be a glob (repeatable)")
	completeRegistries(a, cmd, &q.catalogFlags)
	q.patience.add(cmd.Flags())
}

// noticeFaults tells of failures that do not change the exit code.
func (a *app) noticeFaults(faults []render.Fault) {
	for _, f := range faults {
		a.notice("%s: %s", f.Where, f.What)
		a.notice("  %s", f.Hint)
	}
}

// onPalette runs something on Palette between open and close of a session.
func (a *app) onPalette(ctx context.Context, q *request, do func(s *session) error) (err error) {
	s, err := a.open(ctx, q)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	err = do(s)
	if errors.Is(err, executor.ErrNoPalette) {
		return noPalette(err)
	}
	return err
}

// noPalette is the error where no registry of a run is one of Palette's.
func noPalette(err error) error {
	return &usageError{
		message: err.Error(),
		hint:    "add  palette: {name: NAME}  to a registry of packs.yaml (docs/palette.md); a manual registry takes part only when --registry names it",
	}
}
