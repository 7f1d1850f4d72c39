package manifest

import (
	"errors"
	"path/filepath"
	"slices"
)

// LoadOptions says how a catalog is read. The zero value reads it for a plan.
type LoadOptions struct {
	// Env looks up an environment variable for ${NAME}. nil: none is set.
	Env func(name string) (value string, ok bool)
	// AllowEnv lists variables that ${NAME} may use although credentials name
	// them or their names look like those of secrets.
	AllowEnv []string
	// Registries holds globs of the registries that will be contacted, as
	// --registry takes them; a manual one is contacted only by its own name.
	// Empty: all that are not manual. In the others an unset variable is a remark.
	Registries []string
	// Validate makes an unset variable below registries: and palette: a remark:
	// nothing will be contacted.
	Validate bool
	// AllowOutside lets packs, pins and relative layout paths lie outside the git
	// work tree of the catalog.
	AllowOutside bool
	// Untrusted reads a catalog of a stranger: AllowOutside has no effect, and
	// where the catalog lies in no git work tree, its folder is the border.
	Untrusted bool
	// LintRules lists the IDs of all rules, so that lint: can be checked for
	// others. Empty: they are not checked.
	LintRules []string
}

// Load reads a packs.yaml and the pack.json of every pack that it names.
//
// Mistakes are an *InvalidError that holds all of them. Where all of them lie
// in packs (each is ErrPack or ErrDuplicatePack), the catalog with every pack
// that could be read comes beside the error. A file that cannot be read at
// all is an error of its own, for which errors.Is finds fs.ErrNotExist and the like.
func Load(path string, o LoadOptions) (*Catalog, error) {
	l, err := newLoader(path, o)
	if err != nil {
		return nil, err
	}
	if o.Untrusted && !l.tree.holds(realPath(filepath.Join(l.catalog.Dir, filepath.Base(path)))) {
		l.outside(Position{}, "the catalog")
		return nil, l.report.err()
	}
	data, err := readFile(path)
	if err != nil {
		return nil, err
	}
	return l.load(data)
}

// Read reads a catalog that lies in no file. name names it in messages; relative
// paths start at the working directory.
func Read(name string, data []byte, o LoadOptions) (*Catalog, error) {
	l, err := newLoader("packs.yaml", o)
	if err != nil {
		return nil, err
	}
	l.report.file, l.catalog.File = name, name
	return l.load(data)
}

func (l *loader) load(data []byte) (*Catalog, error) {
	if !l.parse(data) {
		return nil, l.report.err()
	}
	l.packs()
	return l.finish()
}

// loader is the state of one Load.
type loader struct {
	report  *report
	options LoadOptions
	vars    *variables
	tree    tree
	root    *value
	catalog *Catalog

	registryValues []*value       // beside catalog.Registries
	places         map[string]int // of names in catalog.Registries
	longestBase    int            // length of the longest Registry.Base
	unnamed        bool           // some registry has no readable name: unknown ones are not reported
	entries        []*entry
	retired        []*value // beside catalog.Retired

	targetSets  map[string][]Target // of entries that say the same of registries
	targetCount int
	visits      int // folders and files that globs have come to
}

func newLoader(path string, o LoadOptions) (*loader, error) {
	dir, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, describe(path, err)
	}
	t, err := newTree(dir, o)
	if err != nil {
		return nil, describe(path, err)
	}
	return &loader{
		report:  &report{file: path},
		options: o,
		vars:    newVariables(o),
		tree:    t,
		catalog: &Catalog{File: path, Dir: dir},

		places:     map[string]int{},
		targetSets: map[string][]Target{},
	}, nil
}

// parse reads everything that stands in the file itself, and nothing else on
// disk but for the places of layouts. It returns false where nothing could be read.
func (l *loader) parse(data []byte) bool {
	document := document(l.report, data)
	if document == nil {
		return false
	}
	root := build(l.report, document)
	if root == nil {
		return false
	}
	s, err := packsStructure()
	if err != nil { // the embedded schema is tested: this cannot happen
		l.report.add(Problem{File: l.report.file, Message: err.Error(), Err: err})
		return false
	}
	l.root = root
	l.vars.learn(root)
	c := &checker{report: l.report, variables: l.vars, lenientAt: l.lenient()}
	c.check(root, s, "the catalog")
	if !root.good() {
		return false
	}
	l.registries()
	l.settings()
	l.packEntries()
	l.retiredEntries()
	return true
}

// lenient returns the values below which an unset variable is only a remark:
// registries that will not be contacted, and the Palette of a validation.
func (l *loader) lenient() map[*value]bool {
	at := map[*value]bool{}
	if l.options.Validate {
		at[l.root.get("registries")] = true
		at[l.root.get("palette")] = true
	} else if registries := l.root.get("registries"); registries != nil {
		for _, r := range registries.items {
			if !l.contacted(r) {
				at[r] = true
			}
		}
	}
	delete(at, nil)
	return at
}

func (l *loader) contacted(registry *value) bool {
	if len(l.options.Registries) == 0 {
		return !registry.boolean("manual", false)
	}
	v := registry.get("name")
	if v == nil || v.kind != scalar {
		return false
	}
	name := l.vars.expand(v.raw).text
	if registry.boolean("manual", false) {
		return slices.Contains(l.options.Registries, name) // a glob is no name
	}
	return matchesAny(l.options.Registries, name)
}

// finish hands out the catalog, the error, or both.
func (l *loader) finish() (*Catalog, error) {
	l.catalog.WorkTree = l.tree.git
	l.catalog.Remarks = l.report.sorted(l.report.remarks)
	err := l.report.err()
	elsewhere := func(p Problem) bool { return !errors.Is(p, ErrPack) && !errors.Is(p, ErrDuplicatePack) }
	if slices.ContainsFunc(l.report.problems, elsewhere) || l.report.full {
		return nil, err
	}
	return l.catalog, err
}
