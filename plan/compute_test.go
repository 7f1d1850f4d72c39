package plan_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/packs-cli/packs/plan"
)

func one(v plan.Version, s *plan.State) *plan.Plan {
	v.Registry, v.Name, v.Version = "r", "nginx", "1.2.0"
	v.Repository, v.Reference = "spectro-packs/archive/nginx", "h/spectro-packs/archive/nginx:1.2.0"
	o := plan.Observed{Versions: map[plan.Key]plan.State{}}
	if s != nil {
		o.Versions[v.Key()] = *s
	}
	return plan.Compute(plan.Desired{Registries: []plan.Registry{{Name: "r"}}, Versions: []plan.Version{v}}, o)
}

func TestComputeDecides(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	there := plan.State{Present: true, Digest: "sha256:m", ContentDigest: "v1:a"}
	with := func(change func(*plan.State)) *plan.State {
		s := there
		change(&s)
		return &s
	}
	tests := []struct {
		name   string
		want   plan.ActionKind
		v      plan.Version
		s      *plan.State
		reason string
		hint   string
	}{
		{"not observed", plan.Unknown, plan.Version{}, nil, "not observed", ""},
		{"registry down", plan.Unknown, plan.Version{}, &plan.State{Err: down}, "connection refused", ""},
		{"missing", plan.Push, plan.Version{}, &plan.State{}, "missing", ""},
		{"same", plan.Unchanged, plan.Version{ContentDigest: "v1:a"}, &there, "same content", ""},
		{"differs", plan.Conflict, plan.Version{ContentDigest: "v1:b", OnChange: "fail"}, &there, "other content", "bump the version"},
		{"differs, no word", plan.Conflict, plan.Version{ContentDigest: "v1:b"}, &there, "other content", "--overwrite nginx@1.2.0"},
		{"differs, overwrite", plan.Overwrite, plan.Version{ContentDigest: "v1:b", OnChange: "overwrite"}, &there, "other content", ""},
		{"differs, skip", plan.Skip, plan.Version{ContentDigest: "v1:b", OnChange: "skip"}, &there, "onChange: skip", ""},
		{
			"differs, immutable", plan.Conflict,
			plan.Version{ContentDigest: "v1:b", OnChange: "overwrite"},
			with(func(s *plan.State) { s.Immutable = true }), "immutable", "delete the published version",
		},
		{
			"not a pack", plan.Conflict,
			plan.Version{ContentDigest: "v1:b"},
			&plan.State{Present: true, Digest: "sha256:m", NotPack: "an index"}, "not a pack: an index", "bump",
		},
		{
			"not a pack has no digest to be equal", plan.Conflict,
			plan.Version{},
			&plan.State{Present: true, Digest: "sha256:m", NotPack: "an index"}, "not a pack", "bump",
		},
		{
			"shape ignored", plan.Unchanged,
			plan.Version{ContentDigest: "v1:a"},
			with(func(s *plan.State) { s.Ignored = "is odd" }), "same content", "--repair-shape",
		},
		{
			"shape repaired", plan.Overwrite,
			plan.Version{ContentDigest: "v1:a", RepairShape: true},
			with(func(s *plan.State) { s.Ignored = "is odd" }), "is odd", "",
		},
		{
			"shape of an immutable tag", plan.Conflict,
			plan.Version{ContentDigest: "v1:a", RepairShape: true},
			with(func(s *plan.State) { s.Ignored, s.Immutable = "is odd", true }), "immutable", "bump",
		},
		{"right shape needs no repair", plan.Unchanged, plan.Version{ContentDigest: "v1:a", RepairShape: true}, &there, "same content", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := one(tt.v, tt.s)
			a := p.Actions[0]
			if a.Kind != tt.want || !strings.Contains(a.Reason, tt.reason) || !strings.Contains(a.Hint, tt.hint) {
				t.Errorf("%s (%s) hint %q; want %s with %q and %q", a.Kind, a.Reason, a.Hint, tt.want, tt.reason, tt.hint)
			}
			if tt.hint == "" && a.Hint != "" {
				t.Errorf("hint %q where there is nothing to do", a.Hint)
			}
		})
	}
}

