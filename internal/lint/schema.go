package lint

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/packs-cli/packs/schema"
)

// schemaNode is a part of the JSON Schema of pack.json. All methods work on nil.
type schemaNode map[string]any

// packSchema is the schema of pack.json, read once. It is a part of the program:
// a test reads it too, so that it is never empty.
var packSchema = sync.OnceValue(func() schemaNode {
	var node schemaNode
	if text, err := schema.Get(schema.Pack); err == nil {
		_ = json.Unmarshal(text, &node)
	}
	return node
})

// violationsOf returns where a pack.json does not fit its schema.
func violationsOf(text []byte) []schema.Violation {
	err := schema.Validate(schema.Pack, text)
	if invalid := (*schema.Error)(nil); errors.As(err, &invalid) {
		return invalid.Violations
	}
	return nil
}

// schemaAt returns what the schema says of the value that a JSON pointer names.
func schemaAt(pointer string) schemaNode {
	node := packSchema()
	if pointer == "" {
		return node
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		part = unescapePointer.Replace(part)
		if node = node.child(part); node == nil {
			return nil
		}
	}
	return node
}

func (n schemaNode) child(part string) schemaNode {
	if items, ok := n["items"].(map[string]any); ok {
		return schemaNode(items).resolved()
	}
	if properties, ok := n["properties"].(map[string]any); ok {
		if child, ok := properties[part].(map[string]any); ok {
			return schemaNode(child).resolved()
		}
	}
	child, ok := n["additionalProperties"].(map[string]any)
	if !ok {
		return nil
	}
	return schemaNode(child).resolved()
}

// resolved follows a reference to the schema's definitions.
func (n schemaNode) resolved() schemaNode {
	ref, ok := n["$ref"].(string)
	if !ok {
		return n
	}
	definitions, _ := packSchema()["definitions"].(map[string]any)
	to, _ := definitions[strings.TrimPrefix(ref, "#/definitions/")].(map[string]any)
	return to
}

// keys returns the keys that the schema knows, sorted.
func (n schemaNode) keys() []string {
	properties, _ := n["properties"].(map[string]any)
	keys := make([]string, 0, len(properties))
	for k := range properties {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// required returns the keys that must be there.
func (n schemaNode) required() []string { return texts(n["required"]) }

// enum returns the values that are allowed, or that are suggested where any
// text is allowed.
func (n schemaNode) enum() []string {
	if words := texts(n["enum"]); words != nil {
		return words
	}
	choices, _ := n["anyOf"].([]any)
	for _, c := range choices {
		if choice, ok := c.(map[string]any); ok {
			if words := texts(choice["enum"]); words != nil {
				return words
			}
		}
	}
	return nil
}

// kind says what type of value is expected.
func (n schemaNode) kind() string {
	name, _ := n["type"].(string)
	if name == "" {
		return jsonNames[jsonString]
	}
	kinds := map[string]jsonKind{
		"object": jsonObject, "array": jsonArray, "string": jsonString, "number": jsonNumber, "integer": jsonNumber, "boolean": jsonBool,
	}
	return jsonNames[kinds[name]]
}

func texts(v any) []string {
	list, _ := v.([]any)
	var words []string
	for _, item := range list {
		if s, ok := item.(string); ok {
			words = append(words, s)
		}
	}
	return words
}

// keysOf returns the keys of an object in pack.json.
func keysOf(v *jsonValue) []string {
	if v == nil {
		return nil
	}
	keys := make([]string, 0, len(v.members))
	for _, m := range v.members {
		keys = append(keys, m.key)
	}
	return keys
}

// pathOf writes a JSON pointer for people: constraints.dependencies[0].type.
func pathOf(pointer string) string {
	if pointer == "" {
		return "pack.json"
	}
	var b strings.Builder
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		part = unescapePointer.Replace(part)
		if _, err := strconv.Atoi(part); err == nil && b.Len() > 0 {
			b.WriteString("[" + part + "]")
			continue
		}
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(part)
	}
	return b.String()
}

// Keys within a JSON pointer are escaped (RFC 6901).
var (
	pointerEscapes  = strings.NewReplacer("~", "~0", "/", "~1")
	unescapePointer = strings.NewReplacer("~1", "/", "~0", "~")
)

func escapePointer(key string) string { return pointerEscapes.Replace(key) }
