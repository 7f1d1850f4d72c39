package lint

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/internal/suggest"
	"github.com/packs-cli/packs/schema"
)

var packJSONRules = []Rule{
	{ID: "pack-json-missing", Severity: Error, Summary: "the folder holds no pack.json", check: checkJSONMissing},
	{ID: "pack-json-syntax", Severity: Error, Summary: "pack.json is not a JSON object in UTF-8", check: checkJSONSyntax},
	{ID: "pack-json-schema", Severity: Error, Summary: "pack.json breaks the schema, or a key or value looks mistyped", check: checkJSONSchema},
	{ID: "duplicate-key", Severity: Error, Summary: "a key stands twice in one object of pack.json", check: checkDuplicateKey},
	{ID: "addon-type-missing", Severity: Warning, Summary: "an add-on pack has no addonType", check: checkAddonType},
	{ID: "eol-format", Severity: Warning, Summary: "eol is no date of the form yyyy-MM-dd", check: checkEOL},
	{ID: "annotations-source", Severity: Warning, Summary: "annotations lack source, or it is not one that Palette's catalog uses", check: checkSource},
}

func checkJSONMissing(p *pass) {
	if p.noJSON {
		p.report(place{}, "a pack is a folder that holds pack.json", "pack.json is missing")
	}
}

func checkJSONSyntax(p *pass) {
	if p.jsonFlaw != nil {
		p.flaw(pack.MetaFile, p.jsonFlaw)
		return
	}
	if p.json != nil && p.json.mark > 0 {
		f := p.report(place{pack.MetaFile, 1, 1}, "save it as UTF-8 without a mark", "pack.json begins with a byte order mark, which JSON does not allow")
		f.Severity = Warning // most programs pass over it
		f.Fix = &Fix{Edits: []Edit{{Start: 0, End: p.json.mark}}}
	}
}

func checkDuplicateKey(p *pass) {
	var walk func(v *jsonValue)
	walk = func(v *jsonValue) {
		first := make(map[string]int, len(v.members))
		for _, m := range v.members {
			if start, ok := first[m.key]; ok {
				line, _ := p.json.at(start)
				l, c := p.json.at(m.start)
				p.reportf(place{pack.MetaFile, l, c}, "keep one of them: programs differ in which one they take", "%s stands twice; the first is in line %d", quote(m.key), line)
			} else {
				first[m.key] = m.start
			}
			walk(m.value)
		}
		for _, item := range v.items {
			walk(item)
		}
	}
	if m := p.meta(); m != nil {
		walk(m)
	}
}

func checkAddonType(p *pass) {
	m := p.meta()
	if m.str("layer") != "addon" {
		return
	}
	if v := m.get("addonType"); v == nil || v.kind == jsonString && strings.TrimSpace(v.text) == "" {
		at := p.metaKeyAt("layer")
		if v != nil {
			at = p.metaAt(v)
		}
		p.report(at, `add "addonType", such as "system app" or "monitoring"`, "a pack of layer addon has no addonType, which Palette sorts add-ons by")
	}
}

func checkEOL(p *pass) {
	v := p.meta().get("eol")
	if v == nil || v.kind != jsonString || strings.TrimSpace(v.text) == "" || isDate(v.text) {
		return
	}
	p.reportf(p.metaAt(v), `write it as in "2027-01-31", or leave it out`, "eol is %s, which is no date of the form yyyy-MM-dd", quote(v.text))
}

func isDate(s string) bool {
	if len(s) != len("2006-01-02") || s[4] != '-' || s[7] != '-' {
		return false
	}
	year, err1 := strconv.Atoi(s[:4])
	month, err2 := strconv.Atoi(s[5:7])
	day, err3 := strconv.Atoi(s[8:])
	if err1 != nil || err2 != nil || err3 != nil || month < 1 || month > 12 || day < 1 {
		return false
	}
	days := []int{31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31}
	if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
		days[1] = 29
	}
	return day <= days[month-1]
}

var knownSources = []string{"community", "spectrocloud"}

func checkSource(p *pass) {
	m := p.meta()
	if m == nil {
		return
	}
	annotations := m.get("annotations")
	if annotations != nil && annotations.kind != jsonObject {
		return // the schema says so
	}
	v := annotations.get("source")
	hint := `add "source": "community", or "spectrocloud" for the vendor's own packs`
	switch {
	case annotations == nil:
		p.report(p.metaAt(m), hint, "annotations.source is missing: it says who stands behind the pack")
	case v == nil:
		p.report(p.metaAt(annotations), hint, "annotations.source is missing: it says who stands behind the pack")
	case v.kind != jsonString:
		return
	case strings.TrimSpace(v.text) == "":
		p.report(p.metaAt(v), hint, "annotations.source is empty: it says who stands behind the pack")
	case !slices.Contains(knownSources, v.text):
		f := p.reportf(p.metaAt(v), didYouMean(suggest.Nearest(v.text, knownSources)), "annotations.source is %s; packs for the public catalog have %s", quote(v.text), oneOf(knownSources))
		if f.Hint == "" {
			f.Severity = Info // a catalog of one's own may use other words
		}
	}
}

