package plan

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/version"
)

// Desired is what a catalog wants registries to hold.
type Desired struct {
	Registries []Registry
	Versions   []Version
	// UpdateRepositories says that existing repositories get the settings of
	// packs.yaml; otherwise a difference is only a remark.
	UpdateRepositories bool
	Unlisted           []Unlisted
	// Pruning says what shall go; nil: nothing.
	Pruning *Pruning
}

// Registry is a registry that versions go to. Its place in Desired.Registries
// is its place in the plan.
type Registry struct {
	Name     string
	Project  string // to be created where it is missing, "" where nothing is to be created
	BasePath string // the base path repository, "" where none is wanted
	// Repositories says that a repository must be created before a push.
	Repositories bool
	Settings     string // what repositories are created with, in words; may be empty
}

// Version is a version of a pack that is wanted in a registry.
type Version struct {
	Registry      string
	Repository    string // without host
	Name          string
	Version       string
	Path          string // of the pack, for messages; "" for one that comes from a registry
	Reference     string
	ContentDigest string // "" where it is not known, which only happens for one from a registry
	Bytes         int64  // of the pack's files; of its layer for one from a registry
	OnChange      string // fail, overwrite or skip
	RepairShape   bool   // push over the same content where Palette would ignore what is there

	From    string // the registry that it is copied from; "" for a pack on disk
	Digest  string // of the manifest that is copied from there
	NotPack string // why what is there cannot be copied as a pack; "" for a pack
	Ignored string // why Palette would ignore what is copied; "" for a right artifact
	Subject string // NAME@VERSION that it belongs to, for what is no version itself: a signature
	Err     error  // the source could not be asked for it
}

// Unlisted is a from: entry whose packs are not known for one of its targets.
type Unlisted struct {
	Registry   string // the target
	Repository string // at the source: the base path, or the one whose versions are not known
	From       string
	Err        error
}

// Key identifies a version in a registry.
type Key struct{ Registry, Name, Version string }

// Key returns the version's key.
func (v *Version) Key() Key { return Key{v.Registry, v.Name, v.Version} }

// Observed is what was seen in registries. A version without an entry counts
// as one that could not be observed.
type Observed struct {
	Projects  map[string]Existence // by registry
	BasePaths map[string]Existence // by registry
	Versions  map[Key]State
	Settings  []Setting
	Unsettled []Unsettled
	Holdings  []Holding // where something may have to go
}

// Existence is the state of a project or of a base path repository.
type Existence struct {
	Present bool
	Err     error // the registry could not be asked
}

// Setting is a setting of a repository that is not as packs.yaml wishes.
type Setting struct {
	Registry, Repository string
	Name, Have, Want     string // Name as packs.yaml calls it
	Fixed                bool   // cannot be changed once the repository exists
}

// Unsettled is a registry whose repositories could not be compared with packs.yaml.
type Unsettled struct {
	Registry, Repository string // the repository that packs go below
	Err                  error
	Hint                 string // what to do; may be empty
}

// State is what a registry holds under a version.
type State struct {
	Present       bool
	NoRepository  bool   // not even the repository exists
	Digest        string // of the manifest
	ContentDigest string // "" where what is there is not a pack
	NotPack       string // why what is there cannot be read as a pack; "" for a pack
	Damaged       string // why what the tag names cannot be read whole; "" where nothing is known to be wrong
	Ignored       string // why Palette would ignore it; "" for a right artifact
	Immutable     bool   // the tag cannot be moved
	SameLayer     bool   // the layer is that which is to be copied, whatever its content
	Changes       *Changes
	Err           error // the registry could not be asked
}

// ErrNotObserved is the cause of an unknown for a version that nobody observed.
var ErrNotObserved = errors.New("not observed")

// Compute decides what to do. It never mutates its input, and the order of
// versions in it does not matter.
func Compute(desired Desired, observed Observed) *Plan {
	place := make(map[string]int, len(desired.Registries))
	p := &Plan{APIVersion: APIVersion, Kind: Kind, Actions: make([]Action, 0, len(desired.Versions)+len(desired.Registries))}
	for i, r := range desired.Registries {
		place[r.Name] = i
		p.Actions = append(p.Actions, places(r, observed)...)
	}
	p.Actions = append(p.Actions, repositories(desired, observed)...)
	newSettings(p, desired.Registries)
	settings(p, desired.UpdateRepositories, observed.Settings)
	unsettled(p, desired.UpdateRepositories, observed.Unsettled)
	for i := range desired.Versions {
		v := &desired.Versions[i]
		state, seen := observed.Versions[v.Key()]
		if !seen {
			state.Err = ErrNotObserved
		}
		p.Actions = append(p.Actions, decide(v, state))
	}
	for _, u := range desired.Unlisted {
		p.Actions = append(p.Actions, Action{
			Kind: Unknown, Registry: u.Registry, Repository: u.Repository, From: u.From, Err: u.Err,
			Reason: "what " + u.From + " holds is not known: " + u.Err.Error(),
		})
	}
	prune(p, &desired, observed.Holdings)
	slices.SortStableFunc(p.Actions, func(a, b Action) int { return compareActions(place, &a, &b) })
	p.Summary = Summarize(p.Actions)
	return p
}

