package transport

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode"
)

var noon = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func TestRetryAfterInBothForms(t *testing.T) {
	t.Parallel()
	tests := map[string]time.Duration{
		"":                                0,
		"0":                               0,
		"7":                               7 * time.Second,
		" 7 ":                             7 * time.Second,
		"-7":                              0,
		"1.5":                             0,
		"soon":                            0,
		"99999999999":                     maxWait,
		"18446744073709551616":            0, // no uint64
		"Tue, 24 Nov 2026 12:00:30 GMT":   30 * time.Second,
		"Tue, 24 Nov 2026 11:00:00 GMT":   0,
		"Tuesday, 24-Nov-26 12:01:00 GMT": time.Minute,
		"Sat, 24 Nov 2126 12:00:00 GMT":   maxWait,
	}
	for value, want := range tests {
		if got := parseRetryAfter(value, noon); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

func FuzzRetryAfter(f *testing.F) {
	for _, s := range []string{"", "1", "120", "Tue, 24 Nov 2026 12:00:30 GMT", "9223372036854775807", "-1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if d := parseRetryAfter(value, noon); d < 0 || d > maxWait {
			t.Errorf("%q: %v", value, d)
		}
	})
}

func TestChallenges(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		lines  []string
		scheme scheme
		params map[string]string
	}{
		{"none", nil, "", nil},
		{"empty", []string{""}, "", nil},
		{"basic", []string{`Basic realm="testbed"`}, schemeBasic, map[string]string{"realm": "testbed"}},
		{"bare", []string{`basic`}, schemeBasic, nil},
		{
			"bearer",
			[]string{`Bearer realm="https://auth.example/token",service="registry.example",scope="repository:a/b:pull,push"`},
			schemeBearer,
			map[string]string{"realm": "https://auth.example/token", "service": "registry.example", "scope": "repository:a/b:pull,push"},
		},
		{"spaces and case", []string{`BEARER  Realm = "https://a/t" ,  SERVICE=x`}, schemeBearer, map[string]string{"realm": "https://a/t", "service": "x"}},
		{"bearer wins", []string{`Basic realm="b", Bearer realm="https://a/t"`}, schemeBearer, map[string]string{"realm": "https://a/t"}},
		{"bearer wins over lines", []string{`Basic realm="b"`, `Bearer realm="https://a/t"`}, schemeBearer, map[string]string{"realm": "https://a/t"}},
		{"bearer without realm", []string{`Bearer error="x"`, `Basic realm="b"`}, schemeBasic, map[string]string{"realm": "b"}},
		{"first value counts", []string{`Bearer realm="https://a/t",realm="https://evil/t"`}, schemeBearer, map[string]string{"realm": "https://a/t"}},
		{"escaped", []string{`Bearer realm="https://a/\"t\\"`}, schemeBearer, map[string]string{"realm": `https://a/"t\`}},
		{"open quote", []string{`Bearer realm="https://a/t`}, "", nil},
		{"others", []string{`Negotiate, NTLM`}, "", nil},
		{"no scheme", []string{`="x", Basic realm=y`}, "", nil},
	}
	for _, tt := range tests {
		got, ok := chooseChallenge(http.Header{"Www-Authenticate": tt.lines})
		if got.scheme != tt.scheme || ok != (tt.scheme != "") {
			t.Errorf("%s: %q %v, want %q", tt.name, got.scheme, ok, tt.scheme)
		}
		for k, want := range tt.params {
			if got.params[k] != want {
				t.Errorf("%s: %s is %q, want %q", tt.name, k, got.params[k], want)
			}
		}
	}
}

func FuzzChallenge(f *testing.F) {
	for _, s := range []string{`Basic realm="x"`, `Bearer realm="https://a/t",service="s",scope="a b"`, `Bearer realm="`, `,=,"`, "Basic \x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		found := parseChallenges(line)
		if len(found) > maxChallenges {
			t.Errorf("%d challenges", len(found))
		}
		for _, c := range found {
			if c.scheme == "" || len(c.params) > maxParams {
				t.Errorf("%q with %d parameters", c.scheme, len(c.params))
			}
		}
	})
}

func TestScopesAreAskedForOnce(t *testing.T) {
	t.Parallel()
	tests := []struct{ ours, theirs, want string }{
		{"repository:a/b:pull,push", "", "repository:a/b:pull,push"},
		{"repository:a/b:pull,push", "repository:a/b:pull", "repository:a/b:pull,push"},
		{"repository:a/b:pull", "repository:a/b:pull,push", "repository:a/b:pull|repository:a/b:pull,push"},
		{"repository:a/b:*", "repository:a/b:pull,push", "repository:a/b:*"},
		{"repository:a/b:pull", "repository:a/b:pull repository:c:pull", "repository:a/b:pull|repository:c:pull"},
		{"", "aws", "aws"},
		{"", "", ""},
	}
	for _, tt := range tests {
		if got := strings.Join(scopes(tt.ours, tt.theirs), "|"); got != tt.want {
			t.Errorf("%q with %q: %q, want %q", tt.ours, tt.theirs, got, tt.want)
		}
	}
}

func TestErrorsOfServers(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 2*maxErrorMessage)
	tests := []struct{ name, body, code, message string }{
		{"specification", `{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{"tag":"1"}}]}`, "MANIFEST_UNKNOWN", "MANIFEST_UNKNOWN: manifest unknown"},
		{"two", `{"errors":[{"code":"A","message":"a"},{"code":"B"}]}`, "B", "A: a; B"},
		{"single", `{"code":"UNAUTHORIZED","message":"authentication required"}`, "UNAUTHORIZED", "UNAUTHORIZED: authentication required"},
		{"escapes", `{"errors":[{"code":"X","message":"\u001b[31mred\u001b[0m\nline\u202e"}]}`, "X", "X: [31mred[0m line"},
		{"long", `{"errors":[{"code":"X","message":"` + long + `"}]}`, "X", "X: " + long[:maxErrorMessage] + "…"},
		{"html", `<html>502</html>`, "", ""},
		{"other JSON", `[1,2]`, "", ""},
		{"other types", `{"errors":"none"}`, "", ""},
		{"empty", ``, "", ""},
	}
	for _, tt := range tests {
		e := &StatusError{Errors: parseErrors([]byte(tt.body), printable)}
		if got := e.Message(); got != tt.message {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.message)
		}
		if tt.code != "" && !e.Has(tt.code) {
			t.Errorf("%s: code %s is not found", tt.name, tt.code)
		}
	}
}

func FuzzErrors(f *testing.F) {
	f.Add([]byte(`{"errors":[{"code":"A","message":"a","detail":[1]}]}`))
	f.Add([]byte(`{"code":"A"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		e := &StatusError{Errors: parseErrors(body, printable)}
		for _, r := range e.Message() {
			if unicode.IsControl(r) {
				t.Errorf("%q holds a control character", e.Message())
			}
		}
	})
}

func TestTemporaryStatus(t *testing.T) {
	t.Parallel()
	tests := map[int]bool{
		400: false, 401: false, 403: false, 404: false, 405: false, 408: true, 409: false, 413: false,
		429: true, 500: true, 501: false, 502: true, 503: true, 504: true, 505: false, 507: true,
	}
	for status, want := range tests {
		if got := (&StatusError{Status: status}).Temporary(); got != want {
			t.Errorf("%d: %v, want %v", status, got, want)
		}
	}
}
