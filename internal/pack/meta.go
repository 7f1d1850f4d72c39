package pack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// MetaFile is the file that makes a folder a pack.
const MetaFile = "pack.json"

// maxMeta is the largest pack.json that is read, in bytes; real ones have a
// few hundred.
const maxMeta = 1 << 20

// Meta is what pack.json says, as far as publishing needs it.
type Meta struct {
	Name        string // a repository path component
	Version     string // a tag
	DisplayName string
	Layer       string
}

// ReadMeta reads pack.json from a folder or from a .tar.gz archive. What is
// wrong with it is a *MetaError; an archive that cannot be read as one wraps
// ErrArchive.
func ReadMeta(path string) (Meta, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Meta{}, err
	}
	file := filepath.Join(path, MetaFile)
	var data []byte
	if info.IsDir() {
		data, err = readMetaFile(file)
	} else {
		data, err = archiveMeta(path)
	}
	if err != nil {
		return Meta{}, err
	}
	return ParseMeta(file, data)
}

func readMetaFile(file string) (data []byte, err error) {
	f, err := os.Open(file) //nolint:gosec // the user names the packs
	if errors.Is(err, fs.ErrNotExist) {
		return nil, &MetaError{File: file, Message: "is missing", Hint: "a pack is a folder that holds pack.json", Err: err}
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, maxMeta+1))
	if err == nil && len(data) > maxMeta {
		err = &MetaError{File: file, Message: fmt.Sprintf("has more than %d bytes", maxMeta), Err: ErrTooLarge}
	}
	return data, err
}

func archiveMeta(path string) (data []byte, err error) {
	f, err := os.Open(path) //nolint:gosec // the user names the packs
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	s, err := scan(context.Background(), f, Limits{}, nil)
	if err == nil {
		_, data, err = s.root()
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return data, nil
}

// ParseMeta reads the bytes of a pack.json; file is its name for messages.
func ParseMeta(file string, data []byte) (Meta, error) {
	p := metaParser{file: file, data: bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))}
	if len(p.data) > maxMeta {
		return Meta{}, p.fail(-1, fmt.Sprintf("has more than %d bytes", maxMeta), "", ErrTooLarge)
	}
	if !utf8.Valid(p.data) {
		return Meta{}, p.fail(firstInvalid(p.data), "is not UTF-8", "save it as UTF-8", nil)
	}
	if err := p.members(); err != nil {
		return Meta{}, err
	}
	var m Meta
	for key, to := range map[string]*string{"displayName": &m.DisplayName, "layer": &m.Layer} {
		*to, _ = p.text(key) // not needed for publishing: the linter looks at them
	}
	var errs []error
	var err error
	if m.Name, err = p.checked("name", checkName); err != nil {
		errs = append(errs, err)
	}
	if m.Version, err = p.checked("version", checkVersion); err != nil {
		errs = append(errs, err)
	}
	if len(errs) == 1 {
		return m, errs[0]
	}
	return m, errors.Join(errs...)
}

// metaParser keeps the places of the top-level members of a JSON object.
type metaParser struct {
	file  string
	data  []byte
	found map[string]member
}

type member struct {
	raw json.RawMessage
	at  int // offset of the value
}

func (p *metaParser) fail(at int, message, hint string, cause error) *MetaError {
	e := &MetaError{File: p.file, Message: message, Hint: hint, Err: cause}
	if at >= 0 {
		before := p.data[:min(at, len(p.data))]
		e.Line = bytes.Count(before, []byte("\n")) + 1
		e.Column = utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	}
	return e
}

func (p *metaParser) members() error {
	p.found = make(map[string]member)
	var all any
	if err := json.Unmarshal(p.data, &all); err != nil {
		return p.syntax(err)
	}
	if _, ok := all.(map[string]any); !ok {
		return p.fail(0, "is not a JSON object", `it begins with "{"`, nil)
	}
	dec := json.NewDecoder(bytes.NewReader(p.data))
	if _, err := dec.Token(); err != nil { // the opening brace
		return p.syntax(err)
	}
	for dec.More() {
		t, err := dec.Token()
		if err != nil {
			return p.syntax(err)
		}
		key, _ := t.(string)
		end := int(dec.InputOffset())
		var raw json.RawMessage
		if err := dec.Decode(&raw); err != nil {
			return p.syntax(err)
		}
		_, twice := p.found[key]
		if twice && (key == "name" || key == "version") {
			at := bytes.LastIndexByte(p.data[:end-1], '"')
			return p.fail(at, fmt.Sprintf("%q stands twice", key), "keep one of them", nil)
		}
		p.found[key] = member{raw: raw, at: int(dec.InputOffset()) - len(raw)}
	}
	return nil
}

func (p *metaParser) syntax(err error) error {
	var se *json.SyntaxError
	if !errors.As(err, &se) {
		return p.fail(0, "is not valid JSON: "+err.Error(), "", err)
	}
	if len(bytes.TrimSpace(p.data)) == 0 {
		return p.fail(-1, "is empty", "it needs at least name, displayName, version and layer", err)
	}
	return p.fail(int(se.Offset)-1, "is not valid JSON: "+se.Error(), "", err)
}

// text returns a member that is a string; ok is false where it is missing or
// something else.
func (p *metaParser) text(key string) (s string, ok bool) {
	m, found := p.found[key]
	if !found || json.Unmarshal(m.raw, &s) != nil || bytes.Equal(m.raw, []byte("null")) {
		return "", false
	}
	return s, true
}

func (p *metaParser) checked(key string, check func(string) (message, hint string)) (string, error) {
	m, found := p.found[key]
	if !found {
		return "", p.fail(-1, fmt.Sprintf("has no %q", key), "name and version say where a pack is published", nil)
	}
	s, ok := p.text(key)
	if !ok {
		hint := ""
		if c := m.raw[0]; c == '-' || ('0' <= c && c <= '9') {
			hint = fmt.Sprintf(`quote it: "%s"`, m.raw)
		}
		return "", p.fail(m.at, fmt.Sprintf("%q is not a string", key), hint, nil)
	}
	if message, hint := check(s); message != "" {
		return s, p.fail(m.at, message, hint, nil)
	}
	return s, nil
}

// namePattern is a path component of a repository name in the grammar of the
// OCI distribution specification.
var namePattern = regexp.MustCompile(`^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$`)

// maxName keeps a whole repository name with prefix below the 255 characters
// that registries allow.
const maxName = 128

func checkName(s string) (message, hint string) {
	switch {
	case s == "":
		return `"name" is empty`, ""
	case len(s) > maxName:
		return fmt.Sprintf("the name has %d characters, %d are allowed", len(s), maxName), ""
	case !namePattern.MatchString(s):
		return fmt.Sprintf("the name %q cannot be part of a repository's name", s), "lower-case letters and digits, parted by . _ __ or -" + did(s)
	}
	return "", ""
}

func did(s string) string {
	if better := strings.ToLower(strings.TrimSpace(s)); better != s && namePattern.MatchString(better) {
		return fmt.Sprintf("; did you mean %q?", better)
	}
	return ""
}

// tagPattern is the grammar of tags in the OCI distribution specification.
var tagPattern = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$`)

func checkVersion(s string) (message, hint string) {
	switch {
	case s == "":
		return `"version" is empty`, ""
	case tagPattern.MatchString(s):
		return "", ""
	case strings.Contains(s, "+"):
		return fmt.Sprintf("the version %q cannot be a tag", s), "tags have no +: write - instead"
	}
	return fmt.Sprintf("the version %q cannot be a tag", s), "up to 128 letters, digits, . _ and -, not beginning with . or -"
}

func firstInvalid(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return 0
}
