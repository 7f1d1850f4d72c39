package transport

import (
	"net/http"
	"strings"
)

// scheme is a way to log in.
type scheme string

const (
	schemeNone   scheme = "" // nobody asked for a login yet
	schemeBasic  scheme = "basic"
	schemeBearer scheme = "bearer"
)

// challenge is what a registry asks for in WWW-Authenticate.
type challenge struct {
	scheme scheme
	params map[string]string // names in lower case
}

// Limits on a header that is hostile input.
const (
	maxChallenge  = 8 << 10 // bytes
	maxChallenges = 8
	maxParams     = 16
)

// chooseChallenge returns the challenge to answer: bearer where it names a
// realm, else basic. ok is false where there is neither.
func chooseChallenge(h http.Header) (c challenge, ok bool) {
	for _, line := range h.Values("Www-Authenticate") {
		for _, found := range parseChallenges(line) {
			switch {
			case found.scheme == schemeBearer && found.params["realm"] != "":
				return found, true
			case found.scheme == schemeBasic && !ok:
				c, ok = found, true
			}
		}
	}
	return c, ok
}

// parseChallenges reads a list of challenges (RFC 9110, 11.6.1). It is lenient:
// what cannot be read is passed over.
func parseChallenges(line string) []challenge {
	var out []challenge
	s := scanner{rest: line[:min(len(line), maxChallenge)]}
	for len(out) < maxChallenges {
		s.skip(" \t,")
		name := s.token()
		if name == "" {
			return out
		}
		// A name before "=" belongs to a challenge whose scheme is missing.
		if c := (challenge{scheme: scheme(strings.ToLower(name)), params: s.params()}); !s.equals() {
			out = append(out, c)
		} else {
			s.value()
		}
	}
	return out
}

// scanner reads a header field from left to right.
type scanner struct{ rest string }

func (s *scanner) skip(chars string) { s.rest = strings.TrimLeft(s.rest, chars) }

func (s *scanner) token() string {
	n := strings.IndexFunc(s.rest, func(r rune) bool { return !isTokenChar(r) })
	if n < 0 {
		n = len(s.rest)
	}
	t := s.rest[:n]
	s.rest = s.rest[n:]
	return t
}

// isTokenChar tells whether a token may hold r (RFC 9110, 5.6.2).
func isTokenChar(r rune) bool {
	return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r != 0 && strings.ContainsRune("!#$%&'*+-.^_`|~", r)
}

// equals takes an equals sign.
func (s *scanner) equals() bool {
	trimmed := strings.TrimLeft(s.rest, " \t")
	if !strings.HasPrefix(trimmed, "=") {
		return false
	}
	s.rest = trimmed[1:]
	return true
}

// value takes a token or a quoted string.
func (s *scanner) value() string {
	s.skip(" \t")
	if !strings.HasPrefix(s.rest, `"`) {
		return s.token()
	}
	var b strings.Builder
	for i := 1; i < len(s.rest); i++ {
		switch s.rest[i] {
		case '"':
			s.rest = s.rest[i+1:]
			return b.String()
		case '\\':
			if i++; i < len(s.rest) {
				b.WriteByte(s.rest[i])
			}
		default:
			b.WriteByte(s.rest[i])
		}
	}
	s.rest = "" // the quote never ends
	return ""
}

// params takes name=value pairs up to the next scheme.
func (s *scanner) params() map[string]string {
	out := make(map[string]string)
	for len(out) < maxParams {
		before := s.rest
		s.skip(" \t,")
		name := s.token()
		if name == "" || !s.equals() {
			s.rest = before // it is the next scheme, or the end
			return out
		}
		key := strings.ToLower(name)
		if v := s.value(); out[key] == "" {
			out[key] = v
		}
	}
	return out
}
