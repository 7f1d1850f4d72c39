package lint

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/packs-cli/packs/internal/suggest"
)

var schemaRules = []Rule{
	{ID: "pack-schema-syntax", Severity: Error, Summary: "schema.yaml is not in the form that Palette reads", check: checkPackSchema},
}

// schemaWords are the functions that a constraint may call.
var schemaWords = []string{"format", "hints", "readonly", "required"}

// formatTypes are the types of values that a format may name.
var formatTypes = []string{"boolean", "ipv4", "list", "number", "password", "string", "version"}

func checkPackSchema(p *pass) {
	f := p.yaml(schemaFile)
	switch {
	case f == nil:
		return
	case f.flaw != nil:
		p.flaw(schemaFile, f.flaw)
		return
	case f.root == nil:
		return
	case f.root.Kind != yaml.MappingNode:
		p.reportf(f.at(f.root), "it maps paths of parameters to constraints", "schema.yaml is %s, not a mapping", kindName(f.root))
		return
	}
	seen := make(map[string]int)
	for k, v := range pairs(f.root) {
		if line, twice := seen[k.Value]; twice {
			p.reportf(f.at(k), "keep one of them", "the parameter %s stands twice; the first is in line %d", quote(k.Value), line)
			continue
		}
		seen[k.Value] = k.Line
		p.constraint(f, k, follow(v))
	}
}

// constraint checks one parameter of schema.yaml.
func (p *pass) constraint(f *yamlFile, k, v *yaml.Node) {
	if strings.TrimSpace(k.Value) == "" || slices.Contains(strings.Split(k.Value, "."), "") {
		p.reportf(f.at(k), "it is written as in charts.nginx.service.port, lists as in addresses.$[]", "%s is no path of a parameter", quote(k.Value))
	}
	if v == nil || v.Kind != yaml.MappingNode {
		p.reportf(f.at(k), `write below it: schema: '{{ required }}'`, "the parameter %s has no constraint: it is %s", quote(k.Value), kindName(v))
		return
	}
	text := get(v, "schema")
	if text == nil {
		p.reportf(f.at(k), `write below it: schema: '{{ required }}'`, "the parameter %s lacks the key schema", quote(k.Value))
		return
	}
	at := f.at(text)
	if text.Kind != yaml.ScalarNode {
		p.report(at, `write it in quotes: schema: '{{ required }}'`, "schema is "+kindName(text)+", not text")
		return
	}
	original := f.macroOn(text)
	if original == "" {
		p.reportf(at, `write it as in '{{ required | format "${string}" }}'`, "the constraint %s stands in no braces", quote(text.Value))
		return
	}
	for _, fault := range constraintFaults(original) {
		p.report(at, fault.hint, fault.message).Severity = fault.severity
	}
}

// macroOn returns the macro that a scalar holds, or "".
func (f *yamlFile) macroOn(n *yaml.Node) string {
	m := f.macroFrom(n.Line, n.Column)
	if m == nil || m.open || m.line > n.Line+strings.Count(n.Value, "\n")+1 {
		return ""
	}
	return m.text
}

type constraintFault struct {
	message, hint string
	severity      Severity
}

// constraintFaults reads {{ WORD ARGUMENT… | … }}.
func constraintFaults(text string) []constraintFault {
	inner := strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(text, "{{"), "}}"))
	inner = strings.TrimSpace(strings.TrimSuffix(strings.TrimPrefix(inner, "-"), "-"))
	if inner == "" {
		return []constraintFault{{"the constraint is empty", oneOf(schemaWords), Error}}
	}
	var faults []constraintFault
	for _, call := range splitPipe(inner) {
		word, rest := call, ""
		if i := strings.IndexAny(call, " \t\n\""); i >= 0 {
			word, rest = call[:i], strings.TrimSpace(call[i:])
		}
		switch {
		case !slices.Contains(schemaWords, word):
			faults = append(faults, constraintFault{
				fmt.Sprintf("%s is none of the words that a constraint is made of: %s", quote(word), strings.Join(schemaWords, ", ")),
				didYouMean(suggest.Nearest(word, schemaWords)), Error,
			})
		case word == "format":
			faults = append(faults, formatFaults(rest)...)
		case word == "hints" && len(arguments(rest)) == 0:
			faults = append(faults, constraintFault{"hints has no text", `write it as in hints "port of the service"`, Warning})
		}
	}
	return faults
}

