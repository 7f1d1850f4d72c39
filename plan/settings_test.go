package plan_test

import (
	"slices"
	"testing"

	"github.com/packs-cli/packs/plan"
)

// TestSettings has four repositories that differ in the same way, one of them in
// others as well.
func TestSettings(t *testing.T) {
	t.Parallel()
	var list []plan.Setting
	for _, name := range []string{"a", "b", "c", "d"} {
		list = append(list, plan.Setting{Registry: "prod", Repository: name, Name: "scanOnPush", Have: "false", Want: "true"})
	}
	list = append(list,
		plan.Setting{Registry: "prod", Repository: "d", Name: "tags.team", Want: "x"},
		plan.Setting{Registry: "prod", Repository: "d", Name: "encryption.type", Have: "AES256", Want: "KMS", Fixed: true},
	)
	const fixed = "warning: prod: repository d: encryption.type is AES256, packs.yaml wishes KMS; it cannot be changed once the repository exists"
	tests := map[string]struct {
		update  bool
		remarks []string
		actions []string
	}{
		"remarked": {false, []string{
			"warning: prod: 4 repositories (a, b, c and 1 more): scanOnPush is false, packs.yaml wishes true; --update-repositories changes it",
			"warning: prod: repository d: tags.team is not set, packs.yaml wishes x; --update-repositories changes it",
			fixed,
		}, nil},
		"changed": {true, []string{fixed}, []string{
			"a: scanOnPush from false to true", "b: scanOnPush from false to true", "c: scanOnPush from false to true",
			"d: scanOnPush from false to true, tags.team from nothing to x",
		}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := plan.Compute(plan.Desired{UpdateRepositories: test.update}, plan.Observed{Settings: list})
			if !slices.Equal(p.Remarks, test.remarks) {
				t.Errorf("remarks\n%q\nwant\n%q", p.Remarks, test.remarks)
			}
			var actions []string
			for i := range p.Actions {
				actions = append(actions, p.Actions[i].Repository+": "+p.Actions[i].Reason)
			}
			if !slices.Equal(actions, test.actions) {
				t.Errorf("actions\n%q\nwant\n%q", actions, test.actions)
			}
		})
	}
}

// TestSettingsOfNewRepositories are told once, and only where some are created.
func TestSettingsOfNewRepositories(t *testing.T) {
	t.Parallel()
	d := plan.Desired{Registries: []plan.Registry{
		{Name: "prod", BasePath: "base", Repositories: true, Settings: "scanOnPush true"},
		{Name: "there", BasePath: "base", Repositories: true, Settings: "scanOnPush true"},
		{Name: "plain", BasePath: "base", Repositories: true},
	}}
	for _, name := range []string{"a", "b"} {
		d.Versions = append(d.Versions, plan.Version{Registry: "prod", Repository: "base/" + name, Name: name, Version: "1.0.0"})
	}
	o := plan.Observed{BasePaths: map[string]plan.Existence{"there": {Present: true}}, Versions: map[plan.Key]plan.State{}}
	for i := range d.Versions {
		o.Versions[d.Versions[i].Key()] = plan.State{NoRepository: true}
	}
	p := plan.Compute(d, o)
	if want := []string{"prod: repositories are created with scanOnPush true"}; !slices.Equal(p.Remarks, want) || p.Summary.CreateRepository != 4 {
		t.Errorf("remarks %q, want %q; %+v", p.Remarks, want, p.Summary)
	}
}
