package main

import (
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/strictjson"
	"github.com/packs-cli/packs/plan"
)

type showOptions struct {
	outputs       outputsFlag
	showUnchanged bool
}

func newShowCmd(a *app) *cobra.Command {
	o := &showOptions{}
	cmd := &cobra.Command{
		Use:   "show FILE",
		Short: "Show a saved plan or a report",
		Long: `show reads a plan that "packs plan --save FILE" wrote, or any result of -o json,
and shows it as the command that made it does, in any format that the command
has. It reads nothing but FILE: no packs.yaml, no registry.`,
		Example: a.examples(
			"packs show plan.json",
			"packs show plan.json -o markdown",
			"packs show report.json -o yaml",
			"packs show findings.json -o sarif=findings.sarif -o text",
		),
		Args: oneArg("FILE"),
		RunE: func(_ *cobra.Command, args []string) error { return runShow(a, o, args[0]) },
	}
	o.outputs.add(cmd, shownFormats())
	cmd.Flags().BoolVar(&o.showUnchanged, "show-unchanged", false, "list versions that are as they should be, too")
	return cmd
}

// document is a kind of JSON document that show reads.
type document struct {
	formats []string
	// read decodes the document strictly, and returns what writes it.
	read func(data []byte) (writeDocument, error)
}

// writeDocument writes a document in one of its formats.
type writeDocument func(w io.Writer, s render.Style, format string, o *showOptions) error

// documents are all kinds that show reads.
func documents() map[string]document {
	usual := []string{"text", "json", "yaml", "markdown", "html"}
	return map[string]document{
		plan.Kind:           {usual, showPlan},
		executor.ReportKind: {usual, showReport},
		executor.DiffKind:   {diffFormats, showDiff},
		executor.VerifyKind: {verifyFormats, showVerify},
		lint.ReportKind:     {render.FindingFormats(), showFindings},
		render.ListKind:     {[]string{"text", "json", "yaml", "html"}, showList},
	}
}

// shownFormats are the formats of all kinds together, text first.
func shownFormats() []string {
	all := []string{"text", "json", "yaml", "markdown"}
	for _, kind := range shownKinds() {
		for _, f := range documents()[kind].formats {
			if !slices.Contains(all, f) {
				all = append(all, f)
			}
		}
	}
	return all
}

func shownKinds() []string { return slices.Sorted(maps.Keys(documents())) }

func runShow(a *app, o *showOptions, file string) error {
	data, err := readDocument(file)
	if err != nil {
		return err
	}
	head, err := plan.ReadHead(data)
	if err != nil {
		return documentError(file, err)
	}
	kind, known := documents()[head.Kind]
	if !known {
		return documentError(file, fmt.Errorf("there is no kind %.100q: show reads %s", head.Kind, wordList(shownKinds())))
	}
	for _, out := range o.outputs.outputs() {
		if !slices.Contains(kind.formats, out.format) {
			return &usageError{message: fmt.Sprintf("-o %s: %s is a %s, which is shown as %s", out.format, file, head.Kind, wordList(kind.formats))}
		}
	}
	write, err := kind.read(data)
	if err != nil {
		return documentError(file, err)
	}
	return a.show(o.outputs.outputs(), func(w io.Writer, s render.Style, format string) error {
		return write(w, s, format, o)
	})
}

func showPlan(data []byte) (writeDocument, error) {
	p, err := plan.Decode(data)
	if err != nil {
		return nil, err
	}
	return func(w io.Writer, s render.Style, format string, o *showOptions) error {
		if err := writePlan(w, s, format, p, render.PlanOptions{File: defaultCatalog, ShowUnchanged: o.showUnchanged}); err != nil || format != "text" {
			return err
		}
		return render.Faults(w, s, render.PlanFaults(p))
	}, nil
}

func showReport(data []byte) (writeDocument, error) {
	var r executor.Report
	if err := strictjson.Decode(data, &r); err != nil {
		return nil, err
	}
	return func(w io.Writer, s render.Style, format string, _ *showOptions) error {
		if err := writeReport(w, s, format, &r, render.ReportOptions{File: defaultCatalog}); err != nil || format != "text" {
			return err
		}
		return render.Faults(w, s, render.ReportFaults(&r))
	}, nil
}

func showVerify(data []byte) (writeDocument, error) {
	var r executor.VerifyReport
	if err := strictjson.Decode(data, &r); err != nil {
		return nil, err
	}
	return func(w io.Writer, s render.Style, format string, o *showOptions) error {
		return writeVerify(w, s, format, &r, render.VerifyOptions{File: defaultCatalog, All: o.showUnchanged})
	}, nil
}

func showDiff(data []byte) (writeDocument, error) {
	var r executor.DiffReport
	if err := strictjson.Decode(data, &r); err != nil {
		return nil, err
	}
	return func(w io.Writer, s render.Style, format string, _ *showOptions) error {
		return writeDiff(w, s, format, &r)
	}, nil
}

func showFindings(data []byte) (writeDocument, error) {
	var r lint.Report
	if err := strictjson.Decode(data, &r); err != nil {
		return nil, err
	}
	return func(w io.Writer, s render.Style, format string, _ *showOptions) error {
		return render.Findings(w, format, &r, render.FindingsOptions{Style: s})
	}, nil
}

func showList(data []byte) (writeDocument, error) {
	var l render.List
	if err := strictjson.Decode(data, &l); err != nil {
		return nil, err
	}
	return func(w io.Writer, s render.Style, format string, _ *showOptions) error {
		return writeList(w, s, format, &l)
	}, nil
}
