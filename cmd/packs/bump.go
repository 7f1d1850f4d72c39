package main

import (
	"fmt"
	"io"
	"path"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/scaffold"
)

type bumpOptions struct {
	to     string
	rename bool
	dryRun bool
}

func newBumpCmd(a *app) *cobra.Command {
	o := &bumpOptions{}
	cmd := &cobra.Command{
		Use:   "bump PACK",
		Short: "Give a pack its next version",
		Long: `bump copies the folder of a pack to one for the next version, and says the new
version wherever the pack says its own: in pack.json, in README.md, and in the
name of the folder. With --rename the old folder goes away.

PACK is a folder, or NAME or NAME@VERSION of a pack below this folder. Without
--to the next version is the next patch.

Versions of charts and images are not touched: where values.yaml mentions the old
version, that is told. What changes is shown as a diff.`,
		Example: a.examples(
			"packs bump packs/nginx-1.2.0",
			"packs bump nginx --to 1.3.0",
			"packs bump nginx@1.2.0 --rename --dry-run",
		),
		Args: oneArg("PACK"),
		RunE: func(_ *cobra.Command, args []string) error { return runBump(a, o, args[0]) },
	}
	fs := cmd.Flags()
	fs.StringVar(&o.to, "to", "", "the new `VERSION`")
	fs.BoolVar(&o.rename, "rename", false, "rename the folder, do not copy it")
	fs.BoolVar(&o.dryRun, "dry-run", false, "show what would change, and change nothing")
	return cmd
}

func runBump(a *app, o *bumpOptions, arg string) error {
	dir, err := scaffold.FindPack(".", arg)
	if err != nil {
		return scaffoldError(err)
	}
	b, err := scaffold.PlanBump(dir, o.to, o.rename)
	if err != nil {
		return exit(scaffoldError(err), exitInput)
	}
	if !o.dryRun {
		if err := b.Apply(); err != nil {
			return scaffoldError(err)
		}
	}
	return a.writeBump(b, o)
}

// writeBump shows what changed, and says what is left to do.
func (a *app) writeBump(b *scaffold.Bump, o *bumpOptions) error {
	from, to := filepath.ToSlash(filepath.Clean(b.From)), filepath.ToSlash(b.To)
	for _, e := range b.Edits {
		if err := render.Diff(a.out, a.outStyle(), path.Join(to, e.Path), e.Before, e.After); err != nil {
			return err
		}
	}
	for _, m := range b.Mentions {
		a.notice("%s mentions %s in %s: look whether that changes, too", path.Join(to, m.Path), b.Old, lineNumbers(m.Lines))
	}
	done, would, where := "Copied", "Would copy", from+" to "+to
	switch {
	case from == to:
		done, would, where = "Edited", "Would edit", to
	case b.Rename:
		done, would = "Renamed", "Would rename"
	}
	where = render.Clean(fmt.Sprintf(" %s: %s %s.", where, b.Name, b.New)) + "\n"
	text := done + where + "Next: " + a.name + " validate " + render.Clean(to) + "\n"
	if o.dryRun {
		text = would + where
	}
	_, err := io.WriteString(a.out, text)
	return err
}

// lineNumbers writes the first few of some line numbers.
func lineNumbers(lines []int) string {
	const most = 5
	texts := make([]string, 0, most)
	for _, l := range lines[:min(len(lines), most)] {
		texts = append(texts, strconv.Itoa(l))
	}
	text := "line " + texts[0]
	if len(texts) > 1 {
		text = "lines " + strings.Join(texts, ", ")
	}
	if more := len(lines) - len(texts); more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
