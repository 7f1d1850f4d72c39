package main

import (
	"errors"
	"path/filepath"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/manifest"
)

// catalog reads packs.yaml and takes all its packs. Mistakes in it are findings
// beside those of packs, so that one run tells all of them, but they end the
// program differently.
func (v *validation) catalog() error {
	if err := v.load(); err != nil || v.read == nil {
		return err
	}
	v.subjects = subjectsOf(v.read)
	return nil
}

// load reads packs.yaml: its settings, and what is wrong with it.
func (v *validation) load() error {
	o := v.options.loadOptions(v.app)
	o.Validate, o.Untrusted, o.LintRules = !v.options.online, v.options.untrusted, ruleIDs()
	o.Registries = v.options.registries
	c, err := manifest.Load(v.options.file, o)
	var invalid *manifest.InvalidError
	if err != nil && !errors.As(err, &invalid) {
		_, err = v.app.load(v.options.file, o) // says it in the words of the other commands
		return err
	}
	if invalid != nil {
		for _, p := range invalid.Problems {
			v.problem(p)
		}
	}
	if c == nil {
		return nil
	}
	for _, p := range c.Remarks {
		v.findings = append(v.findings, catalogFinding(p, lint.Info))
	}
	v.read, v.config = c, lint.FromManifest(c)
	v.config.File = filepath.ToSlash(c.File)
	v.keepPublishing()
	return nil
}

// problem keeps a mistake: what lies in packs.yaml is told as it is.
func (v *validation) problem(p manifest.Problem) {
	if errors.Is(p.Err, manifest.ErrPack) || errors.Is(p.Err, manifest.ErrDuplicatePack) {
		v.problems = append(v.problems, p)
		return
	}
	v.findings = append(v.findings, catalogFinding(p, lint.Error))
	v.codes = append(v.codes, exitInput)
}

func catalogFinding(p manifest.Problem, s lint.Severity) lint.Finding {
	return lint.Finding{
		Rule: "packs-yaml", Severity: s, Path: filepath.ToSlash(p.File), Line: p.Line, Column: p.Column, Message: p.Message, Hint: p.Hint,
	}
}

// subjectsOf returns every pack of packs.yaml, broken ones among them.
func subjectsOf(c *manifest.Catalog) []subject {
	all := make([]subject, 0, len(c.Packs)+len(c.Broken))
	base := filepath.Dir(c.File)
	for _, list := range [][]manifest.Pack{c.Packs, c.Broken} {
		for i := range list {
			p := &list[i]
			s := subject{name: p.Name, version: p.Version}
			s.Dir, s.Rel, s.Archive, s.Path = p.Dir, p.Path, p.Archive, p.Path
			if !filepath.IsAbs(p.Path) {
				s.Path = filepath.ToSlash(filepath.Join(base, filepath.FromSlash(p.Path)))
			}
			for _, t := range p.Targets {
				s.Targets = append(s.Targets, t.Registry)
			}
			all = append(all, s)
		}
	}
	return all
}
