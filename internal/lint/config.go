package lint

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/packs-cli/packs/manifest"
)

// ErrUnknownRule is the cause of an error about an ID that no rule has.
var ErrUnknownRule = errors.New("no such rule")

// Config tunes a run. The zero value checks with every rule's own severity.
type Config struct {
	File    string              // packs.yaml, for findings about Ignore
	Rules   map[string]Severity // by rule ID
	Paths   []PathRules         // later ones win over earlier ones, and all over Rules
	Ignore  []Ignore
	Workers int // packs that are checked at once; 0 means as many as there are CPUs, up to 4

	Others  []Input      // further packs of the catalog: only looked at by rules that compare packs
	Partial bool         // only some packs of the catalog are checked: an entry of Ignore may well find nothing
	Since   *Since       // what git knows; nil leaves out the rules that need it
	Images  ImageChecker // asks registries for images; nil leaves out the rule that needs it
	// Published says what registries hold in place of a pack's content, one text a
	// registry, by Input.Path; nil leaves out the rule that needs it.
	Published map[string][]string
	TempDir   string // for unpacking archives; empty means the system's
}

// PathRules sets severities for what lies at or below some paths.
type PathRules struct {
	Path  string // glob, relative to packs.yaml
	Rules map[string]Severity
}

// Ignore silences one rule for some packs. All that it names must fit.
type Ignore struct {
	Rule         string
	Pack         string // glob over NAME, or over NAME@VERSION; empty means every pack
	Path         string // glob over paths of packs and files, relative to packs.yaml; empty means everywhere
	Reason       string
	Line, Column int // in Config.File
}

// FromManifest returns the settings of a catalog's lint: block.
func FromManifest(c *manifest.Catalog) Config {
	cfg := Config{File: c.File, Rules: severities(c.Lint.Rules)}
	for _, p := range c.Lint.Paths {
		cfg.Paths = append(cfg.Paths, PathRules{Path: p.Path, Rules: severities(p.Rules)})
	}
	for _, i := range c.Lint.Ignore {
		cfg.Ignore = append(cfg.Ignore, Ignore{
			Rule: i.Rule, Pack: i.Pack, Path: i.Path, Reason: i.Reason,
			Line: i.Position.Line, Column: i.Position.Column,
		})
	}
	return cfg
}

func severities(m map[string]string) map[string]Severity {
	if len(m) == 0 {
		return nil
	}
	s := make(map[string]Severity, len(m))
	for id, severity := range m {
		s[id] = Severity(severity)
	}
	return s
}

// validate reports IDs that no rule has, words that are no severity and globs
// that are none, all at once.
func (c *Config) validate() error {
	var errs []error
	check := func(rules map[string]Severity) {
		for _, id := range slices.Sorted(maps.Keys(rules)) {
			severity := rules[id]
			errs = append(errs, checkID(id))
			if !severity.valid() {
				errs = append(errs, fmt.Errorf("rule %s: %q is no severity: it is error, warning, info or off", id, severity))
			}
		}
	}
	check(c.Rules)
	for _, p := range c.Paths {
		check(p.Rules)
		errs = append(errs, checkGlob(p.Path))
	}
	for _, i := range c.Ignore {
		errs = append(errs, checkID(i.Rule), checkGlob(i.Pack), checkGlob(i.Path))
	}
	return errors.Join(errs...)
}

func checkID(id string) error {
	if _, ok := Lookup(id); ok {
		return nil
	}
	if near := Nearest(id); near != "" {
		return fmt.Errorf("%w as %q: did you mean %s?", ErrUnknownRule, id, near)
	}
	return fmt.Errorf("%w as %q: `packs validate --list-rules` shows them", ErrUnknownRule, id)
}

func checkGlob(glob string) error {
	if !doublestar.ValidatePattern(glob) {
		return fmt.Errorf("%q is no glob", glob)
	}
	return nil
}

// severity returns what the settings say about a rule at a path; ok is false
// where they say nothing.
func (c *Config) severity(rule, file string) (s Severity, ok bool) {
	for i := len(c.Paths) - 1; i >= 0; i-- {
		if s, ok := c.Paths[i].Rules[rule]; ok && covers(c.Paths[i].Path, file) {
			return s, true
		}
	}
	s, ok = c.Rules[rule]
	return s, ok
}

// enabled tells whether a rule can report anything at all.
func (c *Config) enabled(r *Rule) bool {
	for _, p := range c.Paths {
		if s, ok := p.Rules[r.ID]; ok && s != Off {
			return true
		}
	}
	if s, ok := c.Rules[r.ID]; ok {
		return s != Off
	}
	return r.Severity != Off
}

// silences tells whether an entry of Ignore fits a finding.
func (i *Ignore) silences(f *Finding) bool {
	return i.Rule == f.Rule && i.fits(f.Name, f.Version) && (i.Path == "" || covers(i.Path, f.rel))
}

func (i *Ignore) fits(name, version string) bool {
	return i.Pack == "" || globs(i.Pack, name) || strings.Contains(i.Pack, "@") && globs(i.Pack, name+"@"+version)
}

// covers tells whether a glob names a path, or a folder that it lies in.
func covers(glob, file string) bool {
	for {
		if globs(strings.TrimSuffix(glob, "/"), file) {
			return true
		}
		dir := path.Dir(file)
		if dir == file || dir == "." {
			return false
		}
		file = dir
	}
}

func globs(glob, s string) bool {
	ok, err := doublestar.Match(glob, s)
	return ok && err == nil
}
