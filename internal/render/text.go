package render

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/mattn/go-runewidth"
)

// Clean makes text from outside safe to show on one line of a terminal: control
// characters, line breaks, invalid UTF-8 and what reorders or hides text are
// written as escapes.
func Clean(s string) string {
	if strings.IndexFunc(s, unsafeRune) < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n == 1:
			fmt.Fprintf(&b, `\x%02x`, s[i])
		case unsafeRune(r):
			quoted := strconv.QuoteRuneToASCII(r)
			b.WriteString(quoted[1 : len(quoted)-1])
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func unsafeRune(r rune) bool {
	return r == utf8.RuneError || unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co)
}

// width is the number of columns that text takes.
func width(s string) int { return runewidth.StringWidth(s) }

const ellipsis = "…"

// middle cuts text in its middle so that it takes at most n columns; the start
// and the end of a name tell more than what is between.
func middle(s string, n int) string {
	if n <= 0 || width(s) <= n {
		return s
	}
	if n == 1 {
		return ellipsis
	}
	head := runewidth.Truncate(s, (n-1)/2, "")
	return head + ellipsis + lastColumns(s, n-1-width(head))
}

// lastColumns is the end of s that takes at most n columns.
func lastColumns(s string, n int) string {
	rest := s
	for width(rest) > n {
		_, size := utf8.DecodeRuneInString(rest)
		rest = rest[size:]
	}
	return rest
}

// pad fills text with spaces up to n columns.
func pad(s string, n int) string {
	if gap := n - width(s); gap > 0 {
		return s + strings.Repeat(" ", gap)
	}
	return s
}

// wrap breaks text at spaces into lines of at most n columns; longer words, and
// what stands between back quotes, stay whole, so that paths, digests and
// commands can be copied. With n <= 0 there is one line.
func wrap(s string, n int) []string {
	if n <= 0 || width(s) <= n {
		return []string{s}
	}
	var lines []string
	line := ""
	for _, word := range words(s) {
		switch {
		case line == "":
			line = word
		case width(line)+1+width(word) <= n:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}

// words splits text at spaces, but not between back quotes.
func words(s string) []string {
	var all []string
	open := false
	for _, f := range strings.Fields(s) {
		if open {
			all[len(all)-1] += " " + f
		} else {
			all = append(all, f)
		}
		open = open != (strings.Count(f, "`")%2 == 1)
	}
	return all
}

// Size writes a number of bytes in units of 1000, as in 8.4 MB.
func Size(n int64) string {
	const unit = 1000
	if n < unit {
		return strconv.FormatInt(n, 10) + " B"
	}
	v, i := float64(n)/unit, 0
	for v >= unit-0.05 && i < len("kMGTPE")-1 {
		v /= unit
		i++
	}
	return strconv.FormatFloat(v, 'f', 1, 64) + " " + "kMGTPE"[i:i+1] + "B"
}

// Count writes a number with its noun, as in 2 repositories.
func Count(n int, noun string) string {
	switch {
	case n == 1:
		return "1 " + noun
	case strings.HasSuffix(noun, "y"):
		return strconv.Itoa(n) + " " + noun[:len(noun)-1] + "ies"
	}
	return strconv.Itoa(n) + " " + noun + "s"
}

// names lists the first few of many names.
func names(all []string, shown int) string {
	if len(all) <= shown {
		return strings.Join(all, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(all[:shown], ", "), len(all)-shown)
}
