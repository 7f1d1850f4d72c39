package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/packs-cli/packs/internal/place"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/internal/scaffold"
)

type initOptions struct {
	request
	from   string
	access accessFlags
}

// initFrom writes a packs.yaml that copies what a registry holds.
func initFrom(ctx context.Context, a *app, o *initOptions, dir string) (err error) {
	here, err := os.Getwd()
	if err != nil {
		return err
	}
	p, err := place.Parse(o.from, here)
	if err != nil {
		return exit(&usageError{message: fmt.Sprintf("%s: %v", o.from, err), hint: "as in `packs init --from-registry registry.example.com/team`"}, exitInput)
	}
	if _, err := os.Lstat(filepath.Join(dir, scaffold.CatalogFile)); err == nil {
		return initOutcome(fmt.Errorf("%s: %w", filepath.Join(dir, scaffold.CatalogFile), os.ErrExist))
	}
	access := o.access.access(here)
	c, err := place.Single(p, access)
	if err != nil {
		return exit(&usageError{message: err.Error()}, exitInput)
	}
	o.options.Pulling, o.registries = true, []string{c.Registries[0].Name}
	s, err := a.begin(ctx, &o.request, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.close()) }()
	held, err := s.exec.Holds(ctx, c.Registries[0].Name)
	s.progress.Close()
	if err != nil {
		return err
	}
	if len(held) == 0 {
		return exit(&usageError{message: o.from + " holds no pack", hint: "packs are looked for below spectro-packs/archive"}, exitFailed)
	}
	base, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	source := scaffold.Source{}
	for _, f := range p.Fields(base, access) {
		source.Fields = append(source.Fields, scaffold.Field(f))
	}
	versions := 0
	for _, h := range held {
		versions += len(h.Versions)
		source.Packs = append(source.Packs, scaffold.Held(h))
	}
	written, err := scaffold.FromRegistry(dir, source)
	if err := initOutcome(err); err != nil {
		return err
	}
	if err := a.readBack(written); err != nil {
		return err
	}
	text := render.Clean(fmt.Sprintf("Wrote %s and %s.", written.File, written.Schema)) + "\n" +
		fmt.Sprintf("%s in %s found, to be copied to ./dist/registry.\n", render.Count(versions, "version"), render.Count(len(held), "pack")) +
		"Next: " + a.name + " plan\n"
	_, err = io.WriteString(a.out, text)
	return err
}
