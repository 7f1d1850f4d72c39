package transport

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
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

func FuzzTokenReply(f *testing.F) {
	for _, s := range []string{`{"token":"abc","expires_in":300}`, `{"access_token":"abc"}`, `{"token":"","access_token":"x","expires_in":1e308}`, `{"token":"a b"}`, `{"token":"a","expires_in":-1}`, `{"token":1}`, `[]`, ``} {
		f.Add([]byte(s))
	}
	asked := &http.Request{URL: &url.URL{Scheme: "https", Host: "auth.example", Path: "/token"}}
	f.Fuzz(func(t *testing.T, body []byte) {
		value, lifetime, err := readToken(&http.Response{Request: asked, Body: io.NopCloser(bytes.NewReader(body))})
		switch {
		case err != nil && value != "":
			t.Errorf("%q, %v", value, err)
		case err == nil && (value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' })):
			t.Errorf("%q is no token", value)
		case err == nil && (lifetime < time.Second || lifetime > maxLifetime):
			t.Errorf("lives for %v", lifetime)
		}
	})
}

// FuzzDockerConfig reads logins from any file; no program runs, and no error
// quotes the file.
func FuzzDockerConfig(f *testing.F) {
	for _, s := range []string{
		`{"auths":{"registry.example:5000":{"auth":"dTpjYW5hcnk="}}}`, `{"auths":{"registry.example:5000":{"auth":"canary"}}}`,
		`{"auths":{"https://registry.example:5000/v1/":{"identitytoken":"canary"}}}`, `{"auths":{"registry.example:5000":{"auth":"canary"}},"x":canary}`,
		`{"auths":["canary"]}`, `{"auths":{"registry.example:5000":"canary"}}`, `{"credsStore":"none"}`, `{"credHelpers":{"registry.example:5000":"../none"}}`, `null`, ``,
	} {
		f.Add([]byte(s))
	}
	dir := f.TempDir()
	f.Setenv("PATH", dir)
	file := filepath.Join(dir, "config.json")
	f.Fuzz(func(t *testing.T, data []byte) {
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		d := NewDockerLogins(func(name string) (string, bool) { return dir, name == "DOCKER_CONFIG" })
		_, err := d.Get(t.Context(), "registry.example:5000")
		if err != nil && strings.Contains(err.Error(), "canary") && !strings.Contains(string(data), "cred") {
			t.Errorf("%q: %v", data, err)
		}
	})
}

// FuzzRedact writes a secret in the ways in which servers repeat it, and looks
// for it in what is left.
func FuzzRedact(f *testing.F) {
	f.Add(`se/cr+e t&"%`, "before", "after")
	f.Add("pässwörd\\<>", "Authorization: ", "\n")
	f.Fuzz(func(t *testing.T, secret, before, after string) {
		if len(secret) < minSecret || !utf8.ValidString(secret) || strings.Contains(redacted, secret) {
			t.Skip("short ones are in every text")
		}
		for _, written := range writings(t, secret) {
			if got := Redact(before+written+after, secret); strings.Contains(got, written) && !strings.Contains(before+redacted+after, written) {
				t.Errorf("%q: written as %q it stays in %q", secret, written, got)
			}
		}
	})
}

// writings are the forms of a secret in the replies of servers in any language.
func writings(t *testing.T, secret string) []string {
	t.Helper()
	var plain bytes.Buffer
	encoder := json.NewEncoder(&plain)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(secret); err != nil {
		t.Fatal(err)
	}
	escaped, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	lower := regexp.MustCompile("%[0-9A-F]{2}").ReplaceAllStringFunc(url.QueryEscape(secret), strings.ToLower)
	return []string{
		secret, unquoted(plain.String()), unquoted(string(escaped)), url.QueryEscape(secret), url.PathEscape(secret), lower,
		base64.StdEncoding.EncodeToString([]byte(secret)), base64.URLEncoding.EncodeToString([]byte(secret)),
	}
}

func unquoted(text string) string {
	return strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(text), `"`), `"`)
}

// FuzzPrinted reads what a program prints as a login: a user name that basic
// authentication can send, and a secret that no error quotes.
func FuzzPrinted(f *testing.F) {
	for _, s := range []string{`{"Username":"u","Secret":"canary"}`, `{"username":"u","password":"canary"}`, `{"Username":"<token>","Secret":"canary"}`, `{"Username":"a:b","Secret":"canary"}`, `{"Secret":"canary"}`, `null`, `[]`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, out []byte) {
		p := new(printed)
		if json.Unmarshal(out, p) != nil {
			return
		}
		l, err := p.login("program login")
		switch {
		case err != nil && (!l.Anonymous() || strings.Contains(err.Error(), "canary")):
			t.Errorf("%+v, %v", l, err)
		case err == nil && (l.Anonymous() || strings.Contains(l.Username, ":")):
			t.Errorf("%q is taken for a login: %+v", out, l)
		}
	})
}
