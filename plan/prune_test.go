package plan_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/plan"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

// nginx is a holding of managed versions; the digest of each tells its version.
func nginx(versions ...string) plan.Holding {
	h := plan.Holding{
		Registry: "r", Repository: "spectro-packs/archive/nginx", Name: "nginx", Address: "h/spectro-packs/archive/nginx",
		Exists: true, Deletable: true,
	}
	for _, v := range versions {
		h.Versions = append(h.Versions, plan.Held{Version: v, Digest: "sha256:" + v, ContentDigest: "v1:" + v, Managed: true})
	}
	return h
}

// wants is a catalog with some versions of nginx for the registry r.
func wants(p *plan.Pruning, versions ...string) plan.Desired {
	d := plan.Desired{Registries: []plan.Registry{{Name: "r"}}, Pruning: p}
	for _, v := range versions {
		d.Versions = append(d.Versions, plan.Version{Registry: "r", Name: "nginx", Version: v})
	}
	return d
}

// did lists the actions of a plan as KIND VERSION-OR-REPOSITORY.
func did(p *plan.Plan) []string {
	all := []string{}
	for _, a := range p.Actions {
		what := a.Version
		if a.Name == "" {
			what = a.Repository[strings.LastIndex(a.Repository, "/")+1:]
		}
		all = append(all, string(a.Kind)+" "+what)
	}
	return all
}

func TestPruneDecides(t *testing.T) {
	t.Parallel()
	retired := func(versions string, registries ...string) *plan.Pruning {
		return &plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: versions, Registries: registries, Reason: "broken"}}}
	}
	keep := func(k plan.Keep) *plan.Pruning { return &plan.Pruning{Keep: &k, Now: noon} }
	old := nginx("1.0.0", "1.1.0", "1.2.0", "2.0.0")
	aged := nginx("1.0.0", "1.1.0", "1.2.0", "2.0.0", "2.1.0")
	aged.Versions[0].PushedAt, aged.Versions[1].PushedAt = noon.Add(-48*time.Hour), noon.Add(-23*time.Hour)
	foreign := nginx("1.0.0", "1.1.0")
	foreign.Versions[0].Managed = false
	unseen := nginx("1.0.0")
	unseen.Versions[0].Err = errors.New("refused")
	signed := nginx("1.0.0")
	signed.Sidecars = []string{"sha256-1.0.0.sig", "sha256-1.0.0", "sha256-1.0.0x.sig", "sha256-1.1.0.sig"}
	tests := map[string]struct {
		d      plan.Desired
		h      plan.Holding
		want   []string
		remark string
	}{
		"nothing said":              {wants(nil, "2.0.0"), old, nil, ""},
		"no rule":                   {wants(&plan.Pruning{}, "2.0.0"), old, nil, ""},
		"retired":                   {wants(retired("<1.2.0"), "2.0.0"), old, []string{"delete 1.0.0", "delete 1.1.0"}, ""},
		"retired exactly":           {wants(retired("1.1.0"), "2.0.0"), old, []string{"delete 1.1.0"}, ""},
		"retired here":              {wants(retired("1.1.0", "x", "r"), "2.0.0"), old, []string{"delete 1.1.0"}, ""},
		"retired elsewhere":         {wants(retired("*", "x"), "2.0.0"), old, nil, ""},
		"retired and wanted":        {wants(retired("*"), "1.1.0", "2.0.0"), old, []string{"delete 1.0.0", "delete 1.2.0"}, ""},
		"retired with pre-releases": {wants(retired("<1.1.0")), nginx("1.0.0-rc.1", "1.1.0"), []string{"delete 1.0.0-rc.1"}, ""},
		"retired, no semver":        {wants(retired("<9"), "2.0.0"), nginx("nightly"), nil, "no semantic version"},
		"retired by its exact text": {wants(retired("nightly"), "2.0.0"), nginx("nightly", "other"), []string{"delete nightly"}, ""},
		"a range that is none":      {wants(retired(">1 <<"), "2.0.0"), old, nil, ""},
		"not published by packs":    {wants(retired("*")), foreign, []string{"delete 1.1.0"}, "packs did not publish it: nginx@1.0.0 in r"},
		"cannot be looked at":       {wants(retired("*")), unseen, []string{"unknown 1.0.0"}, ""},
		"cannot be listed":          {wants(retired("*")), plan.Holding{Registry: "r", Repository: "a/nginx", Name: "nginx", Err: errors.New("refused")}, []string{"unknown nginx"}, ""},
		"signed":                    {wants(retired("*")), signed, []string{"delete 1.0.0"}, ""},
		"unlisted":                  {wants(keep(plan.Keep{}), "1.2.0", "2.0.0"), old, []string{"delete 1.0.0", "delete 1.1.0"}, ""},
		"unlisted, one in packs.yaml": {
			wants(keep(plan.Keep{}), "2.0.0"), old, nil, "fewer than two versions of the pack for that registry, so that older ones may be in use: nginx@1.0.0 in r, nginx@1.1.0 in r, nginx@1.2.0 in r",
		},
		"unlisted, none in packs.yaml":  {wants(keep(plan.Keep{})), old, nil, "fewer than two versions"},
		"unlisted, no semver":           {wants(keep(plan.Keep{}), "1.0.0", "2.0.0"), nginx("1.0.0", "nightly"), nil, "no semantic version"},
		"the last of all":               {wants(keep(plan.Keep{Last: 3}), "1.0.0", "2.0.0"), old, nil, ""},
		"the last, wanted ones counted": {wants(keep(plan.Keep{Last: 3}), "2.0.0", "3.0.0"), old, []string{"delete 1.0.0", "delete 1.1.0"}, ""},
		"matching":                      {wants(keep(plan.Keep{Matching: []string{"1.1.*", "x"}}), "1.2.0", "2.0.0"), old, []string{"delete 1.0.0"}, ""},
		"newer than":                    {wants(keep(plan.Keep{NewerThan: 24 * time.Hour}), "2.0.0", "2.1.0"), aged, []string{"delete 1.0.0"}, ""},
		"retired, however young": {
			wants(&plan.Pruning{Keep: &plan.Keep{NewerThan: 24 * time.Hour}, Now: noon, Retired: retired("1.1.0").Retired}, "2.0.0", "2.1.0"),
			aged,
			[]string{"delete 1.0.0", "delete 1.1.0"},
			"",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan.ComputePrune(tt.d, []plan.Holding{tt.h})
			if got := did(p); !slices.Equal(got, tt.want) {
				t.Errorf("actions %q, want %q", got, tt.want)
			}
			if remarks := strings.Join(p.Remarks, "\n"); !strings.Contains(remarks, tt.remark) || (tt.remark == "") != (remarks == "") {
				t.Errorf("remarks %q, want %q", remarks, tt.remark)
			}
		})
	}
}

