package plan_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/packs-cli/packs/plan"
)

// world draws a catalog and what registries hold: every state that a version
// can be in.
func world(t *rapid.T) (plan.Desired, plan.Observed) {
	d := plan.Desired{}
	o := plan.Observed{BasePaths: map[string]plan.Existence{}, Versions: map[plan.Key]plan.State{}}
	for r := range rapid.IntRange(1, 3).Draw(t, "registries") {
		reg := plan.Registry{Name: fmt.Sprint("r", r), BasePath: rapid.SampledFrom([]string{"", "base"}).Draw(t, "base")}
		d.Registries = append(d.Registries, reg)
		o.BasePaths[reg.Name] = plan.Existence{Present: rapid.Bool().Draw(t, "basePresent")}
		for v := range rapid.IntRange(0, 5).Draw(t, "versions") {
			want := plan.Version{
				Registry: reg.Name, Name: fmt.Sprint("n", v%2), Version: fmt.Sprintf("1.%d.0", v),
				ContentDigest: rapid.SampledFrom([]string{"v1:a", "v1:b"}).Draw(t, "want"),
				OnChange:      rapid.SampledFrom([]string{"", "fail", "overwrite", "skip"}).Draw(t, "onChange"),
				RepairShape:   rapid.Bool().Draw(t, "repair"),
			}
			d.Versions = append(d.Versions, want)
			if s, ok := state(t); ok {
				o.Versions[want.Key()] = s
			}
		}
	}
	return d, o
}

func state(t *rapid.T) (plan.State, bool) {
	s := plan.State{Immutable: rapid.Bool().Draw(t, "immutable")}
	switch rapid.SampledFrom([]string{"missing", "same", "not a pack", "damaged", "down", "unasked"}).Draw(t, "state") {
	case "same":
		s.Present, s.Digest = true, "sha256:x"
		s.ContentDigest = rapid.SampledFrom([]string{"v1:a", "v1:b", "v1:c"}).Draw(t, "content")
		s.Ignored = rapid.SampledFrom([]string{"", "is odd"}).Draw(t, "ignored")
	case "not a pack":
		s.Present, s.Digest, s.NotPack = true, "sha256:x", "an index"
	case "damaged":
		s.Present, s.Damaged = true, "half of it is missing"
		s.Digest = rapid.SampledFrom([]string{"", "sha256:x"}).Draw(t, "known")
	case "down":
		s.Err = plan.ErrNotObserved
	case "unasked":
		return s, false
	}
	return s, true
}

// carryOut applies a plan to what was observed, as a registry would.
func carryOut(p *plan.Plan, o plan.Observed) plan.Observed {
	next := plan.Observed{BasePaths: map[string]plan.Existence{}, Versions: map[plan.Key]plan.State{}}
	for k, v := range o.BasePaths {
		next.BasePaths[k] = v
	}
	for k, v := range o.Versions {
		next.Versions[k] = v
	}
	for _, a := range p.Actions {
		switch a.Kind {
		case plan.CreateRepository:
			next.BasePaths[a.Registry] = plan.Existence{Present: true}
		case plan.Push, plan.Overwrite:
			next.Versions[plan.Key{Registry: a.Registry, Name: a.Name, Version: a.Version}] = plan.State{Present: true, Digest: "sha256:ours", ContentDigest: a.ContentDigest}
		}
	}
	return next
}

func TestPlanAfterApplyIsEmpty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := world(t)
		again := plan.Compute(d, carryOut(plan.Compute(d, o), o))
		if again.Summary.Pending() {
			t.Fatalf("after apply there is still something to do: %+v", again.Actions)
		}
	})
}

func TestOrderOfVersionsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := world(t)
		want := plan.Compute(d, o)
		shuffled := append([]plan.Version(nil), d.Versions...)
		rand.New(rand.NewSource(rapid.Int64().Draw(t, "seed"))).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		d.Versions = shuffled
		if got := plan.Compute(d, o); !reflect.DeepEqual(got, want) {
			t.Fatalf("plan differs:\n%+v\n%+v", got, want)
		}
	})
}

func TestOnlyToldOverwritesReplaceContent(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := world(t)
		told := map[plan.Key]plan.Version{}
		for _, v := range d.Versions {
			told[v.Key()] = v
		}
		for _, a := range plan.Compute(d, o).Actions {
			if a.Name == "" {
				continue
			}
			k := plan.Key{Registry: a.Registry, Name: a.Name, Version: a.Version}
			v, s := told[k], o.Versions[k]
			switch {
			case a.Kind == plan.Push && s.Present && s.Damaged == "":
				t.Fatalf("push over %+v", s)
			case a.Kind == plan.Overwrite && s.Immutable && s.Damaged == "":
				t.Fatalf("overwrite of an immutable tag: %+v", s)
			case a.Kind == plan.Overwrite && v.OnChange != "overwrite" && (!v.RepairShape || s.Ignored == ""):
				t.Fatalf("overwrite that nobody asked for: %+v over %+v", v, s)
			case a.Kind == plan.Delete:
				t.Fatalf("delete that nobody asked for: %+v", a)
			}
		}
	})
}

func TestOrderOfRegistriesDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := world(t)
		want := byRegistry(plan.Compute(d, o))
		d.Registries = rapid.Permutation(d.Registries).Draw(t, "order")
		if got := byRegistry(plan.Compute(d, o)); !reflect.DeepEqual(got, want) {
			t.Fatalf("plan differs:\n%+v\n%+v", got, want)
		}
	})
}

// byRegistry are the actions of each registry, in their order.
func byRegistry(p *plan.Plan) map[string][]plan.Action {
	m := make(map[string][]plan.Action)
	for _, a := range p.Actions {
		m[a.Registry] = append(m[a.Registry], a)
	}
	return m
}

// TestConflictStaysAConflict applies again and again: nothing that apply does
// may turn what it must not replace into something that it does.
func TestConflictStaysAConflict(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := world(t)
		conflicts := map[plan.Key]bool{}
		for range 3 {
			p := plan.Compute(d, o)
			for _, a := range p.Actions {
				k := plan.Key{Registry: a.Registry, Name: a.Name, Version: a.Version}
				if conflicts[k] && a.Kind != plan.Conflict {
					t.Fatalf("a conflict became %+v", a)
				}
				conflicts[k] = conflicts[k] || a.Kind == plan.Conflict
			}
			o = carryOut(p, o)
		}
	})
}

// TestWhatIsDownIsNeitherWrittenNorCalledRight keeps hands off what nobody saw.
func TestWhatIsDownIsNeitherWrittenNorCalledRight(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		d, o := world(t)
		for _, a := range plan.Compute(d, o).Actions {
			s, seen := o.Versions[plan.Key{Registry: a.Registry, Name: a.Name, Version: a.Version}]
			if a.Name != "" && (!seen || s.Err != nil) && (a.Kind != plan.Unknown || a.Err == nil) {
				t.Fatalf("%+v, though nobody knows what is there", a)
			}
		}
	})
}
