package lint

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// place is a spot in a file of a pack. Line and column start at 1; 0 means the
// file as a whole.
type place struct {
	file         string // relative to the pack, with slashes; empty means the pack itself
	line, column int
}

// flaw is why a text cannot be read, and where.
type flaw struct {
	line, column int
	message      string
	hint         string
	unchecked    bool // only a limit of ours: the file may be right
	told         bool // rules about files tell of it
}

func newFlaw(line, column int, message, hint string) *flaw {
	return &flaw{line: line, column: column, message: message, hint: hint}
}

const byteOrderMark = "\xef\xbb\xbf"

// checkText tells why data is no text in UTF-8; nil where it is.
func checkText(data []byte) *flaw {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff", "\x00\x00\xfe\xff"} {
		if bytes.HasPrefix(data, []byte(mark)) {
			return newFlaw(1, 1, "is text in UTF-16 or UTF-32", "save it as UTF-8")
		}
	}
	if i := bytes.IndexByte(data, 0); i >= 0 {
		line, column := lineColumn(data, i)
		return newFlaw(line, column, "holds a NUL byte, as only binary files do", "save it as text in UTF-8")
	}
	if i := invalidUTF8(data); i >= 0 {
		line, column := lineColumn(data, i)
		return newFlaw(line, column, fmt.Sprintf("is not UTF-8: byte 0x%02x cannot stand here", data[i]), "save it as UTF-8")
	}
	return nil
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

// lineColumn turns an offset into line and column, counted in characters.
func lineColumn(data []byte, offset int) (line, column int) {
	before := data[:min(max(offset, 0), len(data))]
	start := bytes.LastIndexByte(before, '\n') + 1
	return bytes.Count(before, []byte("\n")) + 1, columnOf(before[start:])
}

// longLine is the length of a line, in bytes, that no person wrote: in such
// lines columns are counted in bytes, so that finding one costs nothing.
const longLine = 64 << 10

// columnOf returns the column behind the beginning of a line.
func columnOf(before []byte) int {
	if len(before) > longLine {
		return len(before) + 1
	}
	return utf8.RuneCount(before) + 1
}

// lines is where the lines of a text begin. They are looked for when somebody
// asks: most texts have no findings.
type lines struct {
	data   []byte
	starts []int32 // texts are some MiB long at most
}

func newLines(data []byte) *lines { return &lines{data: data} }

// begins returns the offsets of the beginnings of lines; there is at least one.
func (l *lines) begins() []int32 {
	if l.starts != nil {
		return l.starts
	}
	l.starts = make([]int32, 1, bytes.Count(l.data, []byte("\n"))+1)
	for from := 0; ; {
		i := bytes.IndexByte(l.data[from:], '\n')
		if i < 0 {
			return l.starts
		}
		from += i + 1
		l.starts = append(l.starts, int32(from)) //nolint:gosec // see starts
	}
}

// at turns an offset into line and column.
func (l *lines) at(offset int) (line, column int) {
	offset = min(max(offset, 0), len(l.data))
	starts := l.begins()
	i, found := slices.BinarySearch(starts, int32(offset)) //nolint:gosec // see starts
	if !found {
		i--
	}
	return i + 1, columnOf(l.data[starts[i]:offset])
}

// text returns a line by its number, without its end; "" where there is none.
func (l *lines) text(line int) string {
	starts := l.begins()
	if line < 1 || line > len(starts) {
		return ""
	}
	end := len(l.data)
	if line < len(starts) {
		end = int(starts[line]) - 1
	}
	return strings.TrimSuffix(string(l.data[starts[line-1]:end]), "\r")
}

const maxShown = 80 // characters of what a file holds, in a message

// quote returns a text for a message, cut to a length that fits a line.
func quote(s string) string {
	if runes := []rune(s[:min(len(s), 4*maxShown)]); len(runes) > maxShown {
		s = string(runes[:maxShown]) + "…"
	}
	return strconv.Quote(s)
}

// oneOf lists words for a message: "a", "a or b", "a, b or c".
func oneOf(words []string) string { return enumerate(words, " or ") }

// allOf lists words for a message: "a", "a and b", "a, b and c".
func allOf(words []string) string { return enumerate(words, " and ") }

func enumerate(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:len(words)-1], ", ") + last + words[len(words)-1]
}

// shorten keeps a list fit for a message: the first few, and how many there are more.
func shorten(words []string) []string {
	const most = 8
	if len(words) <= most {
		return words
	}
	return append(slices.Clone(words[:most-1]), fmt.Sprintf("%d more", len(words)-most+1))
}

// didYouMean returns a hint that names a word, or "".
func didYouMean(word string) string {
	if word == "" {
		return ""
	}
	return "did you mean " + strconv.Quote(word) + "?"
}
