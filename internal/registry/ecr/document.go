package ecr

import (
	"bytes"
	"encoding/json"
	"reflect"
	"regexp"
	"slices"
	"strings"
)

// sameDocument tells whether two policies say the same. The service gives a
// policy back in another layout, and writes some things another way: one
// value without an array, an account as the ARN of its root.
func sameDocument(a, b string) bool {
	x, okX := readDocument(a)
	y, okY := readDocument(b)
	return okX && okY && reflect.DeepEqual(x, y)
}

// maxDepth bounds the nesting of a policy; real ones have six levels.
const maxDepth = 32

func readDocument(text string) (any, bool) {
	d := json.NewDecoder(bytes.NewReader([]byte(text)))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, false
	}
	return plain(v, maxDepth)
}

var rootARN = regexp.MustCompile(`^arn:aws[a-z-]*:iam::([0-9]{12}):root$`)

// plain brings a document into one of the forms in which it can be written.
func plain(v any, depth int) (any, bool) {
	if depth == 0 {
		return nil, false
	}
	switch v := v.(type) {
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, value := range v {
			p, ok := plain(value, depth-1)
			if !ok {
				return nil, false
			}
			out[key] = p
		}
		return out, true
	case []any:
		return plainList(v, depth)
	case string:
		if m := rootARN.FindStringSubmatch(v); m != nil {
			return m[1], true
		}
	}
	return v, true
}

func plainList(v []any, depth int) (any, bool) {
	out := make([]any, len(v))
	texts := true
	for i, item := range v {
		p, ok := plain(item, depth-1)
		if !ok {
			return nil, false
		}
		out[i] = p
		_, text := p.(string)
		texts = texts && text
	}
	if len(out) == 1 {
		return out[0], true
	}
	if texts { // lists of actions, principals, values: their order says nothing
		slices.SortFunc(out, func(a, b any) int { return strings.Compare(a.(string), b.(string)) }) //nolint:forcetypeassert // all are text
	}
	return out, true
}
