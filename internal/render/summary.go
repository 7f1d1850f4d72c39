package render

import (
	"strconv"
	"strings"

	"github.com/packs-cli/packs/plan"
)

// planSummary is the last line of a plan.
func planSummary(p *plan.Plan, file string) string {
	s := p.Summary
	if !s.Pending() && s.Conflict+s.Unknown == 0 {
		return "No changes" + shardWord(" in", p.Shard, p.MissingShards) + ": " + asWanted(p, file) + "."
	}
	var parts []string
	add := func(n int, text string) {
		if n > 0 {
			parts = append(parts, text)
		}
	}
	add(s.CreateProject, Count(s.CreateProject, "project")+" to create")
	add(s.CreateRepository, Count(s.CreateRepository, "repository")+" to create")
	add(s.UpdateRepository, Count(s.UpdateRepository, "repository")+" to update")
	size := " (" + Size(s.Bytes) + ")"
	switch {
	case s.Push > 0 && s.Overwrite > 0:
		parts = append(parts, Count(s.Push, "version")+" to push", strconv.Itoa(s.Overwrite)+" to overwrite"+size)
	default:
		add(s.Push, Count(s.Push, "version")+" to push"+size)
		add(s.Overwrite, Count(s.Overwrite, "version")+" to overwrite"+size)
	}
	add(s.Delete, Count(s.Delete, "version")+" to delete")
	add(s.DeleteRepository, Count(s.DeleteRepository, "repository")+" to delete")
	add(s.Unchanged, strconv.Itoa(s.Unchanged)+" unchanged")
	add(s.Skip, strconv.Itoa(s.Skip)+" skipped")
	add(s.Conflict, Count(s.Conflict, "conflict"))
	add(s.Unknown, strconv.Itoa(s.Unknown)+" unknown")
	return "Plan" + shardWord(" of", p.Shard, p.MissingShards) + ": " + strings.Join(parts, ", ") + "."
}

// shardWord names the part of the catalog that something is about, or the parts
// that it lacks; "" for all of it.
func shardWord(preposition string, s *plan.Shard, missing []plan.Shard) string {
	switch {
	case s != nil:
		return preposition + " shard " + s.String()
	case len(missing) == 1:
		return " without shard " + missing[0].String()
	case len(missing) > 1:
		return " without " + strconv.Itoa(len(missing)) + " of " + Count(missing[0].Count, "shard")
	}
	return ""
}

// asWanted says that nothing has to be done, and for how much.
func asWanted(p *plan.Plan, file string) string {
	versions, registries := make(map[string]bool), make(map[string]bool)
	for i := range p.Actions {
		if a := &p.Actions[i]; a.Name != "" {
			versions[a.Name+"@"+a.Version] = true
			registries[a.Registry] = true
		}
	}
	if len(versions) == 0 && p.Shard != nil {
		return "no pack that is asked for is in it"
	}
	if len(versions) == 0 {
		return "no pack of " + Clean(file) + " goes to a registry"
	}
	verb := " are as in "
	if len(versions) == 1 {
		verb = " is as in "
	}
	if n := p.Summary.Skip; n > 0 {
		verb = ", " + strconv.Itoa(n) + " of them left as they are (onChange: skip), the others as in "
	}
	return Count(len(versions), "version") + " in " + Count(len(registries), "registry") + verb + Clean(file)
}
