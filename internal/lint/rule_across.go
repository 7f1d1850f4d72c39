package lint

import (
	"cmp"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/pack"
)

var acrossRules = []Rule{
	{ID: "duplicate-pack", Severity: Error, Summary: "two packs have one name and version", across: checkDuplicates},
	{ID: "display-name-drift", Severity: Warning, Summary: "versions of a pack differ in displayName", across: checkDisplayNames},
	{ID: "dependency-missing", Severity: Info, Summary: "no pack of the catalog satisfies a required dependency", across: checkDependencies},
}

func checkDuplicates(s *survey) {
	same := make(map[string][]*facts)
	for _, f := range s.all {
		if f.name != "" && f.version != "" {
			key := f.name + ":" + f.version
			same[key] = append(same[key], f)
		}
	}
	for _, list := range same {
		slices.SortFunc(list, func(a, b *facts) int { return cmp.Compare(a.in.Path, b.in.Path) })
	}
	for _, f := range s.mine() {
		for _, other := range same[f.name+":"+f.version] {
			if other.in.Path == f.in.Path || !meet(f.in.Targets, other.in.Targets) {
				continue
			}
			s.reportf(f, f.at["version"], "give one of them another version, or take it away", "%s %s is also in %s", f.name, f.version, other.in.Path)
			break
		}
	}
}

// meet tells whether two packs go to one registry; no registries means any.
func meet(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(r string) bool { return slices.Contains(b, r) })
}

// checkDisplayNames takes the displayName that most versions have for the right
// one, and of several such that of the lowest version.
func checkDisplayNames(s *survey) {
	byName := make(map[string][]*facts)
	for _, f := range s.all {
		if f.name != "" && f.displayName != "" {
			byName[f.name] = append(byName[f.name], f)
		}
	}
	for _, f := range s.mine() {
		versions := byName[f.name]
		if len(versions) < 2 || f.displayName == "" {
			continue
		}
		usual := usualName(versions)
		if usual.displayName != f.displayName {
			s.reportf(f, f.at["displayName"], "keep the displayName, or Palette shows a new pack",
				"displayName is %s; in %s and other versions it is %s", quote(f.displayName), usual.version, quote(usual.displayName))
		}
	}
}

func usualName(versions []*facts) *facts {
	count := make(map[string]int)
	for _, f := range versions {
		count[f.displayName]++
	}
	return slices.MinFunc(versions, func(a, b *facts) int {
		return cmp.Or(cmp.Compare(count[b.displayName], count[a.displayName]), pack.CompareVersions(a.version, b.version), cmp.Compare(a.in.Path, b.in.Path))
	})
}

func checkDependencies(s *survey) {
	versions := make(map[string][]string)
	for _, f := range s.all {
		versions[f.name] = append(versions[f.name], f.version)
	}
	for _, f := range s.mine() {
		for _, d := range f.dependencies {
			if d.kind != "required" || d.name == "" {
				continue
			}
			all, there := versions[d.name]
			switch {
			case !there:
				s.reportf(f, d.at, "clusters need it from another registry", "the required pack %s is not in this catalog", quote(d.name))
			case !slices.ContainsFunc(all, d.allows):
				slices.SortFunc(all, pack.CompareVersions)
				s.reportf(f, d.at, "the catalog has "+strings.Join(shorten(slices.Compact(slices.Clone(all))), ", "), "no version of the required pack %s lies %s", quote(d.name), d.span())
			}
		}
	}
}

func (d dependency) allows(version string) bool {
	return (d.least == "" || pack.CompareVersions(version, d.least) >= 0) && (d.most == "" || pack.CompareVersions(version, d.most) <= 0)
}

func (d dependency) span() string {
	switch {
	case d.least == "":
		return "at or below " + d.most
	case d.most == "":
		return "at or above " + d.least
	}
	return "from " + d.least + " to " + d.most
}
