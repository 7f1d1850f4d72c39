package lint

import (
	"cmp"
	"slices"

	"github.com/packs-cli/packs/docs/rules"
	"github.com/packs-cli/packs/internal/suggest"
)

// Need says what a rule must be given beside the files of packs.
type Need string

// What rules need.
const (
	NeedsNothing Need = ""
	NeedsGit     Need = "git"     // Config.Since: --changed-since
	NeedsImages  Need = "images"  // Config.Images: --check-images
	NeedsOnline  Need = "online"  // the registries: --online
	NeedsConfig  Need = "catalog" // the lint settings of packs.yaml
)

// Rule is one thing that packs are checked for.
type Rule struct {
	ID       string
	Severity Severity // unless packs.yaml says otherwise; single findings may matter less
	Summary  string   // one line
	Needs    Need

	check  func(*pass)   // looks at one pack
	across func(*survey) // looks at all packs; nil like check for what others report
}

// ruleList is every rule, sorted by ID.
var ruleList = sorted(slices.Concat(
	packJSONRules, identityRules, fileRules, logoRules, textRules,
	valuesRules, imageRules, chartRules, valuesKeyRules, manifestRules,
	schemaRules, presetRules, acrossRules, outsideRules,
))

func sorted(list []Rule) []Rule {
	slices.SortFunc(list, func(a, b Rule) int { return cmp.Compare(a.ID, b.ID) })
	return list
}

// Rules returns every rule, sorted by ID.
func Rules() []Rule { return slices.Clone(ruleList) }

// Lookup returns the rule of an ID, and whether there is one.
func Lookup(id string) (Rule, bool) {
	i, ok := slices.BinarySearchFunc(ruleList, id, func(r Rule, id string) int { return cmp.Compare(r.ID, id) })
	if !ok {
		return Rule{}, false
	}
	return ruleList[i], true
}

// Nearest returns the ID that a mistyped one was most likely meant to be, or "".
func Nearest(id string) string {
	ids := make([]string, len(ruleList))
	for i := range ruleList {
		ids[i] = ruleList[i].ID
	}
	return suggest.Nearest(id, ids)
}

// Explain returns the page of a rule, in Markdown: docs/rules/ID.md.
func Explain(id string) (string, bool) {
	if _, ok := Lookup(id); !ok {
		return "", false
	}
	return rules.Page(id)
}
