package executor

import (
	"fmt"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/packs-cli/packs/internal/version"
	"github.com/packs-cli/packs/manifest"
)

// chooseRegistries returns the registries that a run may work on: those that
// the patterns match, or all. A manual registry takes part only when its exact
// name is given, a readOnly one only to pull from.
func chooseRegistries(c *manifest.Catalog, patterns []string, pulling bool) ([]*manifest.Registry, error) {
	for _, pattern := range patterns {
		if err := checkRegistryPattern(c, pattern, pulling); err != nil {
			return nil, err
		}
	}
	var chosen []*manifest.Registry
	for i := range c.Registries {
		r := &c.Registries[i]
		if (r.ReadOnly && !pulling) || (r.Manual && !slices.Contains(patterns, r.Name)) {
			continue
		}
		if len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool { return matches(p, r.Name) }) {
			chosen = append(chosen, r)
		}
	}
	return chosen, nil
}

func checkRegistryPattern(c *manifest.Catalog, pattern string, pulling bool) error {
	fail := func(message string) error {
		return &InputError{Option: "--registry", Value: pattern, Message: message}
	}
	if !doublestar.ValidatePattern(pattern) {
		return fail("not a glob pattern")
	}
	names := make([]string, 0, len(c.Registries))
	for i := range c.Registries {
		r := &c.Registries[i]
		if matches(pattern, r.Name) {
			if r.ReadOnly && pattern == r.Name && !pulling {
				return fail("the registry is readOnly: nothing is published to it")
			}
			return nil
		}
		names = append(names, r.Name)
	}
	return fail(fmt.Sprintf("%s has no such registry; it has %s", c.File, strings.Join(names, ", ")))
}

func matches(pattern, name string) bool {
	ok, err := doublestar.Match(pattern, name)
	return err == nil && ok
}

// selector is one --pack: NAME or NAME@RANGE.
type selector struct {
	text     string
	name     string // a glob
	versions version.Range
}

func parseSelectors(texts []string) ([]selector, error) {
	all := make([]selector, len(texts))
	for i, text := range texts {
		name, rangeText, _ := strings.Cut(text, "@")
		if name == "" || !doublestar.ValidatePattern(name) {
			return nil, badSelector(text, "want NAME or NAME@RANGE")
		}
		versions, err := version.ParseRange(rangeText)
		if err != nil {
			return nil, badSelector(text, err.Error())
		}
		all[i] = selector{text, name, versions}
	}
	return all, nil
}

func badSelector(text, message string) error {
	return &InputError{Option: "--pack", Value: text, Message: message}
}

func (s *selector) selects(name, v string) bool {
	if !matches(s.name, name) {
		return false
	}
	in, _ := s.versions.Contains(v)
	return in
}

// choosePacks returns the packs that NAME or NAME@RANGE select, or all. A
// selector that selects none of them is an error, unless it may be meant for what
// a from: entry copies.
func choosePacks(c *manifest.Catalog, selectors []selector) ([]*manifest.Pack, error) {
	keep := make([]bool, len(c.Packs))
	for i := range selectors {
		if err := selectPacks(c, &selectors[i], keep); err != nil {
			return nil, err
		}
	}
	var chosen []*manifest.Pack
	for i := range c.Packs {
		if len(selectors) == 0 || keep[i] {
			chosen = append(chosen, &c.Packs[i])
		}
	}
	return chosen, nil
}

func selectPacks(c *manifest.Catalog, s *selector, keep []bool) error {
	named, found := false, len(c.From) > 0
	for i := range c.Packs {
		named = named || matches(s.name, c.Packs[i].Name)
		if s.selects(c.Packs[i].Name, c.Packs[i].Version) {
			keep[i], found = true, true
		}
	}
	switch {
	case found:
		return nil
	case !named:
		return badSelector(s.text, c.File+" has no pack of that name")
	}
	return badSelector(s.text, c.File+" has no version of that pack in the range")
}

// setOverwrite reads --overwrite: exact NAME@VERSION of packs in the catalog, or
// of what its from: entries copy.
func (e *Executor) setOverwrite() error {
	for _, s := range e.opts.Overwrite {
		name, v, ok := strings.Cut(s, "@")
		known := slices.ContainsFunc(e.chosen, func(p *manifest.Pack) bool { return p.Name == name && p.Version == v })
		if !known && (!ok || len(e.catalog.From) == 0) {
			return badOverwrite(s)
		}
		e.overwrite[s] = true
	}
	return nil
}

func badOverwrite(s string) error {
	return &InputError{Option: "--overwrite", Value: s, Message: "no such pack is selected; want NAME@VERSION, exactly as in pack.json"}
}
