package manifest

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"sync"

	"github.com/packs-cli/packs/schema"
)

// structure is one schema of packs.schema.json: the part of draft-07 that the
// file uses. It is the only source of which keys there are and what they hold.
type structure struct {
	Ref         string `json:"$ref"`
	Title       string `json:"title"`
	Description string `json:"description"`

	Type  string   `json:"type"`
	Const string   `json:"const"`
	Enum  []string `json:"enum"`

	Pattern             string `json:"pattern"`
	PatternErrorMessage string `json:"patternErrorMessage"`
	MinLength           int    `json:"minLength"`
	MaxLength           int    `json:"maxLength"`

	Minimum          *float64 `json:"minimum"`
	ExclusiveMinimum *float64 `json:"exclusiveMinimum"`
	Maximum          *float64 `json:"maximum"`

	Items    *structure `json:"items"`
	MinItems int        `json:"minItems"`
	MaxItems int        `json:"maxItems"`

	Properties           map[string]*structure `json:"properties"`
	PatternProperties    map[string]*structure `json:"patternProperties"`
	AdditionalProperties *additional           `json:"additionalProperties"`
	PropertyNames        *structure            `json:"propertyNames"`
	Required             []string              `json:"required"`
	Dependencies         map[string][]string   `json:"dependencies"`

	OneOf []*structure `json:"oneOf"`
	AllOf []*structure `json:"allOf"` // only of Not
	Not   *structure   `json:"not"`   // only of Required

	Definitions map[string]*structure `json:"definitions"`

	match func() *regexp.Regexp // Pattern, compiled when it is first used
}

// additional is the value of additionalProperties: false or a schema.
type additional struct{ schema *structure }

// UnmarshalJSON reads false or a schema.
func (a *additional) UnmarshalJSON(text []byte) error {
	if string(text) == "false" {
		return nil
	}
	return json.Unmarshal(text, &a.schema)
}

// packsStructure returns the schema of packs.yaml with its references
// resolved. It is read once.
var packsStructure = sync.OnceValues(func() (*structure, error) {
	text, err := schema.Get(schema.Packs)
	if err != nil {
		return nil, err
	}
	root := &structure{}
	if err := json.Unmarshal(text, root); err != nil {
		return nil, fmt.Errorf("schema of packs.yaml: %w", err)
	}
	if err := root.resolve(root.Definitions, map[*structure]bool{}); err != nil {
		return nil, fmt.Errorf("schema of packs.yaml: %w", err)
	}
	return root, nil
})

// resolve puts definitions in the place of the references to them.
func (s *structure) resolve(definitions map[string]*structure, done map[*structure]bool) error {
	if done[s] {
		return nil
	}
	done[s] = true
	s.match = sync.OnceValue(func() *regexp.Regexp {
		// Editors see variables before they are put in, so patterns let ${ pass;
		// here they are in place.
		return regexp.MustCompile(strings.TrimSuffix(s.Pattern, `|\$\{`))
	})
	for _, group := range []map[string]*structure{s.Properties, s.PatternProperties, s.Definitions} {
		for key, child := range group {
			target, err := child.target(definitions)
			if err != nil {
				return err
			}
			group[key] = target
		}
	}
	for i, child := range s.OneOf {
		target, err := child.target(definitions)
		if err != nil {
			return err
		}
		s.OneOf[i] = target
	}
	if s.Items != nil {
		target, err := s.Items.target(definitions)
		if err != nil {
			return err
		}
		s.Items = target
	}
	for _, child := range s.children() {
		if err := child.resolve(definitions, done); err != nil {
			return err
		}
	}
	return nil
}

// target follows a reference. What it refers to keeps the description that
// stands beside the reference.
func (s *structure) target(definitions map[string]*structure) (*structure, error) {
	if s.Ref == "" {
		return s, nil
	}
	target, ok := definitions[strings.TrimPrefix(s.Ref, "#/definitions/")]
	if !ok {
		return nil, fmt.Errorf("%s refers to nothing", s.Ref)
	}
	if s.Description == "" {
		return target, nil
	}
	described := *target
	described.Description = s.Description
	return &described, nil
}

// children returns the schemas right below s, in a fixed order.
func (s *structure) children() []*structure {
	var all []*structure
	for _, group := range []map[string]*structure{s.Properties, s.PatternProperties, s.Definitions} {
		for _, key := range slices.Sorted(maps.Keys(group)) {
			all = append(all, group[key])
		}
	}
	all = append(all, s.OneOf...)
	if s.AdditionalProperties != nil && s.AdditionalProperties.schema != nil {
		all = append(all, s.AdditionalProperties.schema)
	}
	for _, child := range []*structure{s.Items, s.PropertyNames} {
		if child != nil {
			all = append(all, child)
		}
	}
	return all
}

// property returns the schema of a key, and whether the key is known; a known
// key without a schema is the user's own.
func (s *structure) property(key string) (*structure, bool) {
	if p, ok := s.Properties[key]; ok {
		return p, true
	}
	for prefix := range s.PatternProperties { // each is ^PREFIX
		if strings.HasPrefix(key, strings.TrimPrefix(prefix, "^")) {
			return nil, true
		}
	}
	if s.AdditionalProperties != nil && s.AdditionalProperties.schema != nil {
		return s.AdditionalProperties.schema, true
	}
	return nil, false
}

// keys returns the keys that have a name, sorted.
func (s *structure) keys() []string { return slices.Sorted(maps.Keys(s.Properties)) }

// noun says in words what a value of the schema is.
func (s *structure) noun() string {
	switch s.Type {
	case "object":
		return "a mapping (key: value)"
	case "array":
		return "a list"
	case "boolean":
		return "true or false"
	case "integer":
		return "a whole number"
	case "number":
		return "a number"
	case "":
		if len(s.OneOf) > 0 {
			nouns := make([]string, 0, len(s.OneOf))
			for _, o := range s.OneOf {
				nouns = append(nouns, o.noun())
			}
			return strings.Join(slices.Compact(nouns), " or ")
		}
	}
	return "text"
}

// takes tells whether a value of that kind can fit the schema at all.
func (s *structure) takes(k kind) bool {
	switch s.Type {
	case "object":
		return k == mapping
	case "array":
		return k == list
	case "":
		if len(s.OneOf) > 0 {
			return slices.ContainsFunc(s.OneOf, func(o *structure) bool { return o.takes(k) })
		}
	}
	return k == scalar
}