func TestADeleteSaysAllAboutIt(t *testing.T) {
	t.Parallel()
	h := nginx("1.0.0")
	h.Sidecars = []string{"sha256-1.0.0", "sha256-1.0.0.sig", "sha256-1.0.0x.sig"}
	d := wants(&plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: "*", Reason: "broken"}}, Shown: true})
	p := plan.Compute(d, plan.Observed{Holdings: []plan.Holding{h}})
	a := p.Actions[0]
	if a.Reason != "retired: broken" || a.Reference != "h/spectro-packs/archive/nginx:1.0.0" || a.Observed == nil ||
		*a.Observed != (plan.Published{Digest: "sha256:1.0.0", ContentDigest: "v1:1.0.0"}) ||
		!slices.Equal(a.Sidecars, []string{"sha256-1.0.0", "sha256-1.0.0.sig"}) {
		t.Errorf("%+v", a)
	}
	if p.Summary.Delete != 1 || !p.Summary.Pending() || len(p.Remarks) != 1 || !strings.Contains(p.Remarks[0], "packs apply --prune") {
		t.Errorf("%+v", p)
	}
}

func TestEmptyRepositories(t *testing.T) {
	t.Parallel()
	all := &plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: "*"}}, Repositories: true}
	change := func(f func(*plan.Holding)) plan.Holding {
		h := nginx("1.0.0")
		f(&h)
		return h
	}
	tests := map[string]struct {
		d    plan.Desired
		h    plan.Holding
		want []string
	}{
		"its last version goes":    {wants(all), nginx("1.0.0"), []string{"delete 1.0.0", "delete-repository nginx"}},
		"empty already":            {wants(all), nginx(), []string{"delete-repository nginx"}},
		"not asked for":            {wants(&plan.Pruning{Retired: all.Retired}), nginx("1.0.0"), []string{"delete 1.0.0"}},
		"a version stays":          {wants(&plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: "1.0.0"}}, Repositories: true}), nginx("1.0.0", "2.0.0"), []string{"delete 1.0.0"}},
		"a version will be pushed": {wants(all, "3.0.0"), nginx(), []string{}},
		"not ours":                 {wants(all), change(func(h *plan.Holding) { h.Versions[0].Managed = false }), []string{}},
		"not there":                {wants(all), change(func(h *plan.Holding) { h.Versions, h.Exists = nil, false }), []string{}},
		"cannot be deleted":        {wants(all), change(func(h *plan.Holding) { h.Deletable = false }), []string{"delete 1.0.0"}},
		"cannot be looked at":      {wants(all), change(func(h *plan.Holding) { h.Versions[0].Err = errors.New("x") }), []string{"unknown 1.0.0"}},
	}
	for name, tt := range tests {
		if got := did(plan.ComputePrune(tt.d, []plan.Holding{tt.h})); !slices.Equal(got, tt.want) {
			t.Errorf("%s: %q, want %q", name, got, tt.want)
		}
	}
}

