package main

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/locate"
	"github.com/packs-cli/packs/internal/precheck"
	"github.com/packs-cli/packs/manifest"
)

// validation is what is checked, and what was found before the packs are read.
type validation struct {
	read     *manifest.Catalog
	packs    int
	subjects []precheck.Subject
	findings []lint.Finding
	codes    []int
}

// catalog reads packs.yaml. Mistakes in it are findings beside those of packs,
// so that one run tells all of them, but they end the program differently.
func (v *validation) catalog(a *app, o *validateOptions) error {
	lo := o.loadOptions(a)
	lo.Validate, lo.Untrusted = true, o.untrusted
	c, err := manifest.Load(o.file, lo)
	var invalid *manifest.InvalidError
	if err != nil && !errors.As(err, &invalid) {
		_, err = a.load(o.file, lo) // says it in the words of the other commands
		return err
	}
	if invalid != nil {
		for _, p := range invalid.Problems {
			f := catalogFinding(p)
			if f.Rule == precheck.RuleCatalog {
				v.codes = append(v.codes, exitInput)
			}
			v.findings = append(v.findings, f)
		}
	}
	if c == nil {
		return nil
	}
	for _, p := range c.Remarks {
		f := catalogFinding(p)
		f.Severity = lint.Info
		v.findings = append(v.findings, f)
	}
	v.read, v.packs = c, len(c.Packs)+len(c.Broken)
	base := filepath.Dir(c.File)
	for i := range c.Packs {
		p := &c.Packs[i]
		v.subjects = append(v.subjects, precheck.Subject{Path: p.Dir, Shown: filepath.Join(base, filepath.FromSlash(p.Path)), MetaKnown: true})
	}
	return nil
}

func catalogFinding(p manifest.Problem) lint.Finding {
	f := lint.Finding{
		Rule: precheck.RuleCatalog, Severity: lint.Error, Path: p.File, Line: p.Line, Column: p.Column, Message: p.Message, Hint: p.Hint,
	}
	switch {
	case errors.Is(p.Err, manifest.ErrDuplicatePack):
		f.Rule = precheck.RuleDuplicate
	case errors.Is(p.Err, manifest.ErrPack):
		f.Rule = precheck.RuleMeta
	}
	return f
}

// folders collects the packs that arguments name.
func (v *validation) folders(dirs []string) error {
	for _, dir := range dirs {
		info, err := os.Stat(dir)
		if err != nil {
			return exit(err, exitInput)
		}
		found := []string{dir}
		if info.IsDir() && !locate.IsPack(dir) {
			if found, err = locate.Find(dir); err != nil {
				return exit(err, exitInput)
			}
		}
		if len(found) == 0 {
			return exit(&usageError{message: dir + " holds no pack", hint: "a pack is a folder that holds pack.json"}, exitInput)
		}
		for _, f := range found {
			v.subjects = append(v.subjects, precheck.Subject{Path: f, Shown: f})
		}
	}
	v.packs = len(v.subjects)
	return nil
}
