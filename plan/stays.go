package plan

import (
	"fmt"
	"slices"
	"strings"

	"github.com/packs-cli/packs/internal/version"
)

// remarks collects what stays although somebody may expect it to go.
type remarks struct {
	unmanaged []string
	unjudged  []string
	single    []string
}

func (l *remarks) add(list *[]string, h *Holding, v *Held) {
	*list = append(*list, fmt.Sprintf("%s in %s", h.Name+"@"+v.Version, h.Registry))
}

// stays notes why a version is not deleted, where that is no matter of course.
func (l *remarks) stays(r *rules, v *Held) {
	if r.wanted[v.Version] {
		return
	}
	semantic := version.Parse(v.Version).Semantic()
	switch {
	case !semantic && (r.Keep != nil || slices.ContainsFunc(r.ranges, func(rule retiredRange) bool {
		_, judged := rule.versions.Contains(v.Version)
		return !judged
	})):
		l.add(&l.unjudged, r.holding, v)
	case semantic && r.Keep != nil && len(r.wanted) < 2:
		l.add(&l.single, r.holding, v)
	}
}

func (l *remarks) lines(p *Pruning, actions []Action) []string {
	var all []string
	say := func(list []string, format string) {
		if len(list) > 0 {
			all = append(all, fmt.Sprintf(format, some(list)))
		}
	}
	say(l.unmanaged, "not deleted, because packs did not publish it: %s; `packs prune --include-unmanaged` deletes it")
	say(l.unjudged, "not deleted, because it is no semantic version, which no range can judge: %s; retired: names it exactly")
	say(l.single, "not deleted, because packs.yaml has fewer than two versions of the pack for that registry, so that older ones may be in use: %s; retired: names what shall go")
	if p.Shown && slices.ContainsFunc(actions, func(a Action) bool { return a.Kind == Delete }) {
		all = append(all, "what is to be deleted stays until `packs apply --prune` or `packs prune` deletes it")
	}
	return all
}

// some lists the first of many texts.
func some(list []string) string {
	const shown = 5
	if len(list) <= shown {
		return strings.Join(list, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(list[:shown], ", "), len(list)-shown)
}
