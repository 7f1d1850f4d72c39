package executor

import (
	"slices"

	"github.com/packs-cli/packs/plan"
)

// VerifyKind is the kind of a verification report's JSON document.
const VerifyKind = "VerifyReport"

// VerifyReport says whether registries hold what a catalog wants, as they
// answered when they were read again. Items stand in the order of registries in
// packs.yaml; in each: what packs go into, versions by name and version, then
// versions that packs.yaml does not have.
type VerifyReport struct {
	APIVersion string       `json:"apiVersion"`
	Kind       string       `json:"kind"`
	Tool       string       `json:"tool,omitempty"`
	Source     *plan.Source `json:"source,omitempty"`
	Shard      *plan.Shard  `json:"shard,omitempty"`
	// MissingShards are parts of the catalog that a report of several runs says
	// nothing about.
	MissingShards []plan.Shard  `json:"missingShards,omitempty"`
	Deep          bool          `json:"deep"` // whether content digests were recomputed from the layers
	Summary       VerifySummary `json:"summary"`
	Items         []VerifyItem  `json:"items"`
	// Palette counts how Palette shows the versions; nil where it was not asked.
	Palette *PaletteCounts `json:"palette,omitempty"`
	// Listings say how far it is known what else registries hold; empty unless
	// that was asked for.
	Listings []Listing `json:"listings,omitempty"`
}

// VerifyStatus is what was found of an item.
type VerifyStatus string

// What can be found.
const (
	VerifyOK        VerifyStatus = "ok"
	VerifyMissing   VerifyStatus = "missing"
	VerifyDifferent VerifyStatus = "different" // other content, or an annotation that is not true
	VerifyDamaged   VerifyStatus = "damaged"   // bytes that are missing, or have another digest
	VerifyIgnored   VerifyStatus = "ignored"   // the right content, in a shape that Palette ignores
	VerifyUnmanaged VerifyStatus = "unmanaged" // there, and packs.yaml does not have it
	VerifyUnknown   VerifyStatus = "unknown"   // the registry could not be asked
)

// Proof says how the content digest of what is published is known.
type Proof string

// The proofs, from the strongest on.
const (
	ProofLayer      Proof = "layer"      // the files in the layer were read
	ProofRemembered Proof = "remembered" // a layer of that digest was read in an earlier run
	ProofManifest   Proof = "manifest"   // the manifest has the digest that is wanted, or says so
)

// VerifyItem is one version, repository or project in one registry.
type VerifyItem struct {
	Status        VerifyStatus  `json:"status"`
	Registry      string        `json:"registry"`
	Repository    string        `json:"repository"` // without host
	Name          string        `json:"name,omitempty"`
	Version       string        `json:"version,omitempty"`
	Path          string        `json:"path,omitempty"` // of the pack, relative to packs.yaml
	From          string        `json:"from,omitempty"` // the registry that it is copied from
	Reference     string        `json:"reference,omitempty"`
	Digest        string        `json:"digest,omitempty"`          // of the manifest that is there
	Layer         string        `json:"layer,omitempty"`           // digest of its layer
	ContentDigest string        `json:"contentDigest,omitempty"`   // that is wanted
	Published     string        `json:"publishedDigest,omitempty"` // content digest of what is there
	Proof         Proof         `json:"proof,omitempty"`           // of the published digest
	Problem       string        `json:"problem,omitempty"`
	Hint          string        `json:"hint,omitempty"`
	Changes       *plan.Changes `json:"changes,omitempty"` // from what is there to what is wanted
	Git           *GitPath      `json:"git,omitempty"`     // of a pack in a git work tree
	// Palette says whether Palette shows the version; empty where it was not asked.
	Palette        VersionState `json:"palette,omitempty"`
	PaletteProblem string       `json:"paletteProblem,omitempty"` // why it does not
	PaletteHint    string       `json:"paletteHint,omitempty"`
	Err            error        `json:"-"`
}

// GitPath is where a pack is in git.
type GitPath struct {
	Path   string `json:"path"`             // relative to the root of the work tree
	Commit string `json:"commit,omitempty"` // the last one that touched it; empty for none
	Dirty  bool   `json:"dirty"`            // files of the pack are not as in the commit that is checked out
}

// Listing says how far it is known what a registry holds.
type Listing struct {
	Registry string   `json:"registry"`
	Complete bool     `json:"complete"`
	Gaps     []string `json:"gaps,omitempty"` // why it is not complete
	Errs     []error  `json:"-"`
}

// VerifySummary counts the items of a report.
type VerifySummary struct {
	Versions    int `json:"versions"` // of packs.yaml, once for each registry
	OK          int `json:"ok"`       // of all items, as the others below
	Missing     int `json:"missing"`
	Different   int `json:"different"`
	Damaged     int `json:"damaged"`
	Ignored     int `json:"ignored"`
	Unmanaged   int `json:"unmanaged"`
	Unknown     int `json:"unknown"`
	Uncommitted int `json:"uncommitted"` // versions whose files are not as in git, whatever their status
}

// Right tells whether everything is as it should be. Where it was asked what else
// registries hold, that has to be known, and all packs have to be as in git.
func (r *VerifyReport) Right() bool {
	return r.Summary.Right() && (r.Palette == nil || r.Palette.Well()) && (r.Listings == nil || r.Listed() && r.Summary.Uncommitted == 0)
}

// Right tells whether all items are as they should be.
func (s VerifySummary) Right() bool {
	return s.Missing+s.Different+s.Damaged+s.Ignored+s.Unmanaged+s.Unknown == 0
}

// Listed tells whether it is known what else all registries hold.
func (r *VerifyReport) Listed() bool {
	return !slices.ContainsFunc(r.Listings, func(l Listing) bool { return !l.Complete })
}

// SummarizeVerify counts items.
func SummarizeVerify(items []VerifyItem) VerifySummary {
	var s VerifySummary
	for i := range items {
		it := &items[i]
		if it.Name != "" && it.Status != VerifyUnmanaged {
			s.Versions++
		}
		if it.Git != nil && it.Git.Dirty {
			s.Uncommitted++
		}
		switch it.Status {
		case VerifyOK:
			s.OK++
		case VerifyMissing:
			s.Missing++
		case VerifyDifferent:
			s.Different++
		case VerifyDamaged:
			s.Damaged++
		case VerifyIgnored:
			s.Ignored++
		case VerifyUnmanaged:
			s.Unmanaged++
		case VerifyUnknown:
			s.Unknown++
		}
	}
	return s
}