func compareActions(place map[string]int, a, b *Action) int {
	return cmp.Or(
		cmp.Compare(place[a.Registry], place[b.Registry]),
		cmp.Compare(phase(a.Kind), phase(b.Kind)),
		strings.Compare(a.Name, b.Name),
		version.Compare(a.Version, b.Version),
		strings.Compare(a.Repository, b.Repository),
	)
}

// phase puts what must exist first before what goes into it, and what goes away
// behind all else.
func phase(k ActionKind) int {
	switch k {
	case CreateProject:
		return 0
	case CreateRepository, UpdateRepository:
		return 1
	case Delete:
		return 3
	case DeleteRepository:
		return 4
	default:
		return 2
	}
}

func decide(v *Version, s State) Action {
	a := Action{
		Registry: v.Registry, Repository: v.Repository, Name: v.Name, Version: v.Version, Path: v.Path,
		Reference: v.Reference, ContentDigest: v.ContentDigest, Bytes: v.Bytes, From: v.From, Digest: v.Digest, Subject: v.Subject,
	}
	switch {
	case v.Err != nil:
		a.Kind, a.Err, a.Reason = Unknown, v.Err, "the source could not be asked: "+v.Err.Error()
		return a
	case s.Err != nil:
		a.Kind, a.Err, a.Reason = Unknown, s.Err, s.Err.Error()
	case v.NotPack != "":
		a.Kind, a.Reason = Skip, "what "+v.From+" holds is not a pack"
		a.Warning = "not copied: " + v.NotPack
	case !s.Present:
		a.Kind, a.Reason = Push, "version is missing"
		if v.Subject != "" {
			a.Reason = "what belongs to " + v.Subject + " is missing"
		}
		if v.From != "" {
			a.Reason += "; copied from " + v.From
		}
		a.warnIgnored(v)
	case s.Damaged != "":
		repair(&a, v, s)
	case v.From != "" && s.Digest == v.Digest:
		a.Kind, a.Reason = Unchanged, "published with the same manifest"
		a.warnIgnored(v)
	case s.NotPack == "" && (s.SameLayer || s.ContentDigest == v.ContentDigest && (v.ContentDigest != "" || v.From == "")):
		same(&a, v, s)
	default:
		differs(&a, v, s)
	}
	if s.Present && s.Err == nil && s.Digest != "" {
		a.Observed = &Published{Digest: s.Digest, ContentDigest: s.ContentDigest}
	}
	return a
}

// warnIgnored tells of a copy that Palette would ignore, as it does the original.
func (a *Action) warnIgnored(v *Version) {
	if v.Ignored != "" {
		a.Warning = "what " + v.From + " holds " + v.Ignored
		a.Hint = "rewrite: true in the from: entry (packs copy: --rewrite) publishes it in the right shape"
	}
}

// repair publishes again what is damaged. It counts as the same content until its
// digest tells otherwise, see ErrConflict of the executor.
func repair(a *Action, v *Version, s State) {
	a.Kind, a.Reason = Push, "what is published is damaged: "+s.Damaged
	if v.OnChange == "overwrite" {
		a.Kind = Overwrite
	}
}

func same(a *Action, v *Version, s State) {
	a.Kind, a.Reason = Unchanged, "published with the same content"
	if s.Ignored == "" {
		return
	}
	a.Warning = "what is published " + s.Ignored
	a.Hint = "`packs apply --repair-shape` publishes it in the right shape"
	switch {
	case v.Ignored != "": // a copy of it would be no better
		a.Hint = "rewrite: true in the from: entry, with `packs apply --repair-shape`, publishes it in the right shape"
	case v.RepairShape && s.Immutable:
		a.Kind, a.Reason = Conflict, "the shape cannot be repaired: the tag is immutable"
		a.Hint = immutableHint
	case v.RepairShape:
		a.Kind, a.Reason, a.Hint = Overwrite, "same content, but it "+s.Ignored, ""
	}
}

const immutableHint = "bump the version in pack.json, or delete the published version in the registry first (Harbor: past the rule that makes it immutable)"

func differs(a *Action, v *Version, s State) {
	a.Changes = s.Changes
	what := difference(s)
	switch {
	case v.OnChange == "skip":
		a.Kind, a.Reason = Skip, what+"; left as it is (onChange: skip)"
	case s.Immutable:
		a.Kind, a.Reason, a.Hint = Conflict, what+"; the tag is immutable", immutableHint
	case v.OnChange == "overwrite":
		a.Kind, a.Reason = Overwrite, what
		a.Warning = "Palette keeps the digest that it saw at its last sync: clusters that use this version ask for content that is then gone"
	default:
		a.Kind, a.Reason = Conflict, what
		a.Hint = fmt.Sprintf("bump the version in pack.json; `packs apply --overwrite %s@%s` replaces what is published", v.Name, v.Version)
		if v.From != "" {
			a.Hint = fmt.Sprintf("find out which of the two is right; `packs apply --overwrite %s@%s` replaces it by what %s holds", v.Name, v.Version, v.From)
		}
	}
}

func difference(s State) string {
	if s.NotPack != "" {
		return "what is published is not a pack: " + s.NotPack
	}
	n := s.Changes.Len()
	switch n {
	case 0:
		return "published with other content"
	case 1:
		return "published with other content: " + s.Changes.First(1)[0]
	}
	const shown = 3
	text := "published with other content: " + strings.Join(s.Changes.First(shown), ", ")
	if n > shown {
		text += fmt.Sprintf(" and %d more", n-shown)
	}
	return text
}
