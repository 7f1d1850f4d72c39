package transport

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

func TestCheckTrusted(t *testing.T) {
	t.Parallel()
	tests := []struct {
		list, host string
		want       bool
	}{
		{"registry.example.com", "registry.example.com", true},
		{"registry.example.com", "registry.example.com:5000", true},
		{"Registry.Example.com", "REGISTRY.example.com", true},
		{"registry.example.com:5000", "registry.example.com:5000", true},
		{"registry.example.com:5000", "registry.example.com", false},
		{"registry.example.com:5000", "registry.example.com:5001", false},
		{"a.example, *.amazonaws.com", "1.dkr.ecr.us-east-1.amazonaws.com", true},
		{"*.amazonaws.com", "amazonaws.com", false},
		{"*.amazonaws.com", "amazonaws.com.evil.example", false},
		{"*.amazonaws.com", "xamazonaws.com", false},
		{"*", "registry.example.com", false},
		{"[::1]:5000", "[::1]:5000", true},
		{"::1", "[::1]:5000", true},
		{"", "registry.example.com", false},
		{"registry.example.co", "registry.example.com", false},
	}
	for _, tt := range tests {
		err := CheckTrusted(env(TrustedHosts+"="+tt.list), tt.host)
		var untrusted *UntrustedError
		if (err == nil) != tt.want || err != nil && (!errors.As(err, &untrusted) || untrusted.Host != tt.host) {
			t.Errorf("%q, %s: %v, want trusted %v", tt.list, tt.host, err, tt.want)
		}
	}
	if err := CheckTrusted(env(), "anywhere.example"); err != nil {
		t.Errorf("without the variable: %v", err)
	}
	if err := CheckTrusted(nil, "anywhere.example"); err != nil {
		t.Errorf("without an environment: %v", err)
	}
}

// TestLoginsStayHereWhereAHostIsNotTrusted: neither a registry nor the token
// server that it names gets them, while anonymous requests go through.
func TestLoginsStayHereWhereAHostIsNotTrusted(t *testing.T) {
	t.Parallel()
	var seen atomic.Int32
	tokens := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			seen.Add(1)
		}
	}))
	t.Cleanup(tokens.Close)
	challenge := "Basic"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/public" {
			return
		}
		if r.Header.Get("Authorization") != "" {
			seen.Add(1)
		}
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(s.Close)
	host := strings.TrimPrefix(s.URL, "http://")
	ask := func(trusted, path string) error {
		c, err := New(Config{
			Host: host, PlainHTTP: true, Env: env(TrustedHosts + "=" + trusted),
			Login: user("u", canary),
		})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		_, _, err = get(t.Context(), c, path)
		return err
	}
	var untrusted *UntrustedError
	if err := ask("other.example", "/v2/x"); !errors.As(err, &untrusted) || untrusted.Host != host {
		t.Errorf("another host is trusted: %v", err)
	}
	if err := ask("other.example", "/public"); err != nil {
		t.Errorf("anonymous: %v", err)
	}
	challenge = `Bearer realm="` + tokens.URL + `/token"`
	if err := ask(host, "/v2/x"); !errors.As(err, &untrusted) || untrusted.Host == host {
		t.Errorf("the token server is not trusted: %v", err)
	}
	if n := seen.Load(); n != 0 {
		t.Errorf("the login was sent %d times", n)
	}
}

// TestServicesGetTheirKeyAndNothingElse: an API with a key of its own is not
// followed to another host, its challenges are not answered, and what it says
// never holds the key.
func TestServicesGetTheirKeyAndNothingElse(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	t.Cleanup(elsewhere.Close)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key := r.Header.Get("ApiKey")
		switch r.URL.Path {
		case "/away":
			http.Redirect(w, r, elsewhere.URL+"/login?k="+key, http.StatusFound)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="`+elsewhere.URL+`"`)
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"code":"Denied","message":"no ` + key + `"}`))
		}
	}))
	t.Cleanup(s.Close)
	c, err := New(Config{Host: strings.TrimPrefix(s.URL, "http://"), PlainHTTP: true, Service: true})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.Hide(canary)
	for path, want := range map[string]string{"/away": "302 Found: registry responded: redirects to http://127.0.0.1:", "/x": "401 Unauthorized: registry responded: Denied: no [redacted]"} {
		resp, err := c.Do(t.Context(), Request{Method: http.MethodGet, URL: c.URL(path, nil), Header: http.Header{"Apikey": {canary}}})
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		if got := c.StatusError(resp).Error(); !strings.HasPrefix(got, want) || strings.Contains(got, canary) {
			t.Errorf("%s: %s, want %s…", path, got, want)
		}
	}
	if got := c.Clean("a\n" + canary + "\x1b[31m"); got != "a [redacted][31m" {
		t.Errorf("cleaned: %q", got)
	}
}