func TestComputeKeepsTheCause(t *testing.T) {
	t.Parallel()
	down := errors.New("connection refused")
	if a := one(plan.Version{}, &plan.State{Err: down}).Actions[0]; !errors.Is(a.Err, down) {
		t.Errorf("cause %v, want %v", a.Err, down)
	}
}

func TestComputeNamesTheFilesThatDiffer(t *testing.T) {
	t.Parallel()
	changes := &plan.Changes{Added: []string{"a", "b"}, Modified: []string{"values.yaml"}, Removed: []string{"z"}}
	a := one(plan.Version{ContentDigest: "v1:b"}, &plan.State{Present: true, ContentDigest: "v1:a", Changes: changes}).Actions[0]
	if want := "published with other content: ~values.yaml, +a, +b and 1 more"; a.Reason != want {
		t.Errorf("reason %q, want %q", a.Reason, want)
	}
	if a.Changes != changes {
		t.Error("the action does not carry the changes")
	}
}

func TestComputeOrdersActions(t *testing.T) {
	t.Parallel()
	d := plan.Desired{
		Registries: []plan.Registry{{Name: "second-by-name", BasePath: "spectro-packs/archive"}, {Name: "a"}},
		Versions: []plan.Version{
			{Registry: "a", Name: "nginx", Version: "1.10.0"},
			{Registry: "second-by-name", Name: "nginx", Version: "1.10.0"},
			{Registry: "second-by-name", Name: "nginx", Version: "1.9.0"},
			{Registry: "second-by-name", Name: "argo", Version: "2.0.0"},
		},
	}
	p := plan.Compute(d, plan.Observed{})
	var got []string
	for _, a := range p.Actions {
		got = append(got, strings.TrimRight(a.Registry+" "+a.Name+" "+a.Version, " "))
	}
	want := []string{
		"second-by-name", "second-by-name argo 2.0.0", "second-by-name nginx 1.9.0",
		"second-by-name nginx 1.10.0", "a nginx 1.10.0",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("order %q\nwant %q", got, want)
	}
}

func TestComputePlansTheBasePath(t *testing.T) {
	t.Parallel()
	down := errors.New("down")
	tests := []struct {
		name string
		base string
		s    plan.Existence
		want plan.ActionKind
	}{
		{"missing", "spectro-packs/archive", plan.Existence{}, plan.CreateRepository},
		{"there", "spectro-packs/archive", plan.Existence{Present: true}, ""},
		{"not wanted", "", plan.Existence{}, ""},
		{"registry down", "spectro-packs/archive", plan.Existence{Err: down}, plan.Unknown},
	}
	for _, tt := range tests {
		p := plan.Compute(plan.Desired{Registries: []plan.Registry{{Name: "r", BasePath: tt.base}}},
			plan.Observed{BasePaths: map[string]plan.Existence{"r": tt.s}})
		switch {
		case tt.want == "" && len(p.Actions) != 0:
			t.Errorf("%s: %d actions, want none", tt.name, len(p.Actions))
		case tt.want != "" && (len(p.Actions) != 1 || p.Actions[0].Kind != tt.want):
			t.Errorf("%s: actions %v, want one %s", tt.name, p.Actions, tt.want)
		}
	}
}

func TestSummaryCounts(t *testing.T) {
	t.Parallel()
	s := plan.Summarize([]plan.Action{
		{Kind: plan.CreateProject},
		{Kind: plan.CreateRepository},
		{Kind: plan.Push, Bytes: 10},
		{Kind: plan.Overwrite, Bytes: 5, Warning: "w"},
		{Kind: plan.Unchanged, Bytes: 100},
		{Kind: plan.Conflict},
		{Kind: plan.Unknown},
		{Kind: plan.Delete},
		{Kind: plan.Skip},
	})
	want := plan.Summary{
		CreateProject: 1, CreateRepository: 1, Push: 1, Overwrite: 1, Unchanged: 1, Conflict: 1,
		Unknown: 1, Delete: 1, Skip: 1, Warnings: 1, Bytes: 15,
	}
	if s != want {
		t.Errorf("summary %+v, want %+v", s, want)
	}
	if !s.Pending() || (plan.Summary{Unchanged: 3, Conflict: 1, Skip: 1}).Pending() {
		t.Error("Pending must be true for writes only")
	}
}
