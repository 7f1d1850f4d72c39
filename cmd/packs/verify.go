package main

import (
	"cmp"
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/pins"
	"github.com/packs-cli/packs/internal/render"
)

type verifyOptions struct {
	request
	outputs outputsFlag
	deep    bool
	all     bool
	pins    string
	palette bool
}

func newVerifyCmd(a *app) *cobra.Command {
	o := &verifyOptions{}
	cmd := &cobra.Command{
		Use:   "verify",
		Short: "Prove that what is published is what is in git",
		Long: `verify reads from the registries again whether every version of packs.yaml is
there: that the manifest has its digest, that its blobs are there in full, that
the content is that of the pack on disk, that the base path repository exists,
and that Palette would not ignore the artifact. It changes nothing.

Without --deep, what a manifest says of its content is believed unless it is
another than wanted. With --deep every layer is read, each byte of it is checked,
and the content digest is computed anew from the files in it.

With --unmanaged, versions that registries hold and packs.yaml does not have are
differences, too, and so are packs with files that are not as in git: it is then
the answer to "is what is published what is in git?".

With --pins, the versions of a pin file are what every registry of packs.yaml, or
every one that --registry names, shall hold: inside an air gap there is no git.

  - missing     the version, project or repository is not there
  ! different   it is there with other content
  x damaged     bytes are missing, or are not what their digest says
  ~ ignored     the content is right, in a form that Palette ignores
  + unmanaged   it is there, and packs.yaml does not have it
  ? unknown     the registry could not be asked

Exit codes: 0 everything is right, 1 something is not or could not be asked, 3
packs.yaml, a pack or a flag is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs verify",
			"packs verify --deep --registry prod-ecr",
			"packs verify --palette",
			"packs verify --deep --unmanaged -o html=audit.html -o text",
			"packs verify --deep --pins carried.pins --registry site-harbor",
			"packs verify -o json | jq '.items[] | select(.status != \"ok\")'",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runVerify(cmd.Context(), a, o) },
	}
	o.addSelection(a, cmd)
	addShard(cmd.Flags(), &o.options.Shard)
	o.outputs.add(cmd, verifyFormats)
	fs := cmd.Flags()
	fs.BoolVar(&o.deep, "deep", false, "read every layer, and compute the content digest of its files")
	fs.BoolVar(&o.options.Unmanaged, "unmanaged", false, "look also for versions that packs.yaml does not have, and for packs that are not as in git")
	fs.StringVar(&o.pins, "pins", "", "compare with the pin `FILE` instead of packs and sources")
	fs.BoolVar(&o.palette, "palette", false, "ask Palette too whether it shows each version as it is in the pack")
	fs.BoolVar(&o.all, "all", false, "list what is right, too")
	return cmd
}

var verifyFormats = []string{"text", "json", "yaml", "markdown", "html"}

func runVerify(ctx context.Context, a *app, o *verifyOptions) (err error) {
	v := executor.VerifyOptions{Deep: o.deep}
	if o.pins != "" {
		if v.Pins, err = readPins(o.pins); err != nil {
			return err
		}
		o.options.Idle = true
	}
	o.source = o.pins == ""
	s, err := a.open(ctx, &o.request)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	r, err := s.exec.Verify(ctx, v)
	if err == nil && o.palette {
		err = s.exec.AuditPalette(ctx, r)
	}
	s.progress.Close()
	if errors.Is(err, executor.ErrNoPalette) {
		return noPalette(err)
	}
	if err != nil {
		return err
	}
	if err := s.markGit(ctx, r); err != nil {
		return err
	}
	if o.options.Unmanaged && r.Source == nil && o.pins == "" {
		a.notice("%s lies in no git work tree, or in one without a commit: packs are compared as they are on disk", o.file)
	}
	shown := render.VerifyOptions{File: cmp.Or(o.pins, o.file), All: o.all}
	err = a.show(o.outputs.outputs(), func(w io.Writer, s render.Style, format string) error {
		return writeVerify(w, s, format, r, shown)
	})
	if o.outputs.only() {
		a.notice("%s", render.VerifySummary(r, shown.File))
	}
	return errors.Join(err, verifyOutcome(r))
}

// readPins reads what shall be there from a pin file.
func readPins(file string) ([]executor.Pin, error) {
	read, err := pins.Read(file)
	if err != nil {
		return nil, err
	}
	if len(read) == 0 {
		return nil, exit(&usageError{message: file + " holds no pin, which would prove nothing", hint: "`packs list --registry NAME -o pins` writes them"}, exitInput)
	}
	all := make([]executor.Pin, len(read))
	for i, p := range read {
		all[i] = executor.Pin{Name: p.Name, Version: p.Version, Digest: p.Manifest.String(), ContentDigest: p.Content}
	}
	return all, nil
}

// writeVerify writes a verification in one of verifyFormats.
func writeVerify(w io.Writer, s render.Style, format string, r *executor.VerifyReport, o render.VerifyOptions) error {
	switch format {
	case "json":
		return render.JSON(w, r)
	case "yaml":
		return render.YAML(w, r)
	case "markdown":
		return render.MarkdownVerify(w, r, o)
	case "html":
		return render.HTMLVerify(w, r, o)
	}
	return render.Verify(w, s, r, o)
}

// verifyOutcome is the end of a verification: any difference is a failure.
func verifyOutcome(r *executor.VerifyReport) error {
	if faults := render.VerifyFaults(r); len(faults) > 0 {
		return exit(&faultsError{faults}, exitFailed)
	}
	if !r.Right() {
		return exit(nil, exitFailed)
	}
	return nil
}
