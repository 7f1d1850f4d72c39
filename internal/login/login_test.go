package login_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/login"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve starts a server that answers with one status, and returns its registry.
func serve(t *testing.T, answer http.HandlerFunc) *manifest.Registry {
	t.Helper()
	s := httptest.NewServer(answer)
	t.Cleanup(s.Close)
	r, err := login.Registry(strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// logins are those of a user with an empty config.json, whose path is returned.
func logins(t *testing.T) (l *login.Logins, file string) {
	t.Helper()
	dir := t.TempDir()
	file = filepath.Join(dir, "config.json")
	// With a login in it no store of this machine comes into play.
	if err := os.WriteFile(file, []byte(`{"auths":{"other.example":{}}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	return login.New(login.Options{Env: func(name string) (string, bool) { return dir, name == "DOCKER_CONFIG" }}), file
}

func TestARegistryThatAsksNobodyIsNoCheck(t *testing.T) {
	t.Parallel()
	spec := serve(t, func(http.ResponseWriter, *http.Request) {})
	l, file := logins(t)
	got, err := l.Put(t.Context(), spec, transport.Login{Username: "ci", Password: "secret"})
	if err != nil || got.Checked || !got.Kept.Plain || got.Kept.Place != file {
		t.Errorf("%+v, %v; want it kept, and said to be unchecked", got, err)
	}
	if status, err := l.Status(t.Context(), spec); err != nil || status.State != login.Open {
		t.Errorf("%+v, %v; want an open registry", status, err)
	}
}

func TestALoginThatIsLookedAtOnlyWhenItIsSentIsRefused(t *testing.T) {
	t.Parallel()
	spec := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if _, password, sent := r.BasicAuth(); sent && password != "right" {
			w.Header().Set("Www-Authenticate", `Basic realm="r"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	l, file := logins(t)
	var refused *transport.LoginError
	if _, err := l.Put(t.Context(), spec, transport.Login{Username: "ci", Password: "wrong-word"}); !errors.As(err, &refused) {
		t.Errorf("%v, want a refusal", err)
	}
	if b, err := os.ReadFile(file); err != nil || strings.Contains(string(b), spec.Host) {
		t.Errorf("a refused login was kept: %s, %v", b, err)
	}
}

func TestNothingIsKeptWhereNoRegistryAnswers(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]http.HandlerFunc{
		"no registry":  func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNotFound) },
		"broken":       func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"may not look": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) },
	} {
		spec := serve(t, answer)
		l, file := logins(t)
		if _, err := l.Put(t.Context(), spec, transport.Login{Username: "ci", Password: "p"}); err == nil || !strings.Contains(err.Error(), spec.Host) {
			t.Errorf("%s: %v, want an error that names the host", name, err)
		}
		if _, err := l.Status(t.Context(), spec); err == nil {
			t.Errorf("%s: its status is known", name)
		}
		if b, err := os.ReadFile(file); err != nil || strings.Contains(string(b), spec.Host) {
			t.Errorf("%s: %s, %v", name, b, err)
		}
	}
}

func TestHosts(t *testing.T) {
	t.Parallel()
	for host, plain := range map[string]bool{
		"registry.example.com": false, "h:5000": false, "localhost": true, "localhost:5000": true, "127.0.0.1:5000": true, "[::1]:5000": true,
	} {
		r, err := login.Registry(host)
		if err != nil || r.PlainHTTP != plain || r.Host != host {
			t.Errorf("%s: %+v, %v; want plain HTTP: %v", host, r, err, plain)
		}
	}
	for _, host := range []string{"", "https://h", "h/x", "u@h", "h:port", "a b"} {
		if _, err := login.Registry(host); err == nil {
			t.Errorf("%q is taken for a host", host)
		}
	}
}
