package plan

import (
	"maps"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/packs-cli/packs/internal/version"
)

// Doomed returns for each holding the versions that shall go, as far as that can
// be told before anybody looks at them: who observes registries needs to look at
// no others.
func Doomed(d *Desired, holdings []Holding) [][]string {
	all := make([][]string, len(holdings))
	if d.Pruning == nil {
		return all
	}
	wanted := d.wanted()
	for i := range holdings {
		r := newRules(d.Pruning, wanted, &holdings[i])
		for k := range holdings[i].Versions {
			v := holdings[i].Versions[k].Version
			if _, doomed := r.judge(v); doomed {
				all[i] = append(all[i], v)
			}
		}
	}
	return all
}

// stock names the repository of a pack in a registry.
type stock struct{ registry, name string }

// wanted collects the versions that registries shall hold, by pack.
func (d *Desired) wanted() map[stock]map[string]bool {
	all := make(map[stock]map[string]bool)
	for i := range d.Versions {
		v := &d.Versions[i]
		key := stock{v.Registry, v.Name}
		if all[key] == nil {
			all[key] = make(map[string]bool)
		}
		all[key][v.Version] = true
	}
	return all
}

// rules is what decides about the versions of one holding.
type rules struct {
	*Pruning
	holding *Holding
	wanted  map[string]bool
	newest  map[string]bool // kept by Keep.Last
	ranges  []retiredRange
}

type retiredRange struct {
	*Retired
	versions version.Range
}

func newRules(p *Pruning, wanted map[stock]map[string]bool, h *Holding) *rules {
	r := &rules{Pruning: p, holding: h, wanted: wanted[stock{h.Registry, h.Name}]}
	for i := range r.Retired {
		rule := &r.Retired[i]
		if rule.Name != h.Name || len(rule.Registries) > 0 && !slices.Contains(rule.Registries, h.Registry) {
			continue
		}
		if versions, err := version.ParseRetired(rule.Versions); err == nil { // else it is none of packs.yaml's
			r.ranges = append(r.ranges, retiredRange{rule, versions})
		}
	}
	r.newest = r.keepLast()
	return r
}

// keepLast returns the newest versions of those that are there or wanted.
func (r *rules) keepLast() map[string]bool {
	if r.Keep == nil || r.Keep.Last <= 0 {
		return nil
	}
	all := slices.Collect(maps.Keys(r.wanted))
	for i := range r.holding.Versions {
		if v := r.holding.Versions[i].Version; !r.wanted[v] {
			all = append(all, v)
		}
	}
	all = slices.DeleteFunc(all, func(v string) bool { return !version.Parse(v).Semantic() })
	slices.SortFunc(all, func(a, b string) int { return version.Compare(b, a) })
	newest := make(map[string]bool)
	for _, v := range all[:min(r.Keep.Last, len(all))] {
		newest[v] = true
	}
	return newest
}

// judge tells whether a version shall go, and why. Push times are not its matter.
func (r *rules) judge(v string) (reason string, doomed bool) {
	if r.wanted[v] {
		return "", false
	}
	for _, rule := range r.ranges {
		if in, _ := rule.versions.Contains(v); in {
			return strings.TrimSuffix("retired: "+rule.Reason, ": "), true
		}
	}
	switch {
	case r.Keep == nil, len(r.wanted) < 2, r.newest[v], !version.Parse(v).Semantic():
		return "", false
	case slices.ContainsFunc(r.Keep.Matching, func(glob string) bool { ok, err := doublestar.Match(glob, v); return err == nil && ok }):
		return "", false
	}
	return unlisted, true
}

const unlisted = "packs.yaml does not list it"

// young tells whether a version stays because of when it was pushed. One of
// which that is not known does.
func (r *rules) young(h *Held, reason string) bool {
	return reason == unlisted && r.Keep.NewerThan > 0 && (h.PushedAt.IsZero() || h.PushedAt.After(r.Now.Add(-r.Keep.NewerThan)))
}
