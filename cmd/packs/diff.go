package main

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

type diffOptions struct {
	request
	outputs outputsFlag
	between string
	brief   bool
}

func newDiffCmd(a *app) *cobra.Command {
	o := &diffOptions{}
	cmd := &cobra.Command{
		Use:   "diff [PACK | NAME@VERSION NAME@VERSION]",
		Short: "Show file by file what differs from what is published",
		Long: `diff compares what registries hold with the packs on disk, file by file: what
was added (+), removed (-) and modified (~), and which files became executable
or no longer are (x). Texts are compared line by line, in the form that patch
reads; "-" is what is published, "+" is what apply would publish.

PACK is NAME or NAME@RANGE, as for --pack. Two NAME@VERSION compare one version
with another: in the registry that --registry names, else as they are on disk.
--between A B compares what two registries hold; with two versions, the first in
A with the second in B.

Exit codes: 0 no differences, 1 something could not be read, 2 there are
differences, 3 packs.yaml, a pack or a flag is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs diff",
			"packs diff nginx --registry prod-ecr",
			"packs diff --between dev-ecr prod-ecr",
			"packs diff nginx@1.1.0 nginx@1.2.0 --registry prod-ecr",
			"packs diff -o markdown > changes.md",
		),
		Args: diffArgs,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return completeVersions(a, &o.catalogFlags), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error { return runDiff(cmd.Context(), a, o, args) },
	}
	o.addSelection(a, cmd)
	o.outputs.add(cmd, diffFormats)
	fs := cmd.Flags()
	fs.StringVar(&o.between, "between", "", "compare what two registries hold: `A B` or A,B")
	fs.BoolVar(&o.brief, "brief", false, "only the names of files, not their lines")
	complete(cmd, "between", func() []string {
		c := loadForCompletion(a, &o.catalogFlags)
		names := make([]string, 0, len(c.Registries))
		for i := range c.Registries {
			names = append(names, c.Registries[i].Name)
		}
		return names
	})
	return cmd
}

var diffFormats = []string{"text", "json", "yaml", "markdown"}

func diffArgs(cmd *cobra.Command, args []string) error {
	versions := !slices.ContainsFunc(args, func(s string) bool { return !nameAtVersion.MatchString(s) })
	if len(args) > 2 || len(args) == 2 && !versions {
		return misuse(cmd, "", "want one PACK, or two NAME@VERSION, got %s", strings.Join(args, " "))
	}
	return nil
}

// joinBetween makes `--between A B`, which flags cannot be, `--between A,B`.
func joinBetween(args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			return append(out, args[i:]...)
		}
		out = append(out, args[i])
		if args[i] != "--between" || i+2 >= len(args) || strings.Contains(args[i+1], ",") || strings.HasPrefix(args[i+2], "-") {
			continue
		}
		out = append(out, args[i+1]+","+args[i+2])
		i += 2
	}
	return out
}

// ask turns arguments and flags into what is to be compared.
func (o *diffOptions) ask(args []string) (executor.DiffRequest, error) {
	var q executor.DiffRequest
	if o.between != "" {
		a, b, _ := strings.Cut(o.between, ",")
		switch {
		case a == "" || b == "" || strings.Contains(b, ","):
			return q, &usageError{message: "--between " + o.between + ": want the names of two registries", hint: "as in `packs diff --between dev prod`"}
		case len(o.registries) > 0:
			return q, &usageError{message: "--between and --registry do not go together", hint: "--between names both registries"}
		}
		q.Between, o.registries, o.options.Pulling = [2]string{a, b}, []string{a, b}, true
	}
	switch len(args) {
	case 1:
		o.packs = append(o.packs, args[0])
	case 2:
		if len(o.packs) > 0 {
			return q, &usageError{message: "two versions and --pack do not go together"}
		}
		if len(o.registries) > 1 && q.Between[0] == "" {
			return q, &usageError{message: "two versions are compared in one registry", hint: "--between A B compares the first in A with the second in B"}
		}
		q.Versions = [2]string{args[0], args[1]}
		if len(o.registries) == 1 {
			q.In, o.options.Pulling = o.registries[0], true
		}
	}
	return q, nil
}

func runDiff(ctx context.Context, a *app, o *diffOptions, args []string) (err error) {
	q, err := o.ask(args)
	if err != nil {
		return err
	}
	o.source = o.outputs.machine()
	s, err := a.open(ctx, &o.request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	r, err := s.exec.Diff(ctx, q)
	s.progress.Close()
	if err != nil {
		return err
	}
	if o.brief {
		r.Brief()
	}
	err = a.show(o.outputs.outputs(), func(w io.Writer, s render.Style, format string) error { return writeDiff(w, s, format, r) })
	return errors.Join(err, diffOutcome(r))
}

// writeDiff writes a comparison in one of diffFormats.
func writeDiff(w io.Writer, s render.Style, format string, r *executor.DiffReport) error {
	switch format {
	case "json":
		return render.JSON(w, r)
	case "yaml":
		return render.YAML(w, r)
	case "markdown":
		return render.MarkdownPackDiff(w, r)
	}
	return render.PackDiff(w, s, r)
}

// diffOutcome is 2 for differences, as for changes that are pending: 1 says that
// something failed.
func diffOutcome(r *executor.DiffReport) error {
	var codes []int
	if r.Summary.Differs() {
		codes = append(codes, exitPending)
	}
	if faults := render.DiffFaults(r); len(faults) > 0 {
		return exit(&faultsError{faults}, append(codes, exitFailed)...)
	}
	return exit(nil, codes...)
}
