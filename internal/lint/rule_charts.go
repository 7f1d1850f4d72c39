package lint

import (
	"path"
	"regexp"
	"slices"
	"strings"
)

var chartRules = []Rule{
	{ID: "chart-broken", Severity: Error, Summary: "a chart archive is damaged, or holds no chart", check: checkChartsWhole},
	{ID: "chart-name-file", Severity: Warning, Summary: "a chart's file name says another name or version than its Chart.yaml", check: checkChartFileNames},
	{ID: "chart-version", Severity: Info, Summary: "no chart of the pack has the pack's version", check: checkChartVersions},
}

func checkChartsWhole(p *pass) {
	for _, c := range p.listedCharts() {
		if c.flaw == nil || c.flaw.told {
			continue
		}
		found := p.reportf(place{file: c.path}, c.flaw.hint, "%s %s", c.path, c.flaw.message)
		if c.flaw.unchecked {
			found.Severity = Warning
		}
	}
}

// versionInName finds a version at the end of a chart's file name.
var versionInName = regexp.MustCompile(`^(.*?)-(v?[0-9]+\.[0-9]+.*)$`)

// checkChartFileNames accepts NAME-VERSION.tgz, as `helm package` writes it, and
// NAME.tgz.
func checkChartFileNames(p *pass) {
	for _, c := range p.listedCharts() {
		if c.name == "" {
			continue
		}
		stem := strings.TrimSuffix(path.Base(c.path), path.Ext(c.path))
		if stem == c.name || stem == c.name+"-"+c.version {
			continue
		}
		hint := "call it " + c.name + "-" + c.version + ".tgz, here and in pack.json"
		if m := versionInName.FindStringSubmatch(stem); m != nil && m[1] == c.name {
			p.reportf(p.metaAt(c.listed), hint, "%s holds version %s of chart %s", c.path, c.version, c.name)
			continue
		}
		p.reportf(p.metaAt(c.listed), hint, "%s holds the chart %s %s, and its values stand below charts.%s", c.path, c.name, c.version, c.name)
	}
}

// checkChartVersions wants one of the pack's charts to have the pack's version:
// which of several is the main one cannot be known.
func checkChartVersions(p *pass) {
	version := strings.TrimPrefix(p.meta().str("version"), "v")
	charts := p.listedCharts()
	same := func(c *chart) bool { return c.name == "" || strings.TrimPrefix(c.version, "v") == version }
	if version == "" || len(charts) == 0 || slices.ContainsFunc(charts, same) {
		return
	}
	c := charts[0]
	p.reportf(p.metaKeyAt("version"), "", "the pack has version %s, and its chart %s has %s", p.meta().str("version"), c.name, c.version)
}
