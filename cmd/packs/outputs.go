package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/internal/render"
)

// output is one -o: a format, and the file that gets it; without a file, stdout.
type output struct{ format, file string }

// outputsFlag is an -o that may be given several times.
type outputsFlag struct {
	formats []string
	given   []output
}

func (f *outputsFlag) add(cmd *cobra.Command, formats []string) {
	f.formats = formats
	cmd.Flags().VarP(f, "output", "o", "`FORMAT[=FILE]` of the result: "+wordList(formats)+" (repeatable; one without FILE)")
	complete(cmd, "output", func() []string { return formats })
}

// String returns the default.
func (f *outputsFlag) String() string { return "text" }

// Type names the kind of value in usage texts.
func (f *outputsFlag) Type() string { return "format" }

// Set checks and keeps an output.
func (f *outputsFlag) Set(v string) error {
	format, file, named := strings.Cut(v, "=")
	o := output{format: format, file: file}
	switch {
	case !slices.Contains(f.formats, format):
		return &usageError{message: "want " + wordList(f.formats)}
	case named && file == "":
		return &usageError{message: "the name of the file is missing behind ="}
	case file == "-":
		o.file = ""
	}
	for _, other := range f.given {
		switch {
		case o.file == "" && other.file == "":
			return &usageError{message: fmt.Sprintf("%s and %s cannot both go to stdout: name a file, as in -o %s=FILE", other.format, format, format)}
		case o.file != "" && other.file != "" && filepath.Clean(o.file) == filepath.Clean(other.file):
			return &usageError{message: fmt.Sprintf("%s and %s cannot both go to %s", other.format, format, o.file)}
		}
	}
	f.given = append(f.given, o)
	return nil
}

// outputs are what was asked for; where nothing was, the first format on stdout.
func (f *outputsFlag) outputs() []output {
	if len(f.given) == 0 {
		return []output{{format: f.formats[0]}}
	}
	return f.given
}

// only tells whether everything asked for goes to files.
func (f *outputsFlag) only() bool {
	return !slices.ContainsFunc(f.outputs(), func(o output) bool { return o.file == "" })
}

// machine tells whether any result is for another program.
func (f *outputsFlag) machine() bool {
	return slices.ContainsFunc(f.outputs(), func(o output) bool { return o.format != f.formats[0] })
}

// wordList joins words as in "a, b or c".
func wordList(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// show writes a result in every format that was asked for; colours are for stdout.
func (a *app) show(outputs []output, write func(w io.Writer, s render.Style, format string) error) error {
	return a.write(outputs, func(w *bytes.Buffer, o output) error {
		style := render.Style{Program: a.name}
		if o.file == "" {
			style = a.outStyle()
		}
		return write(w, style, o.format)
	})
}

// write hands each output to render, and its text to stdout or its file. One
// that fails does not keep the others back.
func (a *app) write(outputs []output, render func(w *bytes.Buffer, o output) error) error {
	var errs []error
	for _, o := range outputs {
		var b bytes.Buffer
		if err := render(&b, o); err != nil {
			errs = append(errs, err)
			continue
		}
		if o.file == "" {
			_, err := a.out.Write(b.Bytes())
			errs = append(errs, err)
			continue
		}
		if err := replaceFile(o.file, b.Bytes()); err != nil {
			errs = append(errs, fmt.Errorf("-o %s=%s: %w", o.format, o.file, err))
		}
	}
	return errors.Join(errs...)
}

// replaceFile writes a file that appears whole or not at all: whoever uploads it
// never reads half of one.
func replaceFile(path string, data []byte) (err error) {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return writeInto(path, data) // a pipe or /dev/stderr
	}
	tmp, err := os.CreateTemp(filepath.Dir(path), ".packs-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(data)
	if err = errors.Join(err, tmp.Chmod(0o644), tmp.Close()); err == nil { // results hold no secrets
		err = os.Rename(tmp.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func writeInto(path string, data []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Close())
}
