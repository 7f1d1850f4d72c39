package pack

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// ParseMeta reads the bytes of a pack.json; file is its name for messages.
// Errors are those of ReadMeta.
func ParseMeta(file string, data []byte) (Meta, error) {
	p := metaParser{file: file, data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}
	if len(data) > maxMeta {
		return Meta{}, p.fail(-1, fmt.Sprintf("has more than %d bytes", maxMeta), "a "+MetaFile+" has some hundred", ErrTooLarge)
	}
	if at := invalid(p.data); at >= 0 {
		return Meta{}, p.fail(at, "is not UTF-8", "save it as UTF-8", nil)
	}
	if err := p.members(); err != nil {
		return Meta{}, err
	}
	var m Meta
	m.DisplayName, _ = p.text("displayName")
	m.Layer, _ = p.text("layer")
	var wrongName, wrongVersion error
	m.Name, wrongName = p.checked("name", checkName)
	m.Version, wrongVersion = p.checked("version", checkVersion)
	switch {
	case wrongName == nil:
		return m, wrongVersion
	case wrongVersion == nil:
		return m, wrongName
	}
	return m, errors.Join(wrongName, wrongVersion)
}

// invalid returns the offset of the first byte that is not UTF-8, -1 for none.
func invalid(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	at := 0
	for {
		r, n := utf8.DecodeRune(data[at:])
		if r == utf8.RuneError && n == 1 {
			return at
		}
		at += n
	}
}

// metaParser keeps the places of the top-level members of a JSON object.
type metaParser struct {
	file    string
	data    []byte
	decoder *json.Decoder
	found   map[string]member
}

type member struct {
	raw json.RawMessage
	at  int // offset of the value
}

// fail returns the error for a place in the file; -1 means the file as a whole.
func (p *metaParser) fail(at int, message, hint string, cause error) error {
	e := &MetaError{File: p.file, Message: message, Hint: hint, Err: cause}
	if at >= 0 {
		before := p.data[:min(at, len(p.data))]
		e.Line = bytes.Count(before, []byte("\n")) + 1
		e.Column = utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	}
	return e
}

// members reads the object's members. Only what is asked for later is kept.
func (p *metaParser) members() error {
	var whole json.RawMessage
	if err := json.Unmarshal(p.data, &whole); err != nil {
		return p.syntax(err)
	}
	if start := bytes.IndexByte(p.data, '{'); start < 0 || len(bytes.TrimSpace(p.data[:start])) > 0 {
		return p.fail(0, "is not a JSON object", `begin it with "{"`, nil)
	}
	p.found = make(map[string]member)
	p.decoder = json.NewDecoder(bytes.NewReader(p.data))
	if _, err := p.decoder.Token(); err != nil { // the opening brace
		return p.syntax(err)
	}
	for p.decoder.More() {
		if err := p.member(); err != nil {
			return err
		}
	}
	return nil
}

func (p *metaParser) member() error {
	token, err := p.decoder.Token()
	if err != nil {
		return p.syntax(err)
	}
	key, _ := token.(string)
	end := int(p.decoder.InputOffset())
	var raw json.RawMessage
	if err := p.decoder.Decode(&raw); err != nil {
		return p.syntax(err)
	}
	switch key {
	case "name", "version", "displayName", "layer":
	default:
		return nil
	}
	if _, twice := p.found[key]; twice && (key == "name" || key == "version") {
		at := bytes.LastIndexByte(p.data[:end-1], '"')
		return p.fail(at, fmt.Sprintf("%q stands twice", key), "keep one of them", nil)
	}
	p.found[key] = member{raw: raw, at: int(p.decoder.InputOffset()) - len(raw)}
	return nil
}

func (p *metaParser) syntax(err error) error {
	var se *json.SyntaxError
	switch {
	case len(bytes.TrimSpace(p.data)) == 0:
		return p.fail(-1, "is empty", "it needs at least name, displayName, version and layer", err)
	case errors.As(err, &se):
		at := int(se.Offset) - 1
		return p.fail(at, "is not valid JSON: "+se.Error(), p.syntaxHint(at), err)
	}
	return p.fail(0, "is not valid JSON: "+err.Error(), "", err)
}

