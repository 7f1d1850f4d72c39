package harbor

import (
	"encoding/base64"
	"strings"
	"testing"
)

func token(payload string) string {
	return `{"token":"e30.` + base64.RawURLEncoding.EncodeToString([]byte(payload)) + `.c2ln"}`
}

func TestReadGrant(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, reply string
		want        string // actions; "error"
	}{
		{"granted", token(`{"access":[{"type":"repository","name":"p/a","actions":["pull","push"]}]}`), "pull push"},
		{"nothing", token(`{"access":[{"type":"repository","name":"p/a","actions":[]}]}`), ""},
		{"null", token(`{"access":null}`), ""},
		{"of another type", token(`{"access":[{"type":"registry","name":"catalog","actions":["*"]}]}`), ""},
		{"not JSON", "canary", "error"},
		{"no token", `{"token":"canary"}`, "error"},
		{"not base64", `{"token":"a.~canary~.c"}`, "error"},
		{"no claims", `{"token":"a.Y2FuYXJ5.c"}`, "error"},
	}
	for _, test := range tests {
		got, err := readGrant([]byte(test.reply))
		switch {
		case err != nil && strings.Contains(err.Error(), "canary"):
			t.Errorf("%s: the error quotes the reply: %v", test.name, err)
		case (err != nil) != (test.want == "error"), err == nil && strings.Join(got, " ") != test.want:
			t.Errorf("%s: %q, %v; want %s", test.name, got, err, test.want)
		}
	}
}

func FuzzReadGrant(f *testing.F) {
	f.Add([]byte(token(`{"access":[{"type":"repository","name":"p/a","actions":["pull"]}]}`)))
	f.Add([]byte(`{"token":"a.b.c"}`))
	f.Fuzz(func(t *testing.T, reply []byte) {
		actions, err := readGrant(reply)
		if err != nil && actions != nil {
			t.Errorf("%q with %v", actions, err)
		}
	})
}
