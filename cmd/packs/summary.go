package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
)

// summaryFlag is --summary: where a Markdown summary goes beside the result.
type summaryFlag struct{ value string }

// stepSummary is the variable that names the file which GitHub Actions shows on
// the page of a run. Every step adds to it.
// https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands
const stepSummary = "GITHUB_STEP_SUMMARY"

func (f *summaryFlag) add(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.value, "summary", "", "add a Markdown summary to `FILE`; auto: to the summary of a GitHub Actions step, and nowhere else")
	complete(cmd, "summary", func() []string { return []string{"auto"} })
}

// write adds the summary to its file.
func (f *summaryFlag) write(a *app, markdown func(w io.Writer, s render.Style, format string) error) error {
	file := f.value
	if file == "auto" {
		file, _ = a.env(stepSummary)
	}
	if file == "" {
		return nil
	}
	var b bytes.Buffer
	if err := markdown(&b, render.Style{Program: a.name}, "markdown"); err != nil {
		return err
	}
	out, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // the user names it, and it holds no secret
	if err != nil {
		return fmt.Errorf("--summary %s: %w", f.value, err)
	}
	_, err = out.Write(append(b.Bytes(), '\n'))
	if err := errors.Join(err, out.Close()); err != nil {
		return fmt.Errorf("--summary %s: %w", f.value, err)
	}
	return nil
}
