package plan

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// places plans the project and the base path repository of a registry, where
// it wants them and they are missing.
func places(r Registry, o Observed) []Action {
	var actions []Action
	add := func(kind ActionKind, name, what string, e Existence) {
		a := Action{Kind: kind, Registry: r.Name, Repository: name, Reason: what + " is missing"}
		switch {
		case name == "" || (e.Present && e.Err == nil):
			return
		case e.Err != nil:
			a.Kind, a.Err, a.Reason = Unknown, e.Err, what+" cannot be asked for: "+e.Err.Error()
		}
		actions = append(actions, a)
	}
	add(CreateProject, r.Project, "project", o.Projects[r.Name])
	add(CreateRepository, r.BasePath, "base path repository", o.BasePaths[r.Name])
	return actions
}

// repositories plans the repositories that versions go into, in registries
// where a push does not make them, each once.
func repositories(d Desired, o Observed) []Action {
	creates := make(map[string]bool)
	for _, r := range d.Registries {
		creates[r.Name] = r.Repositories
	}
	planned := make(map[[2]string]bool)
	var actions []Action
	for i := range d.Versions {
		v := &d.Versions[i]
		s, seen := o.Versions[v.Key()]
		key := [2]string{v.Registry, v.Repository}
		if !seen || s.Err != nil || !s.NoRepository || !creates[v.Registry] || planned[key] {
			continue
		}
		planned[key] = true
		actions = append(actions, Action{
			Kind: CreateRepository, Registry: v.Registry, Repository: v.Repository, Reason: "repository is missing",
		})
	}
	return actions
}

// newSettings remarks on what new repositories get, once for each registry.
func newSettings(p *Plan, registries []Registry) {
	for _, r := range registries {
		creates := slices.ContainsFunc(p.Actions, func(a Action) bool { return a.Kind == CreateRepository && a.Registry == r.Name })
		if creates && r.Settings != "" {
			p.Remarks = append(p.Remarks, r.Name+": repositories are created with "+r.Settings)
		}
	}
}

// WarningPrefix begins the remarks that tell of something that is not as it
// should be.
const WarningPrefix = "warning: "

// settings plans to mend the settings of repositories, or remarks on them: once
// for all repositories that differ in the same way.
func settings(p *Plan, update bool, list []Setting) {
	actions := make(map[[2]string]int)
	remarks := make(map[[2]string][]string)
	var order [][2]string
	for _, s := range list {
		what := fmt.Sprintf("%s is %s, packs.yaml wishes %s; --update-repositories changes it", s.Name, orNothing(s.Have), orNothing(s.Want))
		switch {
		case s.Fixed:
			what = fmt.Sprintf("%s is %s, packs.yaml wishes %s; it cannot be changed once the repository exists", s.Name, orNothing(s.Have), orNothing(s.Want))
		case update:
			p.mend(actions, &s)
			continue
		}
		key := [2]string{s.Registry, what}
		if remarks[key] == nil {
			order = append(order, key)
		}
		remarks[key] = append(remarks[key], s.Repository)
	}
	for _, key := range order {
		p.Remarks = append(p.Remarks, WarningPrefix+key[0]+": "+repositoryList(remarks[key])+": "+key[1])
	}
}

// mend plans to change one setting, in one action for each repository.
func (p *Plan) mend(actions map[[2]string]int, s *Setting) {
	what := fmt.Sprintf("%s from %s to %s", s.Name, cmp.Or(s.Have, "nothing"), cmp.Or(s.Want, "nothing"))
	key := [2]string{s.Registry, s.Repository}
	if i, planned := actions[key]; planned {
		p.Actions[i].Reason += ", " + what
		return
	}
	actions[key] = len(p.Actions)
	p.Actions = append(p.Actions, Action{Kind: UpdateRepository, Registry: s.Registry, Repository: s.Repository, Reason: what})
}

// unsettled says where settings could not be compared: it stops nothing, unless
// they shall be mended.
func unsettled(p *Plan, update bool, list []Unsettled) {
	for _, u := range list {
		what := "settings of repositories cannot be compared: " + u.Err.Error()
		if update {
			p.Actions = append(p.Actions, Action{Kind: Unknown, Registry: u.Registry, Repository: u.Repository, Reason: what, Err: u.Err, Hint: u.Hint})
			continue
		}
		if u.Hint != "" {
			what += "; " + u.Hint
		}
		p.Remarks = append(p.Remarks, WarningPrefix+u.Registry+": "+what)
	}
}

// repositoryList names the first few of some repositories.
func repositoryList(names []string) string {
	const most = 3
	switch n := len(names) - most; {
	case len(names) == 1:
		return "repository " + names[0]
	case n > 0:
		return fmt.Sprintf("%d repositories (%s and %d more)", len(names), strings.Join(names[:most], ", "), n)
	}
	return fmt.Sprintf("%d repositories (%s)", len(names), strings.Join(names, ", "))
}

func orNothing(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}
