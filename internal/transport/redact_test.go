package transport

import (
	"net/http"
	"strings"
	"testing"
)

func TestRedact(t *testing.T) {
	t.Parallel()
	const secret = `se/cr+e t&"%`
	tests := []struct{ name, text, want string }{
		{"as it is", "no " + secret + " here", "no [redacted] here"},
		{"in a query", "no se%2Fcr%2Be+t%26%22%25 here", "no [redacted] here"},
		{"in a path", "no se%2Fcr+e%20t&%22%25 here", "no [redacted] here"},
		{"in JSON", `no se/cr+e t\u0026\"% here`, "no [redacted] here"},
		{"in JSON of others", `no se/cr+e t&\"% here`, "no [redacted] here"},
		{"in a query of others", "no se%2fcr%2be+t%26%22%25 here", "no [redacted] here"},
		{"in base64", "no c2UvY3IrZSB0JiIl here", "no [redacted] here"},
		{"twice", secret + secret, "[redacted][redacted]"},
		{"not at all", "nothing", "nothing"},
		{"a longer one first", "secret-longer", "[redacted]"},
		{"too short to look for", "abc", "abc"},
	}
	for _, tt := range tests {
		if got := Redact(tt.text, "secret", secret, "secret-longer", "abc", ""); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestTokensThatWereRefusedAreNotRepeated: when the words of the refusal are
// read, the token is forgotten already.
func TestTokensThatWereRefusedAreNotRepeated(t *testing.T) {
	t.Parallel()
	const issued = "canary-issued-token"
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			_, _ = w.Write([]byte(`{"token":"` + issued + `"}`))
			return
		}
		w.Header().Set("Www-Authenticate", `Bearer realm="http://`+r.Host+`/token"`)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = w.Write([]byte(`{"errors":[{"code":"UNAUTHORIZED","message":"not ` + r.Header.Get("Authorization") + `"}]}`))
	})
	_, _, err := get(t.Context(), plain(t, s, Config{}), "/v2/x")
	if err == nil || strings.Contains(err.Error(), issued) || !strings.Contains(err.Error(), redacted) {
		t.Errorf("%v, want the token taken out", err)
	}
}
