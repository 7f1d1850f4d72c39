package lint

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/suggest"
)

const maxDepth = 200 // of values that are compared; aliases may go in circles

// checkStructure compares what a pack sets for a chart with the chart's own
// values.yaml: a key that the chart does not have is most often mistyped or on
// the wrong level, and then it is never used. Charts may well read values that
// they do not list, so this is a warning.
func checkStructure(p *pass) {
	f := p.values()
	if f == nil {
		return
	}
	for _, c := range p.listedCharts() {
		mine := get(get(f.root, "charts"), c.name)
		if c.values == nil || mine == nil || mine.Kind != yaml.MappingNode {
			continue
		}
		s := structure{pass: p, file: f, chart: c}
		s.compare(mine, c.values, "charts."+c.name, "", 0)
	}
}

type structure struct {
	*pass
	file  *yamlFile
	chart *chart
}

// compare reports what mine has and the chart's node has not. An empty mapping
// or list of the chart is a place for anything.
func (s *structure) compare(mine, chart *yaml.Node, path, name string, depth int) {
	mine, chart = follow(mine), follow(chart)
	if mine == nil || chart == nil || depth > maxDepth || isOpen(chart) {
		return
	}
	switch {
	case mine.Kind == yaml.MappingNode && chart.Kind != yaml.MappingNode,
		mine.Kind == yaml.SequenceNode && chart.Kind != yaml.SequenceNode:
		found := s.reportf(s.file.at(mine), "", "%s is %s; in the chart's values.yaml it is %s", path, kindName(mine), kindName(chart))
		if chart.ShortTag() == "!!null" {
			found.Severity = Info // most often a place for others, like an empty mapping
		}
	case mine.Kind == yaml.MappingNode:
		s.keys(mine, chart, path, name, depth)
	}
}

func (s *structure) keys(mine, chart *yaml.Node, path, name string, depth int) {
	for k, v := range pairs(mine) {
		switch {
		case k.Kind != yaml.ScalarNode || s.file.hasMacro(k):
		case isMerge(k):
			s.compare(v, chart, path, name, depth+1)
		default:
			theirs := get(chart, k.Value)
			if theirs == nil {
				// Tighter limits than the chart's own are an override that makes sense.
				if name == "limits" && (k.Value == "cpu" || k.Value == "memory") {
					continue
				}
				s.strange(k, chart, join(path, k.Value))
				continue
			}
			s.compare(v, theirs, join(path, k.Value), k.Value, depth+1)
		}
	}
}

// strange reports a key that the chart does not have.
func (s *structure) strange(k, chart *yaml.Node, path string) {
	var known []string
	for k := range pairs(chart) {
		known = append(known, k.Value)
	}
	hint := didYouMean(suggest.Nearest(k.Value, known))
	if hint == "" {
		hint = "it has an effect only if the chart's templates read it all the same"
	}
	found := s.reportf(s.file.at(k), hint, "%s is not in the values.yaml of chart %s", path, s.chart.name)
	if part, _, _ := strings.Cut(strings.TrimPrefix(path, "charts."+s.chart.name+"."), "."); slices.Contains(s.chart.parts, part) {
		found.Hint, found.Severity = "it belongs to a subchart, whose own values.yaml may well have it", Info
	}
}

// isOpen tells whether a chart leaves it to others what stands here.
func isOpen(n *yaml.Node) bool {
	return (n.Kind == yaml.MappingNode || n.Kind == yaml.SequenceNode) && len(n.Content) == 0
}
