package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/packs-cli/packs/internal/place"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

type copyOptions struct {
	applyOptions
	access    accessFlags
	dryRun    bool
	referrers bool
	rewrite   bool
}

// accessFlags say how to reach registries that stand on the command line.
type accessFlags struct {
	plainHTTP bool
	caFile    string
}

func (f *accessFlags) add(fs *pflag.FlagSet) {
	fs.BoolVar(&f.plainHTTP, "plain-http", false, "speak plain HTTP; a host on this machine does so anyway, unless --ca-file is given")
	fs.StringVar(&f.caFile, "ca-file", "", "trust the authorities in this PEM `FILE`")
}

func (f *accessFlags) access(dir string) place.Access {
	a := place.Access{PlainHTTP: f.plainHTTP, CAFile: f.caFile}
	if a.CAFile != "" && !filepath.IsAbs(a.CAFile) {
		a.CAFile = filepath.Join(dir, a.CAFile)
	}
	return a
}

func newCopyCmd(a *app) *cobra.Command {
	o := &copyOptions{}
	cmd := &cobra.Command{
		Use:   "copy SRC DST",
		Short: "Copy packs from one registry to another, without a packs.yaml",
		Long: `copy copies packs from SRC to DST: each is HOST[:PORT][/PATH], or a folder of
OCI layouts, which begins with ./ or /. SRC may be a bundle, FILE.tar, too.
spectro-packs/archive follows PATH by itself. It shows what it would do, asks, and does it, as apply does: manifests
are copied byte for byte, what is there with the same content is left alone,
what is there with other content is a conflict.

Logins are docker's ("packs login HOST" makes one), and those of AWS for Amazon
ECR. What else a registry needs - a Harbor project to create, credentials, limits
- stands in a packs.yaml, with a from: entry.

A registry that does not list its repositories needs --pack with exact names.

Exit codes: those of apply.`,
		Example: a.examples(
			"packs copy old.example.com:5000/team new.example.com/platform",
			"packs copy registry.example.com ./site --pack nginx --pack 'csi-*@>=4.0'",
			"packs copy --yes packs.tar harbor.site.example/platform",
		),
		Args: twoArgs("SRC", "DST"),
		RunE: func(cmd *cobra.Command, args []string) error { return runCopy(cmd.Context(), a, o, args[0], args[1]) },
	}
	fs := cmd.Flags()
	o.outputs.add(cmd, []string{"text", "json", "yaml", "markdown", "html"})
	o.summary.add(cmd)
	o.access.add(fs)
	fs.StringArrayVar(&o.packs, "pack", nil, "only this pack; `NAME[@RANGE]`, NAME may be a glob (repeatable)")
	fs.BoolVar(&o.dryRun, "dry-run", false, "show what would be copied, and change nothing")
	fs.BoolVarP(&o.yes, "yes", "y", false, "do not ask")
	fs.BoolVar(&o.referrers, "referrers", false, "copy what belongs to a version along: signatures, SBOMs")
	fs.BoolVar(&o.rewrite, "rewrite", false, "write manifests anew in the shape that Palette reads, around the same layers")
	fs.StringArrayVar(&o.options.Overwrite, "overwrite", nil, "replace this version although its content differs; `NAME@VERSION`, exactly (repeatable)")
	fs.BoolVar(&o.options.FailFast, "fail-fast", false, "start nothing new after the first failure")
	fs.StringVar(&o.events, "events", "", "write a JSON line for each finished item to `FILE`, at once; an older one is replaced")
	fs.BoolVar(&o.noCache, "no-cache", false, "forget what earlier runs learnt of registries, and remember nothing")
	o.patience.add(fs)
	return cmd
}

func runCopy(ctx context.Context, a *app, o *copyOptions, source, target string) error {
	if err := o.check(); err != nil {
		return err
	}
	c, err := o.catalog(source, target)
	if err != nil {
		return err
	}
	o.refuse = func(p *plan.Plan) error {
		if slices.ContainsFunc(p.Actions, func(a plan.Action) bool { return a.From != "" }) {
			return nil
		}
		return &usageError{message: source + " holds no pack", hint: "a PATH, or another folder? `packs copy --help` says what is looked at"}
	}
	o.file, o.again = source, fmt.Sprintf("packs copy %s %s", source, target)
	open := func() (*session, error) {
		o.source = false // the work tree here has nothing to do with it
		return a.begin(ctx, &o.request, c)
	}
	if o.dryRun {
		return o.look(ctx, a, open)
	}
	if err := o.canAsk(a, "copy", "look at `packs copy --dry-run`, then say `packs copy --yes`"); err != nil {
		return err
	}
	return o.run(ctx, a, open)
}

// catalog is the packs.yaml that copy does without.
func (o *copyOptions) catalog(source, target string) (*manifest.Catalog, error) {
	dir, err := os.Getwd()
	if err != nil {
		return nil, err
	}
	var places [2]place.Place
	for i, text := range []string{source, target} {
		if places[i], err = place.Parse(text, dir); err != nil {
			return nil, exit(&usageError{message: fmt.Sprintf("%s: %v", text, err), hint: "as in `packs copy registry.example.com/team ./site`"}, exitInput)
		}
	}
	if o.referrers && o.rewrite {
		return nil, &usageError{message: "--referrers and --rewrite exclude each other", hint: "signatures are of the manifest as it was"}
	}
	if a, b := places[0], places[1]; a.Host == b.Host && a.Prefix == b.Prefix && a.Path == b.Path {
		return nil, &usageError{message: fmt.Sprintf("SRC and DST are one place: %s", source)}
	}
	if places[1].Bundle() {
		return nil, &usageError{message: target + ": nothing can be copied into a bundle", hint: "copy to a folder"}
	}
	if p := places[0]; p.Path != "" {
		_, err := os.Stat(p.Path)
		if err != nil && p.Bundle() {
			_, err = os.Stat(p.Path + ".json") // it may lie there in parts
		}
		if err != nil {
			return nil, exit(&usageError{message: fmt.Sprintf("%s: there is no such folder or bundle", source), hint: "SRC is where the packs are, DST where they go to"}, exitInput)
		}
	}
	wanted := place.Options{Access: o.access.access(dir), Referrers: o.referrers, Rewrite: o.rewrite}
	for _, p := range o.packs {
		name, versions, _ := strings.Cut(p, "@")
		wanted.Wanted = append(wanted.Wanted, place.Wanted{Name: name, Versions: versions})
	}
	c, err := place.Catalog(places[0], places[1], wanted)
	if err != nil {
		return nil, exit(&usageError{message: err.Error()}, exitInput)
	}
	return c, nil
}

// look shows the plan.
func (o *copyOptions) look(ctx context.Context, a *app, open func() (*session, error)) (err error) {
	s, err := open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	p, err := s.plan(ctx)
	if err != nil {
		return err
	}
	shown := render.PlanOptions{File: o.file}
	if err := o.refuse(p); err != nil {
		return err
	}
	write := func(w io.Writer, s render.Style, format string) error { return writePlan(w, s, format, p, shown) }
	return errors.Join(a.show(o.outputs.outputs(), write), o.summary.write(a, write), planOutcome(p, false))
}