// ownRules are violations of the schema that rules of their own report, by the
// place of the value: then pack-json-schema is silent.
var ownRules = map[string]bool{"/name": true, "/version": true}

func checkJSONSchema(p *pass) {
	if p.json == nil {
		return
	}
	for i, v := range violationsOf(p.json.data) {
		if i == 10*maxFindings {
			break
		}
		p.violation(v)
	}
	p.mistyped(p.meta(), "", 0)
}

// violation reports where pack.json does not fit its schema.
func (p *pass) violation(v schema.Violation) {
	value := p.meta().pointer(v.Location)
	at := p.metaAt(value)
	expected := schemaAt(v.Location)
	name := pathOf(v.Location)
	switch {
	case ownRules[v.Location] && (v.Keyword == "pattern" || v.Keyword == "maxLength"):
		if value != nil && value.text == "" {
			p.reportf(at, "", "%s is empty", name)
		}
	case v.Keyword == "required":
		for _, key := range expected.required() {
			if value.get(key) == nil {
				near := suggest.Nearest(key, keysOf(value))
				if slices.Contains(expected.keys(), near) {
					near = "" // a key that is right itself
				}
				p.reportf(at, hintMissing(key, near), "%s lacks %s", name, quote(key))
			}
		}
	case v.Keyword == "enum" && expected["anyOf"] != nil: // words that are only suggested
	case v.Keyword == "enum" && value != nil && value.kind == jsonString:
		words := expected.enum()
		near := suggest.Nearest(value.text, words)
		f := p.reportf(at, didYouMean(near), "%s is %s, which is none of %s", name, quote(value.text), strings.Join(words, ", "))
		f.Fix = p.json.replace(value.start, value.end, near)
	case v.Keyword == "type" && value != nil:
		p.reportf(at, hintType(value, expected), "%s is %s; it must be %s", name, jsonNames[value.kind], expected.kind())
	case v.Keyword == "minLength":
		p.reportf(at, "", "%s is empty", name)
	default:
		p.reportf(at, "", "%s: %s", name, v.Message)
	}
}

func hintMissing(key, near string) string {
	if near == "" {
		return ""
	}
	return fmt.Sprintf("there is %s: rename it to %s", quote(near), quote(key))
}

func hintType(v *jsonValue, expected schemaNode) string {
	switch {
	case expected.kind() == jsonNames[jsonString] && (v.kind == jsonNumber || v.kind == jsonBool):
		return fmt.Sprintf("put it in quotes: \"%s\"", v.text)
	case expected.kind() == jsonNames[jsonArray] && v.kind == jsonString:
		return fmt.Sprintf("put it in brackets: [%s]", quote(v.text))
	}
	return ""
}

// mistyped reports keys that the schema does not know but nearly knows, and
// values that are nearly among those it suggests. Further keys are allowed.
func (p *pass) mistyped(v *jsonValue, location string, depth int) {
	expected := schemaAt(location)
	if v == nil || expected == nil || depth > 8 {
		return
	}
	if v.kind == jsonString && expected["enum"] == nil {
		p.mistypedValue(v, location, expected.enum())
	}
	keys := expected.keys()
	for _, m := range v.members {
		if near := suggest.Nearest(m.key, keys); near != "" && v.get(near) == nil {
			line, column := p.json.at(m.start)
			f := p.reportf(place{pack.MetaFile, line, column}, didYouMean(near), "%s has the key %s, which means nothing to Palette", pathOf(location), quote(m.key))
			f.Severity = Warning
			if !slices.Contains(expected.required(), near) { // else the key is reported as missing
				f.Fix = p.json.replace(m.start, m.end, near)
			}
		}
		p.mistyped(m.value, location+"/"+escapePointer(m.key), depth+1)
	}
	for i, item := range v.items {
		p.mistyped(item, location+"/"+strconv.Itoa(i), depth+1)
	}
}

func (p *pass) mistypedValue(v *jsonValue, location string, words []string) {
	near := suggest.Nearest(v.text, words)
	if near == "" || slices.Contains(words, v.text) {
		return
	}
	f := p.reportf(p.metaAt(v), didYouMean(near), "%s is %s, which looks mistyped", pathOf(location), quote(v.text))
	f.Severity = Warning
	f.Fix = p.json.replace(v.start, v.end, near)
}

// replace mends a string; nil where there is no word for it.
func (f *jsonFile) replace(start, end int, word string) *Fix {
	if word == "" {
		return nil
	}
	return &Fix{Edits: []Edit{{Start: f.mark + start, End: f.mark + end, Text: strconv.Quote(word)}}}
}
