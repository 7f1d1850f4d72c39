package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/strictjson"
	"github.com/packs-cli/packs/plan"
)

// savePlan writes a plan to a file that apply reads. It appears whole or not at all.
func (s *session) savePlan(p *plan.Plan, file string) error {
	if file == "" {
		return nil
	}
	var b bytes.Buffer
	if err := render.JSON(&b, s.exec.Saved(p)); err != nil {
		return err
	}
	if err := replaceFile(file, b.Bytes()); err != nil {
		return fmt.Errorf("--save: %w", err)
	}
	s.notice("saved %s: `%s show %s` shows it, `%s apply %s` does it", file, s.name, file, s.name, file)
	return nil
}

// readDocument reads a JSON document that packs wrote; larger ones are refused.
func readDocument(file string) (data []byte, err error) {
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, exit(err, exitInput)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, plan.MaxSaved+1))
	switch {
	case err != nil:
		return nil, exit(err, exitInput)
	case len(data) > plan.MaxSaved:
		return nil, exit(fmt.Errorf("%s: it has more than %d bytes", file, plan.MaxSaved), exitInput)
	}
	return data, nil
}

// documentError says which file cannot be used, and what to do.
func documentError(file string, err error) error {
	hint := ""
	switch {
	case err == nil:
		return nil
	case errors.Is(err, plan.ErrNewer):
		hint = "use the version of packs that made it, or a newer one"
	case errors.Is(err, strictjson.ErrUnknownKey):
		hint = "somebody changed the file, or a newer version of packs made it"
	}
	return exit(&usageError{message: file + ": " + err.Error(), hint: hint}, exitInput)
}

// readPlan reads a saved plan, and makes the request ask for what it was asked for.
func (q *request) readPlan(cmd *cobra.Command, file string) (*plan.Plan, error) {
	for _, flag := range []string{"registry", "pack", "overwrite", "repair-shape", "update-repositories", "shard", "prune", "include-unmanaged", "repositories"} {
		if cmd.Flags().Changed(flag) {
			return nil, misuse(cmd, "", "--%s does not go together with a saved plan: %s says what to do", flag, file)
		}
	}
	data, err := readDocument(file)
	if err != nil {
		return nil, err
	}
	p, err := plan.Decode(data)
	if err != nil {
		return nil, documentError(file, err)
	}
	if p.Saved == nil {
		return nil, &usageError{
			message: file + ": it is a plan that was only shown, not saved",
			hint:    "`packs plan --save FILE` writes one that can be applied",
		}
	}
	q.options.AskAgain(p)
	q.registries, q.packs = q.options.Registries, q.options.Packs
	return p, nil
}

// replan plans anew what a saved plan says. Where something moved, or does not
// fit packs.yaml, it says what.
func (s *session) replan(ctx context.Context, saved *plan.Plan, file string) (*plan.Plan, error) {
	p, err := s.exec.Replan(ctx, saved)
	s.progress.Close()
	var stale *executor.StaleError
	var unfit *executor.UnfitError
	const again = "plan again with `packs plan --save FILE`"
	switch {
	case errors.As(err, &stale):
		what := fmt.Sprintf("%s: the plan is stale: %s moved since it was made; nothing was written", file, render.Count(len(stale.Moved), "item"))
		return nil, exit(&faultsError{[]render.Fault{{What: listed(what, movedLines(stale.Moved)), Hint: again}}}, exitConflict)
	case errors.As(err, &unfit):
		what := file + ": the plan does not fit " + s.catalog.File + "; nothing was written"
		return nil, exit(&faultsError{[]render.Fault{{What: listed(what, unfit.Problems), Hint: "the plan was made for another packs.yaml, or somebody changed one of them: " + again}}}, exitInput)
	case err != nil:
		return nil, err
	}
	return p, s.markUntracked(ctx, p)
}

func movedLines(moves []plan.Move) []string {
	lines := make([]string, len(moves))
	for i, m := range moves {
		a := m.Planned
		if a == nil {
			a = m.Now
		}
		what := a.Repository
		if a.Name != "" {
			what = a.Name + "@" + a.Version
		}
		lines[i] = what + " in " + a.Registry + ": " + m.What
	}
	return lines
}

// maxLines is how many lines an error lists.
const maxLines = 200

// listed puts lines below a text. Lines of what was read stay lines.
func listed(text string, lines []string) string {
	for i, l := range lines {
		if i == maxLines {
			return text + fmt.Sprintf("\nand %d more", len(lines)-maxLines)
		}
		text += "\n" + strings.ReplaceAll(l, "\n", " ")
	}
	return text
}
