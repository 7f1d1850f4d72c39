package plainyaml

import "unicode/utf8"

// indicators are the characters that a plain scalar cannot begin with, or only
// where more follows.
var indicators = set("-?:,[]{}#&*!|>'\"%@` \n")

// wordBytes are the characters that plain scalars in brackets may consist of.
var wordBytes = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./+-")

// odd are the bytes that need a closer look: controls, and all beyond ASCII.
var odd = func() (t [256]bool) {
	for c := range t {
		t[c] = c < ' ' && c != '\n' || c >= 0x7f
	}
	return t
}()

func set(chars string) (t [256]bool) {
	for i := range len(chars) {
		t[chars[i]] = true
	}
	return t
}

func indicates(c byte) bool { return indicators[c] }

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// simple tells whether a text has no characters but spaces, ends of lines and
// what can be seen: no tabs, no other breaks, no marks.
func simple(text []byte) bool {
	for i := 0; i < len(text); i++ {
		if !odd[text[i]] {
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r < 0xa0, r == '\u2028', r == '\u2029', r == '\ufeff', r == 0xfffe, r == 0xffff, r == utf8.RuneError && size == 1:
			return false
		}
		i += size - 1
	}
	return true
}
