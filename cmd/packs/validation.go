package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
	"github.com/packs-cli/packs/manifest"
)

// validation is one run of validate: what is checked, and what was found.
type validation struct {
	*app
	options *validateOptions

	read     *manifest.Catalog // nil where there is none, or it is wrong
	subjects []subject
	config   lint.Config
	problems []manifest.Problem // that packs.yaml has with packs: the linter knows most of them, too
	findings []lint.Finding
	faults   []render.Fault // of registries
	codes    []int
}

// subject is a pack to check.
type subject struct {
	lint.Input
	name, version string // empty where pack.json is wrong
}

// collect finds out what to check.
func (v *validation) collect(ctx context.Context, paths []string) error {
	var err error
	if len(paths) > 0 {
		err = v.paths(paths)
	} else {
		err = v.catalog()
	}
	if err == nil && v.options.since != "" {
		err = v.narrow(ctx)
	}
	return err
}

// run checks what was collected.
func (v *validation) run(ctx context.Context) error {
	if v.options.online {
		if err := v.askRegistries(ctx); err != nil {
			return err
		}
	}
	if v.options.images {
		defer v.checkImages()()
	}
	found, err := v.lint(ctx)
	if err != nil {
		return err
	}
	if v.options.fix {
		mended, err := v.mend(found)
		if err != nil {
			return err
		}
		if mended {
			if found, err = v.lint(ctx); err != nil {
				return err
			}
		}
	}
	v.tell(found)
	return nil
}

func (v *validation) lint(ctx context.Context) ([]lint.Finding, error) {
	inputs := make([]lint.Input, len(v.subjects))
	for i := range v.subjects {
		inputs[i] = v.subjects[i].Input
	}
	result, err := lint.Run(ctx, inputs, v.config)
	if err != nil && ctx.Err() == nil {
		return nil, exit(err, exitInput)
	}
	return result.Findings, err
}

// failure is what went wrong beside what was found.
func (v *validation) failure() error {
	if len(v.faults) == 0 {
		return nil
	}
	return &faultsError{v.faults}
}

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

// tell adds what the linter found, and what packs.yaml has against packs and the
// linter did not say.
func (v *validation) tell(found []lint.Finding) {
	for _, p := range v.problems {
		if !v.told(p, found) {
			f := catalogFinding(p, lint.Error)
			switch {
			case errors.Is(p.Err, manifest.ErrDuplicatePack):
				f.Rule = "duplicate-pack"
			case p.File == v.options.file:
				v.codes = append(v.codes, exitInput) // an entry that no pack can satisfy
			default:
				f.Rule = "pack-unreadable"
			}
			v.findings = append(v.findings, f)
		}
	}
	v.findings = append(v.findings, found...)
}

// told tells whether the linter found a problem, too. A duplicate and a folder
// without pack.json are problems of entries in packs.yaml, but findings of packs.
func (v *validation) told(p manifest.Problem, found []lint.Finding) bool {
	file := filepath.ToSlash(p.File)
	return slices.ContainsFunc(found, func(f lint.Finding) bool {
		switch {
		case f.Severity != lint.Error:
			return false
		case errors.Is(p.Err, manifest.ErrDuplicatePack):
			return f.Rule == "duplicate-pack" && strings.HasPrefix(p.Message, f.Name+":"+f.Version+" is there twice")
		case p.File == v.options.file:
			return f.Rule == "pack-json-missing" && strings.HasPrefix(p.Message, v.relative(f.Pack)+" holds no")
		}
		return f.Path == file && (f.Line == p.Line || p.Line == 0)
	})
}

// relative returns the path of a checked pack as packs.yaml sees it.
func (v *validation) relative(path string) string {
	for i := range v.subjects {
		if v.subjects[i].Path == path {
			return v.subjects[i].Rel
		}
	}
	return path
}

// ruleIDs are the IDs of all rules.
func ruleIDs() []string {
	rules := lint.Rules()
	ids := make([]string, len(rules))
	for i := range rules {
		ids[i] = rules[i].ID
	}
	return ids
}

// treePrefix is the folder that packs was started in, as seen from the root of
// the git work tree that it lies in; "" where there is none.
func treePrefix() string {
	start, err := os.Getwd()
	if err != nil {
		return ""
	}
	for dir := start; ; {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			rel, err := filepath.Rel(dir, start)
			if err != nil || rel == "." {
				return ""
			}
			return filepath.ToSlash(rel)
		} else if !errors.Is(err, fs.ErrNotExist) {
			return ""
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}