// TestPruneAloneWaitsForNewerVersions keeps what is to be replaced until its
// replacement is there.
func TestPruneAloneWaitsForNewerVersions(t *testing.T) {
	t.Parallel()
	p := &plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: "<9"}}, Alone: true}
	got := plan.ComputePrune(wants(p, "1.0.0", "1.5.0", "1.6.0"), []plan.Holding{nginx("1.1.0", "2.0.0")})
	if want := []string{"skip 1.1.0", "delete 2.0.0"}; !slices.Equal(did(got), want) {
		t.Errorf("%q, want %q", did(got), want)
	}
	if !strings.Contains(got.Actions[0].Reason, "kept until nginx@1.5.0 is published") {
		t.Errorf("reason %q", got.Actions[0].Reason)
	}
}

func TestPlansPruneLast(t *testing.T) {
	t.Parallel()
	d := wants(&plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: "<2"}}, Repositories: true}, "2.0.0")
	d.Registries = append(d.Registries, plan.Registry{Name: "s"})
	other := nginx("1.0.0")
	other.Registry = "s"
	o := plan.Observed{Holdings: []plan.Holding{other, nginx("1.0.0")}, Versions: map[plan.Key]plan.State{{Registry: "r", Name: "nginx", Version: "2.0.0"}: {}}}
	if got, want := did(plan.Compute(d, o)), []string{"push 2.0.0", "delete 1.0.0", "delete 1.0.0", "delete-repository nginx"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func TestExcesses(t *testing.T) {
	t.Parallel()
	many := func(n int) plan.Holding {
		versions := make([]string, n)
		for i := range versions {
			versions[i] = fmt.Sprintf("1.0.%d", i)
		}
		return nginx(versions...)
	}
	retire := func(range_ string) plan.Desired {
		return wants(&plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: range_}}})
	}
	tests := []struct {
		held    int
		retired string
		want    []plan.Excess
	}{
		{100, "<1.0.10", nil},
		{100, "<1.0.11", []plan.Excess{{Registry: "r", Delete: 11, Held: 100}}},
		{10, "<1.0.2", nil},
		{10, "<1.0.3", []plan.Excess{{Registry: "r", Delete: 3, Held: 10}}},
		{1, "*", []plan.Excess{{Registry: "r", Delete: 1, Held: 1}}},
		{10, "<1.0.0", nil},
	}
	for _, tt := range tests {
		p := plan.ComputePrune(retire(tt.retired), []plan.Holding{many(tt.held)})
		if got := p.Excesses(); !slices.Equal(got, tt.want) {
			t.Errorf("%s of %d: %v, want %v", tt.retired, tt.held, got, tt.want)
		}
	}
}

func TestDoomedIsWhatMustBeLookedAt(t *testing.T) {
	t.Parallel()
	d := wants(&plan.Pruning{Retired: []plan.Retired{{Name: "nginx", Versions: "1.0.0"}}}, "2.0.0")
	other := nginx("1.0.0")
	other.Name = "redis"
	got := plan.Doomed(&d, []plan.Holding{nginx("1.0.0", "1.1.0", "2.0.0"), other})
	if len(got) != 2 || !slices.Equal(got[0], []string{"1.0.0"}) || got[1] != nil {
		t.Errorf("%q", got)
	}
	d.Pruning = nil
	if got := plan.Doomed(&d, []plan.Holding{nginx("1.0.0")}); len(got) != 1 || got[0] != nil {
		t.Errorf("without rules: %q", got)
	}
}
