package manifest

import "time"

// Catalog is a packs.yaml that was read and found right: its registries, and
// every pack it names with the registries that pack goes to.
type Catalog struct {
	File       string     // packs.yaml as it was named, for messages
	Dir        string     // absolute folder of packs.yaml: relative paths start here
	WorkTree   string     // absolute root of the git work tree that Dir lies in; empty where it lies in none
	Registries []Registry // in the order of the file
	Packs      []Pack     // sorted by name, then version, then path
	Broken     []Pack     // what entries match and what is no pack: Path, Dir, Archive and Position; sorted by path
	From       []From     // entries that copy from another registry, in the order of the file
	Retired    []Retired  // versions to take away
	Prune      *Prune     // nil: only what is retired may be deleted
	Lint       Lint
	Hooks      Hooks
	Palette    *Palette  // nil where the file has no palette:
	Remarks    []Problem // what is worth a word and is no error
	Files      []string  // absolute paths of the files that packs.yaml names and that hold no secret: CA, client certificate, policies, pins
}

// Registry returns the registry of that name, and whether there is one.
func (c *Catalog) Registry(name string) (*Registry, bool) {
	for i := range c.Registries {
		if c.Registries[i].Name == name {
			return &c.Registries[i], true
		}
	}
	return nil, false
}

// Pack is one version of one pack: a folder or an archive on disk.
type Pack struct {
	Name        string // from pack.json: a repository path component
	Version     string // from pack.json: a tag
	DisplayName string
	Layer       string
	Path        string   // relative to Catalog.Dir, with slashes, for messages and reports; absolute where it lies outside of the work tree
	Dir         string   // absolute path of the folder or archive, links in it resolved
	Archive     bool     // a .tar.gz or .tgz rather than a folder
	Targets     []Target // where it goes, in the order of Catalog.Registries; never empty
	Position    Position // of the first entry that matched it
}

// Target is one registry that a pack goes to.
//
// An entry's targets are the registries that its registries: matches; without
// registries:, all. A read-only registry is never one. A manual registry is a
// target like the others, and it is for whoever carries the catalog out to
// leave it alone unless the user names it (Registry.Manual): so an entry
// without registries: goes to a manual registry once --registry names it.
type Target struct {
	Registry string
	// Of several entries that match one pack, one that states onChange wins over
	// those that do not; of several that do, the last in the file wins.
	OnChange OnChange // what to do where the version is there with other content; never empty
}

// OnChange says what happens to a version that a registry holds with other
// content. A published version is treated as immutable: Palette keeps the
// digest it saw, and clusters that ask for a vanished one fail in a loop.
type OnChange string

// The values of onChange.
const (
	OnChangeFail      OnChange = "fail"      // a conflict: the default
	OnChangeOverwrite OnChange = "overwrite" // push over it, with a warning
	OnChangeSkip      OnChange = "skip"      // leave it, with a word
)

// From is an entry that copies packs from another registry, byte for byte.
// The source is never one of its targets.
type From struct {
	Registry   string   // the source
	Names      []string // NAME globs; empty means all
	Only       Only
	Registries []Target
	Referrers  bool // copy signatures and SBOMs along
	Rewrite    bool // write manifests anew in the target's shape instead of copying them
	Position   Position
}

// Only narrows an entry to some of the packs it matches.
type Only struct {
	Names    []string // NAME globs; empty means all
	Versions string   // a semver range, pre-releases included, or one exact version
	Layers   []string // pack layers; empty means all
	Pins     string   // absolute path of a pin file; only for From
}

// Retired names versions of a pack to take away from registries.
type Retired struct {
	Name       string
	Versions   string
	Registries []string // empty means every registry of the pack
	Reason     string
	Position   Position
}

// Prune says which versions that no entry lists stay all the same.
type Prune struct {
	Last      int      // the newest versions of each pack
	NewerThan Duration // pushed less than this ago; 0: no matter when
	Matching  []string // globs of versions
	Position  Position
}

// Hooks are programs that run with --allow-exec only; nil where there is none.
type Hooks struct {
	BeforePush, AfterApply *Exec
}

// Lint holds the catalog's settings for validate.
type Lint struct {
	Gate   string            // "" or "error": whether plan and apply stop at findings
	Rules  map[string]string // rule ID to error, warning, info or off
	Paths  []LintPath        // the same for the packs below some paths, later ones win
	Ignore []LintIgnore
}

// LintPath sets severities for packs whose path matches a glob.
type LintPath struct {
	Path     string
	Rules    map[string]string
	Position Position
}

// LintIgnore silences one rule for some packs, with a reason.
type LintIgnore struct {
	Rule, Pack, Path, Reason string
	Position                 Position
}

// Palette is a Palette server and how to log in to it.
type Palette struct {
	Endpoint   string // URL; default https://api.spectrocloud.com
	APIKeyEnv  string
	APIKeyFile string
	ProjectUID string // empty: tenant scope
	TLS        *TLS
	Limits     Limits // zero: what Palette's documents allow
	Position   Position
}

// Position is a place in packs.yaml. Line and Column start at 1; 0 means unknown.
type Position struct {
	Line, Column int
}

// Duration is how long something may take; it is written as in "90s" or "15m".
type Duration = time.Duration
