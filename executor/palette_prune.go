package executor

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/packs-cli/packs/plan"
)

// profilesAt says which cluster profiles use versions that a plan deletes, as
// far as Palette tells: clusters of those profiles ask for content that is then
// gone. Palette is asked only where something is deleted that it may know.
func (e *Executor) profilesAt(ctx context.Context, p *plan.Plan) []string {
	doomed := make(map[string]map[string]bool) // by registry: NAME@VERSION
	for i := range p.Actions {
		a := &p.Actions[i]
		if a.Kind != plan.Delete || a.Version == "" {
			continue
		}
		if doomed[a.Registry] == nil {
			doomed[a.Registry] = make(map[string]bool)
		}
		doomed[a.Registry][a.Name+"@"+a.Version] = true
	}
	if len(doomed) == 0 {
		return nil
	}
	s := e.stations()
	defer s.Close()
	remarks := make([][]string, len(s.all))
	s.each(func(i int, st *station) {
		if versions := doomed[st.spec.Name]; versions != nil && !e.ended(ctx) {
			remarks[i] = st.profilesUsing(ctx, versions)
		}
	})
	return slices.Concat(remarks...)
}

// profilesUsing are the remarks about versions of one registry.
func (st *station) profilesUsing(ctx context.Context, versions map[string]bool) []string {
	untold := func(err error) []string {
		return []string{fmt.Sprintf("%s: whether cluster profiles use what is deleted cannot be told: %s", st.spec.Name, oneLine(err))}
	}
	entry, err := st.find(ctx, st.kind())
	if err != nil {
		return untold(err)
	}
	if entry == nil {
		return nil // Palette does not know the registry
	}
	names := make(map[string]bool)
	for v := range versions {
		name, _, _ := strings.Cut(v, "@")
		names[name] = true
	}
	used, err := st.client.ProfilesUsing(ctx, entry.UID, names)
	if err != nil {
		return untold(err)
	}
	by := make(map[string][]string) // profiles by version
	for _, u := range used {
		if v := u.Name + "@" + u.Version; versions[v] && !slices.Contains(by[v], u.Profile.Name) {
			by[v] = append(by[v], u.Profile.Name)
		}
	}
	var remarks []string
	for _, v := range slices.Sorted(maps.Keys(by)) {
		remarks = append(remarks, fmt.Sprintf("%s: cluster profiles use %s, which is deleted: %s; their clusters ask for content that is then gone", st.spec.Name, v, strings.Join(by[v], ", ")))
	}
	return remarks
}