// splitPipe splits at bars outside of quotes.
func splitPipe(s string) []string {
	var parts []string
	var quote byte
	from := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote == '"' && c == '\\':
			i++
		case quote != 0:
			if c == quote {
				quote = 0
			}
		case c == '"' || c == '`':
			quote = c
		case c == '|':
			parts = append(parts, strings.TrimSpace(s[from:i]))
			from = i + 1
		}
	}
	return append(parts, strings.TrimSpace(s[from:]))
}

var argument = regexp.MustCompile("\"(?:[^\"\\\\]|\\\\.)*\"|`[^`]*`")

// arguments returns the quoted texts of a call.
func arguments(s string) []string {
	found := argument.FindAllString(s, -1)
	for i, a := range found {
		if u, err := strconv.Unquote(a); err == nil {
			found[i] = u
		} else {
			found[i] = a[1 : len(a)-1] // a regular expression with backslashes of its own
		}
	}
	return found
}

func formatFaults(rest string) []constraintFault {
	args := arguments(rest)
	if len(args) == 0 {
		return []constraintFault{{"format has no text in quotes", `write it as in format "${string}"`, Error}}
	}
	var faults []constraintFault
	for _, arg := range args {
		types, closed := placeholders(arg)
		if !closed {
			faults = append(faults, constraintFault{fmt.Sprintf("the format %s is not closed", quote(arg)), "${ ends with }", Error})
			continue
		}
		if len(types) == 0 {
			faults = append(faults, constraintFault{fmt.Sprintf("the format %s names no type", quote(arg)), `write it as in format "${string}"`, Warning})
		}
		for _, t := range types {
			if fault := typeFault(t); fault != nil {
				faults = append(faults, *fault)
			}
		}
	}
	return faults
}

// placeholders returns what stands between ${ and } in a format. Braces and
// slashes of a regular expression do not end one.
func placeholders(format string) (types []string, closed bool) {
	for {
		_, rest, found := strings.Cut(format, "${")
		if !found {
			return types, true
		}
		end := -1
		if kind, re, isRegexp := strings.Cut(rest, ":/"); isRegexp && !strings.ContainsAny(kind, "}") {
			if i := strings.Index(re, "/}"); i >= 0 {
				end = len(kind) + 2 + i + 1
			}
		}
		if end < 0 {
			end = strings.IndexByte(rest, '}')
		}
		if end < 0 {
			return types, false
		}
		types = append(types, rest[:end])
		format = rest[end+1:]
	}
}

var numberRange = regexp.MustCompile(`^\[\s*-?[0-9.]+\s*-\s*-?[0-9.]+\s*\]$`)

// typeFault checks TYPE, TYPE:/REGEXP/, TYPE:[a-b] and TYPE:[A,B].
func typeFault(t string) *constraintFault {
	kind, limit, limited := strings.Cut(t, ":")
	if !slices.Contains(formatTypes, kind) {
		return &constraintFault{fmt.Sprintf("the format asks for %s; Palette knows %s", quote(kind), strings.Join(formatTypes, ", ")), didYouMean(suggest.Nearest(kind, formatTypes)), Warning}
	}
	switch {
	case kind == "list" && (!limited || !strings.HasPrefix(limit, "[") || !strings.HasSuffix(limit, "]")):
		return &constraintFault{"a list names no choices", `write it as in format "${list:[small,large]}"`, Error}
	case !limited || kind == "list":
	case len(limit) >= 2 && strings.HasPrefix(limit, "/") && strings.HasSuffix(limit, "/"):
		if _, err := regexp.Compile(limit[1 : len(limit)-1]); err != nil {
			return &constraintFault{fmt.Sprintf("%s is no regular expression: %v", quote(limit), err), "the syntax is RE2", Error}
		}
	case kind == "number" && !numberRange.MatchString(limit):
		return &constraintFault{fmt.Sprintf("%s is no range of numbers", quote(limit)), "write it as in [5000-5005], or a regular expression as in /^50/", Error}
	}
	return nil
}
