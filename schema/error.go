package schema

import (
	"cmp"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

// Error says where a value does not fit a schema.
type Error struct {
	Schema     string // the schema's name
	Violations []Violation
}

// Violation is one place where a value does not fit.
type Violation struct {
	Location string // JSON pointer into the value; empty for the value itself
	Keyword  string // the keyword that it does not fit, as "required" or "enum"
	Message  string
}

// Error returns the violations, one a line.
func (e *Error) Error() string {
	lines := make([]string, len(e.Violations))
	for i, v := range e.Violations {
		lines[i] = cmp.Or(v.Location, "/") + ": " + v.Message
	}
	return strings.Join(lines, "\n")
}

// violations returns the leaves of the tree of causes: what stands above them
// only says that something below does not fit.
func violations(e *jsonschema.ValidationError) []Violation {
	var all []Violation
	var collect func(*jsonschema.ValidationError)
	collect = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 {
			keyword := e.KeywordLocation[strings.LastIndexByte(e.KeywordLocation, '/')+1:]
			all = append(all, Violation{Location: e.InstanceLocation, Keyword: keyword, Message: e.Message})
		}
		for _, cause := range e.Causes {
			collect(cause)
		}
	}
	collect(e)
	slices.SortStableFunc(all, func(a, b Violation) int {
		return cmp.Or(cmp.Compare(a.Location, b.Location), cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Message, b.Message))
	})
	return slices.Compact(all)
}
