package main

import (
	"context"
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/render"
)

type bundleOptions struct {
	request
	file      string
	split     sizeFlag
	missingIn string
	referrers bool
}

func newBundleCmd(a *app) *cobra.Command {
	o := &bundleOptions{}
	cmd := &cobra.Command{
		Use:   "bundle",
		Short: "Put what a registry holds into a file, to carry it to another site",
		Long: `bundle writes the packs that a registry of packs.yaml holds into FILE.tar: an OCI
image layout for each, a packs.yaml to publish them with, pins, a report, and the
checksums of all files. The file appears whole or not at all, and the same packs
give the same bytes.

With --split it becomes FILE.tar.000, FILE.tar.001 and so on, with their checksums
in FILE.tar.json. Keep them in one folder: they are read as FILE.tar.

With --missing-in only what another registry lacks goes into it: one of packs.yaml,
or where that is out of reach the pin file that "packs list -o pins" wrote there.

With --referrers what belongs to a version comes along: signatures and SBOMs. A
version whose signature --missing-in finds to be missing goes into the bundle again;
a pin file does not tell of signatures.

On the other side "packs copy FILE.tar HOST/PROJECT" compares the checksums and
publishes the packs, and with --referrers what belongs to them; a registry of type
layout with the file as its path does the same under from:.

Exit codes: 0 done, 1 something failed and there is no file, 3 packs.yaml or a
flag is wrong, 130 interrupted.`,
		Example: a.examples(
			"packs bundle --registry prod-ecr -o packs.tar",
			"packs bundle --registry prod-ecr -o packs.tar --split 4GiB --pack 'csi-*'",
			"packs bundle --registry prod-ecr -o delta.tar --missing-in site.pins",
		),
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return runBundle(cmd.Context(), a, o) },
	}
	o.addSelection(a, cmd)
	fs := cmd.Flags()
	fs.StringVarP(&o.file, "output", "o", "", "write the bundle to `FILE.tar`")
	fs.Var(&o.split, "split", "write parts of at most `SIZE`, as in 4GiB or 650MB")
	fs.BoolVar(&o.referrers, "referrers", false, "take what belongs to a version along: signatures, SBOMs")
	fs.StringVar(&o.missingIn, "missing-in", "", "only what this registry lacks: a `NAME` of packs.yaml, or a pin file")
	return cmd
}

func runBundle(ctx context.Context, a *app, o *bundleOptions) (err error) {
	if o.file == "" || !strings.HasSuffix(o.file, ".tar") {
		return &usageError{message: "-o FILE.tar is missing: a bundle is an uncompressed tar file", hint: "as in `packs bundle --registry prod -o packs.tar`"}
	}
	packs, from := o.packs, o.registries
	o.packs, o.options.Pulling = nil, true // it is the registry that must have them
	c, err := a.load(o.catalogFlags.file, o.loadOptions(a))
	if err != nil {
		return err
	}
	q := executor.BundleRequest{Packs: packs, Path: o.file, Split: int64(o.split), Referrers: o.referrers}
	if _, known := c.Registry(o.missingIn); known {
		q.MissingIn = o.missingIn
		o.registries = append(slices.Clone(from), o.missingIn)
	} else {
		q.Present = o.missingIn
	}
	s, err := a.begin(ctx, &o.request, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	if q.Registry, err = s.pullFrom(from); err != nil {
		return err
	}
	if q.Registry == q.MissingIn {
		return &usageError{message: "--registry and --missing-in name one registry: it lacks nothing that it has"}
	}
	report, err := s.exec.Bundle(ctx, q)
	s.progress.Close()
	if err != nil {
		return err
	}
	for _, what := range report.LeftOut {
		a.notice("left out, not a pack: %s", what)
	}
	return render.Bundle(a.out, a.outStyle(), report, o.file)
}

// sizeFlag is a number of bytes.
type sizeFlag int64

var sizePattern = regexp.MustCompile(`^([0-9]{1,12})(B|kB|MB|GB|TB|KiB|MiB|GiB|TiB)?$`)

// leastPart is the smallest part of a bundle: smaller ones are a slip of the pen.
const leastPart = 1 << 20

// String returns the number.
func (f *sizeFlag) String() string {
	if *f == 0 {
		return ""
	}
	return strconv.FormatInt(int64(*f), 10)
}

// Type names the kind of value in usage texts.
func (f *sizeFlag) Type() string { return "size" }

// Set reads a number with a unit.
func (f *sizeFlag) Set(text string) error {
	m := sizePattern.FindStringSubmatch(text)
	if m == nil {
		return &usageError{message: "want a number of bytes, with a unit as in 650MB or 4GiB"}
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	if err != nil {
		return err
	}
	unit := map[string]float64{
		"": 1, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	}[m[2]]
	size := float64(n) * unit
	switch {
	case size < leastPart:
		return &usageError{message: fmt.Sprintf("want at least %d bytes", leastPart)}
	case size > math.MaxInt64/2:
		return &usageError{message: "that is more than a file can hold"}
	}
	*f = sizeFlag(size)
	return nil
}
