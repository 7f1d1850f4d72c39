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

// choosePacks returns the packs that NAME or NAME@RANGE select, or all.
func choosePacks(c *manifest.Catalog, selectors []string) ([]*manifest.Pack, error) {
	keep := make([]bool, len(c.Packs))
	for _, s := range selectors {
		if err := selectPacks(c, s, keep); err != nil {
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

func selectPacks(c *manifest.Catalog, selector string, keep []bool) error {
	fail := func(message string) error {
		return &InputError{Option: "--pack", Value: selector, Message: message}
	}
	name, rangeText, _ := strings.Cut(selector, "@")
	if name == "" || !doublestar.ValidatePattern(name) {
		return fail("want NAME or NAME@RANGE")
	}
	versions, err := version.ParseRange(rangeText)
	if err != nil {
		return fail(err.Error())
	}
	named, found := false, false
	for i := range c.Packs {
		if !matches(name, c.Packs[i].Name) {
			continue
		}
		named = true
		if in, _ := versions.Contains(c.Packs[i].Version); in {
			keep[i], found = true, true
		}
	}
	switch {
	case !named:
		return fail(c.File + " has no pack of that name")
	case !found:
		return fail(c.File + " has no version of that pack in the range")
	}
	return nil
}

// setOverwrite reads --overwrite: exact NAME@VERSION of packs in the catalog.
func (e *Executor) setOverwrite() error {
	for _, s := range e.opts.Overwrite {
		name, v, _ := strings.Cut(s, "@")
		known := slices.ContainsFunc(e.chosen, func(p *manifest.Pack) bool { return p.Name == name && p.Version == v })
		if !known {
			return &InputError{Option: "--overwrite", Value: s, Message: "no such pack is selected; want NAME@VERSION, exactly as in pack.json"}
		}
		e.overwrite[s] = true
	}
	return nil
}
