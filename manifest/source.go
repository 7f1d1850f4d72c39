package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// maxFile is how long packs.yaml may be: some 10,000 entries fit.
const maxFile = 1 << 20

// readFile reads a file of at most maxFile bytes; of a longer one it reads no
// more than that.
func readFile(path string) ([]byte, error) {
	f, err := os.Open(path) //nolint:gosec // the user names it
	if err != nil {
		return nil, describe(path, err)
	}
	defer f.Close() //nolint:errcheck // only read
	if info, err := f.Stat(); err == nil && info.IsDir() {
		return nil, fmt.Errorf("%s is a folder; name the file in it, as in %s", path, strings.TrimSuffix(path, string(os.PathSeparator))+string(os.PathSeparator)+"packs.yaml")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if err != nil {
		return nil, describe(path, err)
	}
	return data, nil
}

// describe says in a person's words why a file cannot be read.
func describe(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: %w: `packs init` writes one, --file names another", path, wrapped{"there is no such file", err})
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("%s: %w", path, wrapped{"may not be read: permission denied", err})
	}
	var pathErr *fs.PathError
	if errors.As(err, &pathErr) {
		return fmt.Errorf("%s: cannot be read: %w", path, pathErr.Err)
	}
	return fmt.Errorf("%s: cannot be read: %w", path, err)
}

// wrapped is a cause in other words.
type wrapped struct {
	text string
	err  error
}

func (w wrapped) Error() string { return w.text }
func (w wrapped) Unwrap() error { return w.err }

// document reads data as one YAML document. It returns nil where it reported
// that data is none.
func document(r *report, data []byte) *yaml.Node {
	if !text(r, data) {
		return nil
	}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")) // some editors begin UTF-8 files with a mark
	d := yaml.NewDecoder(bytes.NewReader(data))
	var node, second yaml.Node
	err := d.Decode(&node)
	switch {
	case errors.Is(err, io.EOF), err == nil && isEmpty(&node):
		r.errorf(Position{}, "`packs init` writes one", "holds no catalog: it is empty")
		return nil
	case err != nil:
		syntaxError(r, data, err)
		return nil
	}
	switch err := d.Decode(&second); {
	case errors.Is(err, io.EOF):
		return node.Content[0]
	case err != nil:
		syntaxError(r, data, err)
	default:
		r.errorf(Position{second.Line, second.Column}, "a catalog is one document: take away the line ---, or what follows it", "holds more than one YAML document")
	}
	return nil
}

func isEmpty(n *yaml.Node) bool {
	return len(n.Content) == 0 || n.Content[0].Kind == yaml.ScalarNode && n.Content[0].ShortTag() == nullTag
}

// text tells whether data can be YAML text at all, and reports what it is else.
func text(r *report, data []byte) bool {
	if len(data) > maxFile {
		r.fail(Position{}, ErrTooLarge, "globs such as packs/** name many packs in one entry", "is larger than %d KiB, the limit for a catalog", maxFile>>10)
		return false
	}
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x00\x00\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			r.errorf(Position{}, "save it as UTF-8", "is text in UTF-16 or UTF-32, not in UTF-8")
			return false
		}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		r.errorf(offset(data, i), "a catalog is YAML text", "is a binary file: it holds a NUL byte")
		return false
	}
	if i := invalidUTF8(data); i >= 0 {
		r.errorf(offset(data, i), "save it as UTF-8", "is not UTF-8: byte 0x%02x cannot stand here", data[i])
		return false
	}
	return true
}

// invalidUTF8 returns the offset of the first byte that is no UTF-8, or -1.
func invalidUTF8(data []byte) int {
	if utf8.Valid(data) {
		return -1
	}
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return i
		}
		i += size
	}
	return -1
}

// offset turns an offset into data to line and column.
func offset(data []byte, i int) Position {
	before := data[:i]
	start := bytes.LastIndexByte(before, '\n') + 1
	return Position{Line: bytes.Count(before, []byte("\n")) + 1, Column: utf8.RuneCount(before[start:]) + 1}
}

var (
	yamlLine   = regexp.MustCompile(`^line ([0-9]+): `)
	yamlAnchor = regexp.MustCompile(`unknown anchor '([^']*)'`)
	// blockError is what the parser says of wrong indentation, flowError of an
	// open bracket. It counts their lines from 0, and takes the line where the
	// whole block or bracket begins.
	blockError = regexp.MustCompile(`did not find expected (?:key|'-' indicator|<document start>)$`)
	flowError  = regexp.MustCompile(`did not find expected (?:',' or|node content)`)
)

// syntaxError reports what the YAML parser says, at its line.
func syntaxError(r *report, data []byte, err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	at := Position{Line: 1}
	if m := yamlLine.FindStringSubmatch(message); m != nil {
		at.Line, _ = strconv.Atoi(m[1])
		message = message[len(m[0]):]
		if flowError.MatchString(message) || blockError.MatchString(message) {
			at.Line++
		}
	}
	const searched = 128 << 10 // a longer file takes too long to be parsed again and again
	if blockError.MatchString(message) && len(data) <= searched {
		at.Line = blockLine(data, message)
	}
	if m := yamlAnchor.FindStringSubmatch(message); m != nil {
		message = fmt.Sprintf("alias *%s has no anchor &%s before it", m[1], m[1])
		if i := bytes.Index(data, []byte("*"+m[1])); i >= 0 {
			at = offset(data, i)
		}
	}
	if strings.Contains(message, "exceeded max depth") {
		r.fail(at, ErrTooLarge, "", "is nested too deeply")
		return
	}
	r.errorf(at, syntaxHint(message, line(data, at.Line)), "is no YAML: %s", message)
}

// blockLine finds the line at which the parser comes upon wrong indentation:
// the last of the shortest beginning of the file that has the same error.
func blockLine(data []byte, message string) int {
	ends := []int{0}
	for i, c := range data {
		if c == '\n' {
			ends = append(ends, i+1)
		}
	}
	ends = append(ends, len(data))
	return max(1, sort.Search(len(ends)-1, func(n int) bool {
		var node yaml.Node
		err := yaml.Unmarshal(data[:ends[n]], &node)
		return err != nil && strings.HasSuffix(err.Error(), message)
	}))
}

func line(data []byte, n int) string {
	lines := bytes.SplitN(data, []byte("\n"), n+1)
	if n < 1 || n > len(lines) {
		return ""
	}
	return string(lines[n-1])
}

// syntaxHint says what is most often behind a message of the YAML parser.
func syntaxHint(message, line string) string {
	trimmed := strings.TrimLeft(line, " ")
	switch {
	case strings.HasPrefix(trimmed, "\t"):
		return "YAML indents with spaces, not with tabs"
	case strings.Contains(message, "cannot start any token"):
		return "put text that begins with a special character in quotes"
	case strings.Contains(message, "mapping values are not allowed"):
		return "put text that holds a colon and a space in quotes, or look at the indentation here"
	case strings.Contains(message, "did not find expected"), strings.Contains(message, "could not find expected"):
		return "look at indentation, brackets and quotes here and in the next line"
	case strings.Contains(message, "unexpected end of stream"):
		return "a quote or bracket is not closed"
	case strings.Contains(message, "escape character"):
		return `in double quotes a backslash begins an escape: write \\, or use single quotes`
	}
	return ""
}
