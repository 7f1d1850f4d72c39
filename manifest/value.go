package manifest

import (
	"slices"
	"strconv"
)

// kind is what a value is made of, whatever its type in YAML.
type kind int

const (
	null kind = iota + 1
	scalar
	list
	mapping
)

// value is one value of packs.yaml with its place. A value behind an anchor is
// shared by all its aliases. All methods work on a nil value: they find nothing,
// so that reading goes on behind a mistake that was reported already.
type value struct {
	kind    kind
	raw     string // scalar: the text as written, without quotes
	text    string // scalar: with variables put in
	tag     string // scalar: what YAML takes the text for, as "!!int"; "!!str" for quoted text
	quoted  bool
	pos     Position
	members []member // mapping: in the order of the file
	items   []*value // list

	interpolated bool // text differs from raw because a variable was put in
	unset        bool // names a variable that is not set: the text is unknown
	wrong        bool // a mistake was reported: the value counts as missing
}

// member is a key of a mapping with its value.
type member struct {
	key   string
	pos   Position // of the key
	value *value
}

// get returns the value of a key, or nil.
func (v *value) get(key string) *value {
	if v == nil {
		return nil
	}
	for i := range v.members {
		if v.members[i].key == key {
			return v.members[i].value
		}
	}
	return nil
}

// good tells whether v is there and was found right.
func (v *value) good() bool { return v != nil && !v.wrong }

// known tells whether v is a right text whose variables are all set.
func (v *value) known() bool { return v.good() && v.kind == scalar && !v.unset }

// str returns the text of a key's value, or "".
func (v *value) str(key string) string {
	if s := v.get(key); s.good() && s.kind == scalar {
		return s.text
	}
	return ""
}

// boolean returns the value of a key that holds true or false, or fallback.
func (v *value) boolean(key string, fallback bool) bool {
	if s := v.get(key); s.good() && s.tag == boolTag {
		return s.isTrue()
	}
	return fallback
}

func (v *value) isTrue() bool { return v.raw == "true" || v.raw == "True" || v.raw == "TRUE" }

// integer returns the number that a key holds, or 0.
func (v *value) integer(key string) int {
	n, err := strconv.Atoi(v.str(key))
	if err != nil {
		return 0
	}
	return n
}

// number returns the number that a key holds, or 0.
func (v *value) number(key string) float64 {
	n, err := strconv.ParseFloat(v.str(key), 64)
	if err != nil {
		return 0
	}
	return n
}

// scalars returns the texts below a key that holds one text or a list of them.
func (v *value) scalars(key string) []*value {
	s := v.get(key)
	if !s.good() {
		return nil
	}
	if s.kind == scalar {
		return []*value{s}
	}
	return slices.DeleteFunc(slices.Clone(s.items), func(i *value) bool { return !i.good() || i.kind != scalar })
}

// strings returns the texts below a key that holds one text or a list of them.
func (v *value) strings(key string) []string {
	values := v.scalars(key)
	if len(values) == 0 {
		return nil
	}
	texts := make([]string, len(values))
	for i, s := range values {
		texts[i] = s.text
	}
	return texts
}

// stringMap returns the texts of a mapping.
func (v *value) stringMap(key string) map[string]string {
	m := v.get(key)
	if !m.good() || len(m.members) == 0 {
		return nil
	}
	texts := make(map[string]string, len(m.members))
	for _, entry := range m.members {
		if entry.value.good() && entry.value.kind == scalar {
			texts[entry.key] = entry.value.text
		}
	}
	return texts
}

// position returns the place of v, or of a fallback where v is missing.
func (v *value) position(fallback *value) Position {
	switch {
	case v != nil:
		return v.pos
	case fallback != nil:
		return fallback.pos
	default:
		return Position{}
	}
}

// shown returns a text for a message, quoted. What a variable holds is never
// shown: the text stands as in the file.
func (v *value) shown() string { return quote(v.raw) }

const maxShown = 80

// quote returns text in double quotes, cut to a length that fits a line.
func quote(text string) string {
	runes := []rune(text)
	if len(runes) > maxShown {
		text = string(runes[:maxShown]) + "…"
	}
	return strconv.Quote(text)
}
