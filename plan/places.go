package plan

import "fmt"

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

// settings plans to mend the settings of repositories, or remarks on them.
func settings(p *Plan, update bool, list []Setting) {
	planned := make(map[[2]string]bool)
	for _, s := range list {
		what := fmt.Sprintf("%s is %s, packs.yaml wishes %s", s.Name, orNothing(s.Have), orNothing(s.Want))
		key := [2]string{s.Registry, s.Repository}
		switch {
		case s.Fixed:
			p.Remarks = append(p.Remarks, fmt.Sprintf("%s: repository %s: %s; it cannot be changed once the repository exists", s.Registry, s.Repository, what))
		case !update:
			p.Remarks = append(p.Remarks, fmt.Sprintf("%s: repository %s: %s; --update-repositories changes it", s.Registry, s.Repository, what))
		case !planned[key]:
			planned[key] = true
			p.Actions = append(p.Actions, Action{Kind: UpdateRepository, Registry: s.Registry, Repository: s.Repository, Reason: what})
		}
	}
}

func orNothing(s string) string {
	if s == "" {
		return "not set"
	}
	return s
}
