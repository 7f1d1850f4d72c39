package lint

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
)

// Limits of pack.json; real ones have some hundred bytes.
const (
	maxJSON      = 1 << 20
	maxJSONDepth = 100
	maxJSONItems = 20_000
)

// jsonKind is what a JSON value is.
type jsonKind int

const (
	jsonObject jsonKind = iota + 1
	jsonArray
	jsonString
	jsonNumber
	jsonBool
	jsonNull
)

var jsonNames = map[jsonKind]string{
	jsonObject: "an object", jsonArray: "a list", jsonString: "a string",
	jsonNumber: "a number", jsonBool: "true or false", jsonNull: "null",
}

// jsonValue is a value with its place. All methods work on nil: they find nothing.
type jsonValue struct {
	kind    jsonKind
	text    string // of a string, without quotes; of a number, as written
	start   int    // offset of the first byte
	end     int    // offset behind the last byte
	members []jsonMember
	items   []*jsonValue
}

type jsonMember struct {
	key        string
	start, end int // of the key, with its quotes
	value      *jsonValue
}

// jsonFile is a JSON text that was read. Offsets count from behind a byte order mark.
type jsonFile struct {
	data []byte
	mark int // length of a byte order mark before data
	root *jsonValue
	*lines
}

// parseJSON reads data as one JSON value, and says why it is none.
func parseJSON(data []byte) (*jsonFile, *flaw) {
	if len(data) > maxJSON {
		return nil, newFlaw(0, 0, "is larger than "+strconv.Itoa(maxJSON>>20)+" MiB", "a pack.json has some hundred bytes")
	}
	if f := checkText(data); f != nil {
		return nil, f
	}
	whole := data
	data = bytes.TrimPrefix(data, []byte(byteOrderMark))
	if len(bytes.TrimSpace(data)) == 0 {
		return nil, newFlaw(1, 1, "is empty", "it holds an object with name, displayName, version and layer")
	}
	// The decoder below tells offsets of tokens, this one those of errors.
	var raw json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, jsonFlaw(data, err)
	}
	r := &jsonReader{data: data}
	r.dec = json.NewDecoder(bytes.NewReader(r.data))
	r.dec.UseNumber()
	root, err := r.value(0)
	if err != nil {
		line, column := lineColumn(data, int(r.dec.InputOffset()))
		return nil, newFlaw(line, column, err.Error(), "")
	}
	return &jsonFile{data: data, mark: len(whole) - len(data), root: root, lines: newLines(data)}, nil
}

func jsonFlaw(data []byte, err error) *flaw {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return newFlaw(1, 1, "is no JSON: "+err.Error(), "")
	}
	at := int(syntax.Offset) - 1
	if strings.Contains(err.Error(), "unexpected end") {
		at++
	}
	line, column := lineColumn(data, at)
	return newFlaw(line, column, "is no JSON: "+err.Error(), jsonHint(data, at, err.Error()))
}

// jsonHint says what is most often behind a mistake.
func jsonHint(data []byte, at int, message string) string {
	before := bytes.TrimRight(data[:min(max(at, 0), len(data))], " \t\r\n")
	switch {
	case strings.Contains(message, "unexpected end"):
		return "a brace, bracket or quote is not closed"
	case strings.Contains(message, "looking for beginning of object key string") && bytes.HasSuffix(before, []byte(",")),
		strings.Contains(message, "looking for beginning of value") && bytes.HasSuffix(before, []byte(",")):
		return "take away the comma before it: JSON allows none after the last one"
	case strings.Contains(message, "after object key:value pair"), strings.Contains(message, "after array element"):
		return "a comma is missing before it"
	case strings.Contains(message, "invalid character '/'"), strings.Contains(message, "invalid character '#'"):
		return "JSON knows no comments"
	case strings.Contains(message, "after top-level value"):
		return "a pack.json is one object: take away what follows it"
	}
	return ""
}

var (
	errJSONDepth = errors.New("is nested more than " + strconv.Itoa(maxJSONDepth) + " levels deep")
	errJSONItems = errors.New("holds more than " + strconv.Itoa(maxJSONItems) + " values")
)

type jsonReader struct {
	dec   *json.Decoder
	data  []byte
	items int
}

// next returns a token with its place.
func (r *jsonReader) next() (t json.Token, start, end int, err error) {
	from := int(r.dec.InputOffset())
	for from < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[from]) >= 0 {
		from++
	}
	t, err = r.dec.Token()
	return t, from, int(r.dec.InputOffset()), err
}

func (r *jsonReader) value(depth int) (*jsonValue, error) {
	t, start, end, err := r.next()
	if err != nil {
		return nil, err
	}
	if r.items++; r.items > maxJSONItems {
		return nil, errJSONItems
	}
	v := &jsonValue{start: start, end: end}
	switch t := t.(type) {
	case json.Delim:
		if depth >= maxJSONDepth {
			return nil, errJSONDepth
		}
		return v, r.inside(v, t, depth+1)
	case string:
		v.kind, v.text = jsonString, t
	case json.Number:
		v.kind, v.text = jsonNumber, t.String()
	case bool:
		v.kind, v.text = jsonBool, strconv.FormatBool(t)
	default:
		v.kind, v.text = jsonNull, "null"
	}
	return v, nil
}

// inside reads the members of an object, or the items of a list, and its end.
func (r *jsonReader) inside(v *jsonValue, open json.Delim, depth int) error {
	v.kind = jsonArray
	if open == '{' {
		v.kind = jsonObject
	}
	for r.dec.More() {
		var m jsonMember
		if v.kind == jsonObject {
			t, start, end, err := r.next()
			if err != nil {
				return err
			}
			m.key, _ = t.(string)
			m.start, m.end = start, end
		}
		item, err := r.value(depth)
		if err != nil {
			return err
		}
		if v.kind == jsonArray {
			v.items = append(v.items, item)
			continue
		}
		m.value = item
		v.members = append(v.members, m)
	}
	_, _, end, err := r.next()
	v.end = end
	return err
}

// get returns the value of a key: of several, the last one, which is the one
// that programs take. It returns nil where there is none.
func (v *jsonValue) get(key string) *jsonValue {
	if m := v.member(key); m != nil {
		return m.value
	}
	return nil
}

func (v *jsonValue) member(key string) *jsonMember {
	if v == nil {
		return nil
	}
	for i := len(v.members) - 1; i >= 0; i-- {
		if v.members[i].key == key {
			return &v.members[i]
		}
	}
	return nil
}

// str returns the text of a key's value where that is a string.
func (v *jsonValue) str(key string) string {
	if s := v.get(key); s != nil && s.kind == jsonString {
		return s.text
	}
	return ""
}

// list returns the strings that a key's value lists.
func (v *jsonValue) list(key string) []*jsonValue {
	l := v.get(key)
	if l == nil {
		return nil
	}
	var texts []*jsonValue
	for _, item := range l.items {
		if item.kind == jsonString {
			texts = append(texts, item)
		}
	}
	return texts
}

// pointer returns the value that a JSON pointer names, or nil.
func (v *jsonValue) pointer(p string) *jsonValue {
	if p == "" {
		return v
	}
	for part := range strings.SplitSeq(strings.TrimPrefix(p, "/"), "/") {
		part = unescapePointer.Replace(part)
		switch {
		case v == nil:
			return nil
		case v.kind == jsonObject:
			v = v.get(part)
		default:
			i, err := strconv.Atoi(part)
			if err != nil || i < 0 || i >= len(v.items) {
				return nil
			}
			v = v.items[i]
		}
	}
	return v
}
