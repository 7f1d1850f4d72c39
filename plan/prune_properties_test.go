package plan_test

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/packs-cli/packs/plan"
)

// prunable draws a catalog with rules for deletes, and what registries hold.
func prunable(t *rapid.T) (plan.Desired, plan.Observed) {
	d, o := world(t)
	p := &plan.Pruning{
		Unmanaged: rapid.Bool().Draw(t, "unmanaged"), Repositories: rapid.Bool().Draw(t, "repositories"),
		Alone: rapid.Bool().Draw(t, "alone"), Shown: rapid.Bool().Draw(t, "shown"), Now: noon,
	}
	d.Pruning = p
	for range rapid.IntRange(0, 2).Draw(t, "rules") {
		p.Retired = append(p.Retired, plan.Retired{
			Name:       fmt.Sprint("n", rapid.IntRange(0, 2).Draw(t, "name")),
			Versions:   rapid.SampledFrom([]string{"*", "<1.3.0", "1.2.0", "odd", ">=9"}).Draw(t, "range"),
			Registries: rapid.SampledFrom([][]string{nil, {"r0"}, {"r1", "r2"}}).Draw(t, "where"),
		})
	}
	if rapid.Bool().Draw(t, "unlisted") {
		p.Keep = &plan.Keep{
			Last: rapid.IntRange(0, 3).Draw(t, "last"), NewerThan: time.Duration(rapid.IntRange(0, 2).Draw(t, "newer")) * time.Hour,
			Matching: rapid.SampledFrom([][]string{nil, {"1.4.*"}}).Draw(t, "matching"),
		}
	}
	for _, r := range d.Registries {
		for n := range rapid.IntRange(0, 3).Draw(t, "repositories held") {
			o.Holdings = append(o.Holdings, holding(t, r.Name, fmt.Sprint("n", n)))
		}
	}
	return d, o
}

func holding(t *rapid.T, registry, name string) plan.Holding {
	h := plan.Holding{
		Registry: registry, Repository: "base/" + name, Name: name, Address: "h/base/" + name,
		Exists: true, Deletable: rapid.Bool().Draw(t, "deletable"),
	}
	for _, v := range []string{"1.0.0", "1.1.0", "1.2.0", "1.3.0", "1.4.0", "1.4.1-rc.1", "odd"} {
		if !rapid.Bool().Draw(t, "held") {
			continue
		}
		held := plan.Held{Version: v, Digest: "sha256:" + v, Managed: rapid.Bool().Draw(t, "managed")}
		if age := rapid.IntRange(0, 3).Draw(t, "age"); age > 0 {
			held.PushedAt = noon.Add(-time.Duration(age) * 50 * time.Minute)
		}
		if rapid.IntRange(0, 9).Draw(t, "refused") == 0 {
			held.Err = plan.ErrNotObserved
		}
		h.Versions = append(h.Versions, held)
	}
	return h
}

// deletes are the versions that a plan deletes.
func deletes(p *plan.Plan) []plan.Key {
	var all []plan.Key
	for _, a := range p.Actions {
		if a.Kind == plan.Delete {
			all = append(all, plan.Key{Registry: a.Registry, Name: a.Name, Version: a.Version})
		}
	}
	return all
}

func TestPruneNeverTouches(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := prunable(t)
		held := map[plan.Key]plan.Held{}
		for _, h := range o.Holdings {
			for _, v := range h.Versions {
				held[plan.Key{Registry: h.Registry, Name: h.Name, Version: v.Version}] = v
			}
		}
		wanted, count := map[plan.Key]bool{}, map[plan.Key]int{}
		for _, v := range d.Versions {
			wanted[v.Key()] = true
			count[plan.Key{Registry: v.Registry, Name: v.Name}]++
		}
		p := plan.Compute(d, o)
		for _, k := range deletes(p) {
			v, there := held[k]
			retired := slices.ContainsFunc(d.Pruning.Retired, func(r plan.Retired) bool {
				return r.Name == k.Name && (len(r.Registries) == 0 || slices.Contains(r.Registries, k.Registry))
			})
			switch {
			case !there:
				t.Fatalf("%v is not there", k)
			case wanted[k]:
				t.Fatalf("%v is wanted: a conflict must not become a delete", k)
			case !v.Managed && !d.Pruning.Unmanaged:
				t.Fatalf("%v was not published by packs", k)
			case v.Err != nil:
				t.Fatalf("%v could not be looked at", k)
			case !retired && d.Pruning.Keep == nil:
				t.Fatalf("nothing says that %v shall go", k)
			case !retired && count[plan.Key{Registry: k.Registry, Name: k.Name}] < 2:
				t.Fatalf("%v is unlisted, and packs.yaml has fewer than two versions", k)
			case !retired && k.Version == "odd":
				t.Fatalf("%v is no semantic version", k)
			}
		}
	})
}

// TestPruneLeavesTheRestOfAPlanAlone compares with the plan without deletes.
func TestPruneLeavesTheRestOfAPlanAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := prunable(t)
		p := plan.Compute(d, o)
		d.Pruning, o.Holdings = nil, nil
		want := plan.Compute(d, o)
		rest := slices.DeleteFunc(slices.Clone(p.Actions), func(a plan.Action) bool {
			return !slices.ContainsFunc(want.Actions, func(w plan.Action) bool { return reflect.DeepEqual(a, w) })
		})
		if !reflect.DeepEqual(rest, want.Actions) {
			t.Fatalf("without deletes:\n%+v\nwith them:\n%+v", want.Actions, p.Actions)
		}
		seen := map[string]bool{} // deletes come behind all else of their registry
		for _, a := range p.Actions {
			last := a.Kind == plan.Delete || a.Kind == plan.DeleteRepository
			if seen[a.Registry] && !last {
				t.Fatalf("%s after a delete in %+v", a.Kind, p.Actions)
			}
			seen[a.Registry] = seen[a.Registry] || last
		}
	})
}

// TestPruneOnceIsEnough deletes as a registry would, and prunes again.
func TestPruneOnceIsEnough(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := prunable(t)
		gone, emptied := map[plan.Key]bool{}, map[string]bool{}
		p := plan.ComputePrune(d, o.Holdings)
		for _, k := range deletes(p) {
			gone[k] = true
		}
		for _, a := range p.Actions {
			emptied[a.Registry+" "+a.Repository] = a.Kind == plan.DeleteRepository
		}
		for i := range o.Holdings {
			h := &o.Holdings[i]
			h.Versions = slices.DeleteFunc(h.Versions, func(v plan.Held) bool {
				return gone[plan.Key{Registry: h.Registry, Name: h.Name, Version: v.Version}]
			})
			h.Exists = !emptied[h.Registry+" "+h.Repository]
			if !h.Exists && len(h.Versions) > 0 {
				t.Fatalf("repository %s of %s is deleted with %+v in it", h.Repository, h.Registry, h.Versions)
			}
		}
		if again := plan.ComputePrune(d, o.Holdings); again.Summary.Pending() {
			t.Fatalf("after a prune there is still something to delete: %+v", again.Actions)
		}
	})
}

func TestOrderOfHoldingsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := prunable(t)
		want := plan.Compute(d, o).Actions
		slices.Reverse(o.Holdings)
		if got := plan.Compute(d, o).Actions; !reflect.DeepEqual(got, want) {
			t.Fatalf("actions differ:\n%+v\n%+v", got, want)
		}
	})
}
