package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
)

// echo is all that a request says of who sends it, in the forms in which
// servers and proxies repeat it.
func echo(r *http.Request) string {
	said := []string{r.Header.Get("Authorization")}
	if user, password, ok := r.BasicAuth(); ok {
		said = append(said, user, password)
	}
	if token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		said = append(said, token)
	}
	if r.Method == http.MethodPost {
		body, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		said = append(said, string(body))
		if form, err := url.ParseQuery(string(body)); err == nil {
			said = append(said, form.Get("refresh_token"))
		}
	}
	var out []string
	for _, s := range said {
		if s != "" {
			out = append(out, forms(s)...)
		}
	}
	return strings.Join(out, " ")
}

// proxyEcho is what a request says to a proxy.
func proxyEcho(r *http.Request) string {
	said := r.Header.Get("Proxy-Authorization")
	clone := r.Clone(r.Context())
	clone.Header.Set("Authorization", said)
	return strings.Join(forms(said), " ") + " " + echo(clone)
}

// forms are the ways in which a secret is written.
func forms(s string) []string {
	quoted, _ := json.Marshal(s)
	return []string{
		s, strings.Trim(string(quoted), `"`), url.QueryEscape(s), url.PathEscape(s),
		base64.StdEncoding.EncodeToString([]byte(s)), base64.RawURLEncoding.EncodeToString([]byte(s)),
	}
}

func sayJSON(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]any{
		"errors": []any{map[string]any{"code": code, "message": message, "detail": map[string]string{"sent": message}}},
	})
}

func sayText(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "text/plain")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// hostile is a server that repeats what it is told.
type hostile struct {
	bearer bool
	token  http.HandlerFunc // answers at the token server; nil: gives a token
	base   http.HandlerFunc // answers GET /v2/ with a login; nil: lets in
	read   http.HandlerFunc // answers GET and HEAD with a login; nil: forbids
	write  http.HandlerFunc // answers the rest; nil: forbids
}

func refuse(w http.ResponseWriter, r *http.Request) {
	sayJSON(w, http.StatusUnauthorized, "UNAUTHORIZED "+echo(r), "who is "+echo(r))
}

func deny(w http.ResponseWriter, r *http.Request) {
	sayJSON(w, http.StatusForbidden, "DENIED", "not you: "+echo(r))
}

func missing(w http.ResponseWriter, r *http.Request) {
	sayJSON(w, http.StatusNotFound, "MANIFEST_UNKNOWN", "not for "+echo(r))
}

func misunderstand(w http.ResponseWriter, r *http.Request) {
	sayText(w, http.StatusBadRequest, "what is "+echo(r))
}

func babble(w http.ResponseWriter, r *http.Request) { sayText(w, http.StatusOK, "{"+echo(r)) }

// issued is a bearer token, which is a secret too.
const issued = "canary-issued.Token+/~x=="

func issue(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"token":%q,"expires_in":300}`, issued)
}

// signed is the query of a storage service's address, which opens it.
const signed = "canary-signed-query"

func redirect(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, "/storage/") {
		misunderstand(w, r)
		return
	}
	http.Redirect(w, r, "/storage/x?signature="+signed, http.StatusTemporaryRedirect)
}

var hostiles = map[string]hostile{
	"refuses":           {base: refuse, read: refuse, write: refuse},
	"denies":            {read: deny, write: deny},
	"denies writes":     {read: missing, write: deny},
	"misunderstands":    {base: misunderstand, read: misunderstand, write: misunderstand},
	"babbles":           {base: babble, read: babble, write: babble},
	"redirects":         {read: redirect, write: redirect},
	"refuses a token":   {bearer: true, token: refuse},
	"no token, text":    {bearer: true, token: misunderstand},
	"token of babble":   {bearer: true, token: babble},
	"useless token":     {bearer: true, base: refuse, read: refuse, write: refuse},
	"forbidden token":   {bearer: true, read: deny, write: deny},
	"token that reads":  {bearer: true, read: missing, write: deny},
	"token, redirected": {bearer: true, read: redirect, write: redirect},
}

// serve starts the server and returns its HOST:PORT.
func (h hostile) serve(t *testing.T) string {
	t.Helper()
	var s *httptest.Server
	s = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		challenge := `Basic realm="registry"`
		if h.bearer {
			challenge = fmt.Sprintf(`Bearer realm="%s/token",service="registry"`, s.URL)
		}
		answer := h.write
		switch {
		case strings.HasPrefix(r.URL.Path, "/token"):
			answer = h.token
			if answer == nil {
				answer = issue
			}
		case r.Header.Get("Authorization") == "" && !strings.HasPrefix(r.URL.Path, "/storage/"):
			w.Header().Set("Www-Authenticate", challenge)
			answer = refuse
		case r.URL.Path == "/v2/":
			answer = h.base
			if answer == nil {
				return
			}
		case r.Method == http.MethodGet || r.Method == http.MethodHead:
			answer = h.read
		}
		if answer == nil {
			answer = deny
		}
		w.Header().Set("Www-Authenticate", challenge)
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}
