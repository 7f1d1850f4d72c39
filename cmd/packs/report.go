package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/reports"
	"github.com/packs-cli/packs/internal/suggest"
	"github.com/packs-cli/packs/plan"
)

func newReportCmd(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Join the reports of several runs",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return misuse(cmd, suggest.Nearest(args[0], commandNames(cmd)), "unknown command %q", args[0])
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newReportMergeCmd(a))
	return cmd
}

func newReportMergeCmd(a *app) *cobra.Command {
	o := &showOptions{}
	cmd := &cobra.Command{
		Use:   "merge FILE...",
		Short: "Join what shards reported into one",
		Long: `merge reads what runs with --shard left, and writes what one run would have: plans,
or reports of apply, verify or validate, as -o json writes them, all of one kind.
Files that apply --events wrote count as reports of apply: they tell of runs that
were killed, too. A folder stands for its *.json and *.jsonl files.

What several files tell counts once. A shard that no file tells of is an error,
and so are shards of different commits; the result is written all the same.

Exit codes: those of the command whose results are joined; 1 also where a shard is
missing or files contradict each other, 3 where a file cannot be read or joined.`,
		Example: a.examples(
			"packs report merge shard-*.json",
			"packs report merge reports/ -o markdown -o json=report.json",
		),
		Args: someArgs("FILE"),
		RunE: func(_ *cobra.Command, args []string) error { return runReportMerge(a, o, args) },
	}
	o.outputs.add(cmd, shownFormats())
	cmd.Flags().BoolVar(&o.showUnchanged, "show-unchanged", false, "list versions of a plan that are as they should be, too")
	return cmd
}

func runReportMerge(a *app, o *showOptions, args []string) error {
	docs, err := readReports(args)
	if err != nil {
		return err
	}
	merged, err := reports.Merge(docs)
	if err != nil {
		return reportError(err)
	}
	kind, document := mergedDocument(merged)
	for _, out := range o.outputs.outputs() {
		if formats := documents()[kind].formats; !slices.Contains(formats, out.format) {
			return &usageError{message: fmt.Sprintf("-o %s: these are of kind %s, which is written as %s", out.format, kind, wordList(formats))}
		}
	}
	data, err := json.Marshal(document)
	if err != nil {
		return err
	}
	write, err := documents()[kind].read(data)
	if err != nil {
		return err
	}
	for _, n := range merged.Notes {
		a.notice("note: %s", n)
	}
	err = a.write(o.outputs.outputs(), func(w *bytes.Buffer, out output) error {
		style := render.Style{Program: a.name}
		if out.file == "" {
			style = a.outStyle()
		}
		return write(w, style, out.format, o)
	})
	shown := slices.Contains(o.outputs.outputs(), output{format: "text"})
	return errors.Join(err, mergedOutcome(merged, shown))
}

func mergedDocument(m *reports.Merged) (kind string, document any) {
	switch {
	case m.Validation != nil:
		return lint.ReportKind, m.Validation
	case m.Verify != nil:
		return executor.VerifyKind, m.Verify
	case m.Plan != nil:
		return plan.Kind, m.Plan
	}
	return executor.ReportKind, m.Apply
}

// mergedOutcome is how the command ends whose results were joined. Where these
// were shown as text, their failures were, too.
func mergedOutcome(m *reports.Merged, shown bool) error {
	var codes []int
	var faults []render.Fault
	for _, f := range m.Faults {
		faults = append(faults, render.Fault{What: f.Message, Hint: f.Hint})
		codes = append(codes, exitFailed)
	}
	var outcome error
	switch {
	case m.Apply != nil:
		outcome = applyOutcome(m.Apply, false)
	case m.Plan != nil:
		outcome = planOutcome(m.Plan, false)
	case m.Verify != nil:
		outcome = verifyOutcome(m.Verify)
	case m.Validation != nil && m.Validation.Summary.Errors > 0:
		codes = append(codes, exitFailed)
	}
	if outcome != nil {
		codes = append(codes, exitCode(outcome))
		var told *faultsError
		if errors.As(outcome, &told) && !shown {
			faults = append(told.faults, faults...)
		}
	}
	if len(faults) > 0 {
		return exit(&faultsError{faults}, codes...)
	}
	return exit(nil, codes...)
}

// maxReports is how many files are read: more than there can be shards.
const maxReports = 2 * plan.MaxShards

// readReports reads files, and those of folders.
func readReports(args []string) ([]*reports.Document, error) {
	var files []string
	for _, arg := range args {
		found, err := reportFiles(arg)
		if err != nil {
			return nil, exit(err, exitInput)
		}
		files = append(files, found...)
	}
	if len(files) > maxReports {
		return nil, &usageError{message: fmt.Sprintf("%d files are too many: at most %d are read", len(files), maxReports)}
	}
	var docs []*reports.Document
	for _, file := range files {
		read, err := readReport(file)
		if err != nil {
			return nil, reportError(err)
		}
		docs = append(docs, read...)
	}
	return docs, nil
}

func reportFiles(arg string) ([]string, error) {
	info, err := os.Stat(arg)
	if err != nil || !info.IsDir() {
		return []string{arg}, err
	}
	var files []string
	entries, err := os.ReadDir(arg)
	for _, e := range entries {
		if ext := filepath.Ext(e.Name()); !e.IsDir() && (ext == ".json" || ext == ".jsonl") {
			files = append(files, filepath.Join(arg, e.Name()))
		}
	}
	if err == nil && len(files) == 0 {
		err = &usageError{message: arg + " holds no *.json and no *.jsonl file"}
	}
	return files, err
}

func readReport(file string) (docs []*reports.Document, err error) {
	f, err := os.Open(file) //nolint:gosec // the user names the file
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return reports.Read(file, f)
}

// reportError says which file cannot be used, and what to do.
func reportError(err error) error {
	var file *reports.FileError
	var where *fs.PathError
	switch {
	case errors.As(err, &file):
		name := file.Name
		if file.Line > 0 {
			name = fmt.Sprintf("%s:%d", name, file.Line)
		}
		return documentError(name, &detailError{file.Message, file.Err})
	case errors.As(err, &where):
		return exit(err, exitInput)
	}
	return err
}

// detailError is an error in other words, with its cause.
type detailError struct {
	message string
	err     error
}

func (e *detailError) Error() string { return e.message }

func (e *detailError) Unwrap() error { return e.err }
