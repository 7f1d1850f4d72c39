package lint

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/suggest"
)

var valuesKeyRules = []Rule{
	{ID: "charts-key", Severity: Error, Summary: "a key below charts: is no chart's name, or a chart has none", check: checkChartsKey},
	{ID: "values-structure", Severity: Warning, Summary: "values that the chart's own values.yaml does not have", check: checkStructure},
	{ID: "manifests-key", Severity: Error, Summary: "a key below manifests: is no manifest's name", check: checkManifestsKey},
	{ID: "namespace-invalid", Severity: Error, Summary: "a namespace that Kubernetes does not allow", check: checkNamespaces},
	{ID: "install-priority", Severity: Warning, Summary: "the install priority is no number in quotes", check: checkPriority},
}

func checkChartsKey(p *pass) {
	f := p.yaml(valuesFile)
	names, known := chartNames(p)
	if f == nil || f.flaw != nil || len(p.listedCharts()) == 0 {
		return
	}
	section := get(f.root, "charts")
	if section != nil && section.Kind != yaml.MappingNode && section.ShortTag() != "!!null" {
		p.reportf(f.at(key(f.root, "charts")), "", "charts: is %s, not a mapping by chart names", kindName(section))
		return
	}
	var strange, missing []*yaml.Node
	var lacking []string
	for k := range pairs(section) {
		if known && !isMerge(k) && !slices.Contains(names, k.Value) && !f.hasMacro(k) {
			strange = append(strange, k)
		}
	}
	for _, name := range slices.Compact(names) {
		k, v := find(section, name, 0)
		switch {
		case k == nil:
			lacking = append(lacking, name)
		case v == nil || v.Kind != yaml.MappingNode:
			missing = append(missing, k)
		}
	}
	if p.misplaced(f, strange, lacking) {
		return
	}
	for _, k := range strange {
		p.reportf(f.at(k), cmpHint(suggest.Nearest(k.Value, names), names), "%s is no chart of this pack: what stands below it is never used", quote("charts."+k.Value))
	}
	for _, name := range lacking {
		p.reportf(f.nearest("charts"), "add it, with the values that people may want to change", "values.yaml has nothing below %s", quote("charts."+name))
	}
	for _, k := range missing {
		p.reportf(f.at(k), "", "%s is %s, not a mapping", quote("charts."+k.Value), kindName(get(section, k.Value)))
	}
}

func cmpHint(near string, names []string) string {
	if near != "" {
		return didYouMean(near)
	}
	return "the pack's charts are called " + allOf(shorten(quoted(names)))
}

// misplaced reports values that stand one level too high as one finding: the
// only chart has no key of its own, and all that stands below charts: is known
// to its values.yaml.
func (p *pass) misplaced(f *yamlFile, strange []*yaml.Node, lacking []string) bool {
	if len(strange) < 2 || len(lacking) != 1 || len(p.charts) != 1 || p.charts[0].values == nil {
		return false
	}
	var keys []string
	for _, k := range strange {
		if get(p.charts[0].values, k.Value) == nil {
			return false
		}
		keys = append(keys, k.Value)
	}
	p.reportf(f.at(strange[0]), "put them below charts."+lacking[0], "%s stand directly below charts:, so that the chart %s never gets them", allOf(shorten(keys)), lacking[0])
	return true
}

func checkManifestsKey(p *pass) {
	f := p.values()
	if f == nil || p.meta() == nil {
		return
	}
	section := get(f.root, "manifests")
	if section == nil || section.Kind == yaml.ScalarNode && section.ShortTag() == "!!null" {
		return
	}
	if section.Kind != yaml.MappingNode {
		p.reportf(f.at(key(f.root, "manifests")), "", "manifests: is %s, not a mapping by manifest names", kindName(section))
		return
	}
	var names []string
	for _, v := range p.meta().list("kubeManifests") {
		names = append(names, manifestKey(v.text))
	}
	slices.Sort(names)
	for k := range pairs(section) {
		if isMerge(k) || slices.Contains(names, k.Value) || f.hasMacro(k) {
			continue
		}
		hint := "pack.json lists no kubeManifests"
		if near := suggest.Nearest(k.Value, names); near != "" {
			hint = didYouMean(near)
		} else if len(names) > 0 {
			hint = "the pack's manifests are called " + allOf(shorten(quoted(names)))
		}
		p.reportf(f.at(k), hint, "%s is no manifest of this pack: what stands below it is never used", quote("manifests."+k.Value))
	}
}

// namespacePattern is a DNS label (RFC 1123), as Kubernetes names namespaces.
var namespacePattern = regexp.MustCompile(`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`)

const maxNamespace = 63

func validNamespace(s string) bool { return len(s) <= maxNamespace && namespacePattern.MatchString(s) }

func checkNamespaces(p *pass) {
	f := p.values()
	if f == nil {
		return
	}
	about := get(f.root, "pack")
	if n := get(about, "namespace"); n != nil {
		p.namespace(f, n, "pack.namespace")
	}
	switch n := get(about, "additionalNamespaces"); {
	case n == nil:
	case n.Kind == yaml.SequenceNode:
		for _, item := range n.Content {
			p.namespace(f, follow(item), "pack.additionalNamespaces")
		}
	case n.Kind == yaml.MappingNode:
		for k := range pairs(n) {
			p.namespace(f, k, "pack.additionalNamespaces")
		}
	case !f.hasMacro(n):
		for one := range strings.SplitSeq(n.Value, ",") {
			if one = strings.TrimSpace(one); one != "" && !validNamespace(one) {
				p.badNamespace(f, n, "pack.additionalNamespaces", one)
			}
		}
	}
	for _, name := range []string{"namespaceLabels", "namespaceAnnotations"} {
		for k := range pairs(get(about, name)) {
			if !isMerge(k) {
				p.namespace(f, k, "a key of pack."+name)
			}
		}
	}
}

// namespace reports a scalar that is no namespace. An empty one means the
// namespace default.
func (p *pass) namespace(f *yamlFile, n *yaml.Node, what string) {
	switch {
	case n == nil || f.hasMacro(n):
	case n.Kind != yaml.ScalarNode:
		p.reportf(f.at(n), "", "%s is %s, not a namespace", what, kindName(n))
	case n.ShortTag() == "!!null" || n.Value == "" || validNamespace(n.Value):
	default:
		p.badNamespace(f, n, what, n.Value)
	}
}

func (p *pass) badNamespace(f *yamlFile, n *yaml.Node, what, value string) {
	hint := "lower-case letters, digits and dashes, up to 63, not beginning or ending with a dash"
	if better := strings.NewReplacer("_", "-", " ", "-", ".", "-").Replace(strings.ToLower(strings.TrimSpace(value))); validNamespace(better) {
		hint = didYouMean(better)
	}
	p.reportf(f.at(n), hint, "%s is %s, which is no namespace", what, quote(value))
}

const priorityKey = "spectrocloud.com/install-priority"

func checkPriority(p *pass) {
	f := p.values()
	if f == nil {
		return
	}
	n := get(get(f.root, "pack"), priorityKey)
	if n == nil || f.hasMacro(n) {
		return
	}
	_, err := strconv.ParseInt(strings.TrimSpace(n.Value), 10, 32)
	switch {
	case n.Kind != yaml.ScalarNode || err != nil:
		p.reportf(f.at(n), `write a number in quotes, as in "10": packs with lower numbers come first`, "%s is %s, which is no number", priorityKey, quote(n.Value))
	case n.ShortTag() != "!!str":
		p.reportf(f.at(n), "put it in quotes: \""+n.Value+"\"", "%s is a number, and Palette expects text", priorityKey)
	}
}