// syntaxHint knows what people write that JSON does not have.
func (p *metaParser) syntaxHint(at int) string {
	if at < 0 || at >= len(p.data) {
		return ""
	}
	before := bytes.TrimSpace(p.data[:at])
	switch c := p.data[at]; {
	case (c == '}' || c == ']') && bytes.HasSuffix(before, []byte(",")):
		return "remove the comma before it"
	case c == '/' || c == '#':
		return "JSON has no comments"
	case c == '\'':
		return `strings stand in "double quotes"`
	case c == '"' && len(before) > 0 && before[len(before)-1] != ',':
		return "is a comma missing before it?"
	}
	return ""
}

// text returns a member that is a string; ok is false where it is missing or
// something else.
func (p *metaParser) text(key string) (s string, ok bool) {
	m, found := p.found[key]
	if !found || m.raw[0] != '"' || json.Unmarshal(m.raw, &s) != nil {
		return "", false
	}
	return s, true
}

// checked returns a member that publishing needs.
func (p *metaParser) checked(key string, check func(string) (message, hint string)) (string, error) {
	m, found := p.found[key]
	if !found {
		return "", p.fail(-1, fmt.Sprintf("has no %q", key), "name and version say where a pack is published", nil)
	}
	s, ok := p.text(key)
	if !ok {
		hint := ""
		if c := m.raw[0]; c == '-' || '0' <= c && c <= '9' {
			hint = fmt.Sprintf(`quote it: "%s"`, m.raw)
		}
		return "", p.fail(m.at, fmt.Sprintf("%q is not a string", key), hint, nil)
	}
	if message, hint := check(s); message != "" {
		return s, p.fail(m.at, message, hint, nil)
	}
	return s, nil
}

// check refuses a name or version that could not be published.
func (m *Meta) check() error {
	for _, wrong := range []func() (string, string){
		func() (string, string) { return checkName(m.Name) },
		func() (string, string) { return checkVersion(m.Version) },
	} {
		if message, hint := wrong(); message != "" {
			return &MetaError{File: MetaFile, Message: message, Hint: hint}
		}
	}
	return nil
}

// namePattern is a path component of a repository's name in the distribution
// project's grammar, which registries keep to.
var namePattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)

// maxName leaves half of the 255 characters that a repository's whole name may
// have to the prefix.
const maxName = 128

// ValidName tells whether s can be the name of a pack.
func ValidName(s string) bool {
	message, _ := checkName(s)
	return message == ""
}

// ValidVersion tells whether s can be the version of a pack, which is a tag.
func ValidVersion(s string) bool { return tagPattern.MatchString(s) }

func checkName(s string) (message, hint string) {
	switch {
	case s == "":
		return `"name" is empty`, ""
	case len(s) > maxName:
		return fmt.Sprintf("the name has %d characters, %d are allowed", len(s), maxName), ""
	case !namePattern.MatchString(s):
		return fmt.Sprintf("the name %q cannot be part of a repository's name", s), "lower-case letters and digits, parted by . _ __ or -" + better(s)
	}
	return "", ""
}

func better(s string) string {
	s = strings.ToLower(strings.Join(strings.Fields(s), "-"))
	if !namePattern.MatchString(s) {
		return ""
	}
	return fmt.Sprintf("; did you mean %q?", s)
}

// tagPattern is the grammar of tags in the OCI distribution specification.
var tagPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

func checkVersion(s string) (message, hint string) {
	switch {
	case s == "":
		return `"version" is empty`, ""
	case tagPattern.MatchString(s):
		return "", ""
	case tagPattern.MatchString(strings.ReplaceAll(s, "+", "-")):
		return fmt.Sprintf("the version %q cannot be a tag", s),
			fmt.Sprintf("tags have no +, so build metadata cannot be published: write - instead, as in %q", strings.ReplaceAll(s, "+", "-"))
	}
	return fmt.Sprintf("the version %q cannot be a tag", s), "up to 128 letters, digits, . _ and -, not beginning with . or -"
}
