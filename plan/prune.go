package plan

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/packs-cli/packs/internal/version"
)

// Pruning says which published versions shall go.
type Pruning struct {
	Retired []Retired
	// Keep says which versions stay although nothing lists them; nil: all do.
	Keep *Keep
	// Unmanaged lets versions go that packs did not publish.
	Unmanaged bool
	// Repositories lets repositories go that hold nothing, or will hold nothing.
	Repositories bool
	// Now is the time that Keep.NewerThan counts back from.
	Now time.Time
	// Shown says that versions are shown only, and not deleted when the plan is
	// carried out.
	Shown bool
	// Alone says that nothing is pushed in the same run: then no version goes
	// before a newer one that is wanted is there.
	Alone bool
}

// Retired names versions of a pack that shall go.
type Retired struct {
	Name       string
	Versions   string   // a range, or one exact version
	Registries []string // empty means all
	Reason     string
}

// Keep says which unlisted versions stay. Each of its fields is a reason to.
type Keep struct {
	Last      int           // the newest versions of a pack that a registry holds
	NewerThan time.Duration // pushed less than this ago; 0: no matter when
	Matching  []string      // globs of versions
}

// Holding is what a registry holds in the repository of a pack that packs.yaml
// names. Repositories of other packs must not be among the holdings.
type Holding struct {
	Registry   string
	Repository string // without host
	Name       string
	Address    string // HOST/REPOSITORY
	Exists     bool   // the registry says that the repository is there
	Deletable  bool   // the registry can delete repositories
	Versions   []Held
	Sidecars   []string // tags that belong to other manifests
	Err        error    // it could not be listed
}

// Held is a version that a registry holds.
type Held struct {
	Version       string
	Digest        string // of the manifest; "" where nobody looked
	ContentDigest string // "" where it is not known
	Managed       bool   // packs published it
	PushedAt      time.Time
	Err           error // it could not be looked at
}

// ComputePrune plans deletes alone, for a run that pushes nothing. Of the
// versions in desired it needs registry, name and version.
func ComputePrune(desired Desired, holdings []Holding) *Plan {
	place := make(map[string]int, len(desired.Registries))
	for i, r := range desired.Registries {
		place[r.Name] = i
	}
	p := &Plan{APIVersion: APIVersion, Kind: Kind, Actions: []Action{}}
	prune(p, &desired, holdings)
	slices.SortStableFunc(p.Actions, func(a, b Action) int { return compareActions(place, &a, &b) })
	p.Summary = Summarize(p.Actions)
	return p
}

// prune plans what shall go.
func prune(p *Plan, d *Desired, holdings []Holding) {
	p.held = make(map[string]int)
	if d.Pruning == nil {
		return
	}
	left, wanted := new(remarks), d.wanted()
	for i := range holdings {
		h := &holdings[i]
		p.held[h.Registry] += len(h.Versions)
		if h.Err != nil {
			p.Actions = append(p.Actions, Action{
				Kind: Unknown, Registry: h.Registry, Repository: h.Repository, Err: h.Err,
				Reason: "what is to be deleted there is not known: " + h.Err.Error(),
			})
			continue
		}
		pruneRepository(p, newRules(d.Pruning, wanted, h), left)
	}
	p.Remarks = append(p.Remarks, left.lines(d.Pruning, p.Actions)...)
}

func pruneRepository(p *Plan, r *rules, left *remarks) {
	h, empty := r.holding, len(r.wanted) == 0
	for i := range h.Versions {
		v := &h.Versions[i]
		reason, doomed := r.judge(v.Version)
		switch {
		case !doomed:
			left.stays(r, v)
		case v.Err == nil && r.young(v, reason):
		case v.Err == nil && !v.Managed && !r.Unmanaged:
			left.add(&left.unmanaged, h, v)
		default:
			a := r.action(v, reason)
			p.Actions = append(p.Actions, a)
			if a.Kind == Delete {
				continue
			}
		}
		empty = false
	}
	if empty && r.Repositories && h.Exists && h.Deletable {
		p.Actions = append(p.Actions, Action{
			Kind: DeleteRepository, Registry: h.Registry, Repository: h.Repository, Reason: "no version is left in it",
		})
	}
}

// action is what happens to a version that shall go.
func (r *rules) action(v *Held, reason string) Action {
	h := r.holding
	a := Action{
		Kind: Delete, Registry: h.Registry, Repository: h.Repository, Name: h.Name, Version: v.Version,
		Reference: h.Address + ":" + v.Version, Reason: reason,
	}
	if v.Err != nil {
		a.Kind, a.Err, a.Reason = Unknown, v.Err, reason+", but cannot be looked at: "+v.Err.Error()
		return a
	}
	a.Observed = &Published{Digest: v.Digest, ContentDigest: v.ContentDigest}
	a.Sidecars = sidecarsOf(h.Sidecars, v.Digest)
	if newer := r.missingNewer(v.Version); newer != "" {
		a.Kind, a.Reason = Skip, fmt.Sprintf("%s; kept until %s@%s is published", reason, h.Name, newer)
	}
	return a
}

// sidecarsOf returns the tags that belong to a manifest: ALGORITHM-HEX[.KIND].
func sidecarsOf(tags []string, digest string) []string {
	prefix := strings.Replace(digest, ":", "-", 1)
	var own []string
	for _, tag := range tags {
		if rest, ok := strings.CutPrefix(tag, prefix); ok && (rest == "" || rest[0] == '.') {
			own = append(own, tag)
		}
	}
	return own
}

// missingNewer returns the oldest wanted version newer than v that is not there,
// where nothing will be pushed in this run.
func (r *rules) missingNewer(v string) string {
	if !r.Alone {
		return ""
	}
	var missing []string
	for w := range r.wanted {
		there := slices.ContainsFunc(r.holding.Versions, func(h Held) bool { return h.Version == w })
		if !there && version.Compare(w, v) > 0 {
			missing = append(missing, w)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	return slices.MinFunc(missing, version.Compare)
}
