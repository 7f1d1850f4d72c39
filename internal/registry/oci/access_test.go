package oci

import (
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

func TestLoginsWithARealRegistry(t *testing.T) {
	t.Parallel()
	for _, auth := range []registrytest.Auth{registrytest.AuthBasic, registrytest.AuthBearer} {
		s := registrytest.Start(t, registrytest.Options{Auth: auth})
		r := open(t, manifest.Registry{Host: s.Host, PlainHTTP: true}, Options{Login: login})
		for i := range 3 {
			repo, v := fmt.Sprintf("%s%d", repository, i), "1.0.0"
			if _, _, err := r.Manifest(t.Context(), repo, v); !errors.Is(err, registry.ErrNotFound) {
				t.Fatal(err)
			}
			if _, err := r.Push(t.Context(), repo, v, version(t, v), noHint); err != nil {
				t.Fatal(err)
			}
			holdsVersion(t, r, repo, v, version(t, v))
		}
		refused := 0
		for _, req := range s.Requests() {
			if req.Status == http.StatusUnauthorized {
				refused++
			}
		}
		if refused != 1 {
			t.Errorf("auth %d: %d requests were refused for lack of a login, want the first only", auth, refused)
		}
		if s.Tokens != nil && len(s.Tokens.Requests()) != 3 {
			t.Errorf("%d tokens for 3 repositories", len(s.Tokens.Requests()))
		}
	}
}

func TestLoginRefused(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic})
	env := func(name string) (string, bool) { return "wrong-canary", name == "TOKEN" }
	tests := []struct {
		name        string
		credentials *manifest.Credentials
		want, hint  string
	}{
		{"anonymous", nil, "wants a login", "docker login " + s.Host},
		{"wrong", &manifest.Credentials{Username: registrytest.Username, PasswordEnv: "TOKEN"}, `refused user "packs-tester" from packs.yaml (passwordEnv TOKEN)`, "check user and password"},
		{"not set", &manifest.Credentials{Username: "u", PasswordEnv: "NOPE"}, "environment variable NOPE", "take credentials: out"},
	}
	for _, tt := range tests {
		r := open(t, manifest.Registry{Name: "corp", Host: s.Host, PlainHTTP: true, Credentials: tt.credentials}, Options{Env: env})
		_, err := r.Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint)
		var e *registry.Error
		if !errors.Is(err, registry.ErrUnauthorized) || !errors.As(err, &e) {
			t.Errorf("%s: %v, want ErrUnauthorized", tt.name, err)
			continue
		}
		if !strings.Contains(err.Error(), tt.want) || !strings.Contains(e.Hint, tt.hint) || strings.Contains(err.Error()+e.Hint, "canary") {
			t.Errorf("%s: %q with hint %q", tt.name, err, e.Hint)
		}
	}
}

// TestLoginOfDocker is not parallel: helpers are looked up on the PATH.
func TestLoginOfDocker(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the helper is a script of a Unix shell")
	}
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic})
	dir := t.TempDir()
	script := fmt.Sprintf("#!/bin/sh\nread server\nprintf '{\"ServerURL\":\"%%s\",\"Username\":\"%s\",\"Secret\":\"%%s\"}' \"$server\" '%s'\n", registrytest.Username, registrytest.Password)
	syscall.ForkLock.RLock() // a program started now would inherit the open file, and the kernel runs none that is open
	err := os.WriteFile(filepath.Join(dir, "docker-credential-vault"), []byte(script), 0o700)
	syscall.ForkLock.RUnlock()
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+string(filepath.ListSeparator)+os.Getenv("PATH"))
	auth := base64.StdEncoding.EncodeToString([]byte(registrytest.Username + ":" + registrytest.Password))
	tests := []struct {
		name, config string
		ok           bool
	}{
		{"auths", fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, s.Host, auth), true},
		{"helper of the host", fmt.Sprintf(`{"credHelpers":{%q:"vault"}}`, s.Host), true},
		{"store", `{"credsStore":"vault"}`, true},
		{"another host", fmt.Sprintf(`{"auths":{"other.example":{"auth":%q}}}`, auth), false},
		{"missing helper", `{"credsStore":"missing"}`, false},
	}
	for _, tt := range tests {
		home := t.TempDir()
		if err := os.WriteFile(filepath.Join(home, "config.json"), []byte(tt.config), 0o600); err != nil {
			t.Fatal(err)
		}
		env := map[string]string{"DOCKER_CONFIG": home, "PATH": os.Getenv("PATH")}
		r := open(t, manifest.Registry{Host: s.Host, PlainHTTP: true}, Options{Env: func(name string) (string, bool) { v, ok := env[name]; return v, ok }})
		_, err := r.Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint)
		var e *registry.Error
		if (err == nil) != tt.ok || !tt.ok && (!errors.Is(err, registry.ErrUnauthorized) || !errors.As(err, &e) || e.Hint == "") {
			t.Errorf("%s: %v, want success: %v", tt.name, err, tt.ok)
		}
	}
}

func TestPushWithoutTheRight(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer, Tokens: registrytest.TokenOptions{ReadOnly: true}})
	r := open(t, manifest.Registry{Host: s.Host, PlainHTTP: true}, Options{Login: login})
	_, err := r.Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint)
	if !errors.Is(err, registry.ErrDenied) {
		t.Errorf("%v, want ErrDenied", err)
	}
}

func TestReadOnlyRegistryIsAskedForNoMoreThanReading(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer})
	r := open(t, manifest.Registry{Host: s.Host, PlainHTTP: true, ReadOnly: true}, Options{Login: login})
	if _, _, err := r.Manifest(t.Context(), repository, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
		t.Fatal(err)
	}
	if got := s.Tokens.Requests(); len(got) != 1 || !slices.Equal(got[0].Scopes, []string{"repository:" + repository + ":pull"}) {
		t.Errorf("token requests %+v", got)
	}
}

func TestCertificatesAndConnections(t *testing.T) {
	t.Parallel()
	secure := registrytest.Start(t, registrytest.Options{TLS: true})
	misnamed := registrytest.Start(t, registrytest.Options{TLS: true, Hosts: []string{"registry.test"}})
	expired := registrytest.Start(t, registrytest.Options{TLS: true, Expired: true})
	mutual := registrytest.Start(t, registrytest.Options{TLS: true, ClientCerts: true})
	plain := registrytest.Start(t, registrytest.Options{})
	gone := registrytest.Start(t, registrytest.Options{})
	if err := gone.Close(); err != nil {
		t.Fatal(err)
	}
	trust := func(s *registrytest.Server) *manifest.TLS { return &manifest.TLS{CAFile: s.CAFile} }
	tests := []struct {
		name       string
		spec       manifest.Registry
		meaning    error
		want, hint string
	}{
		{"unknown authority", manifest.Registry{Host: secure.Host}, registry.ErrCertificate, "CN=registrytest CA", "tls: {caFile: ./ca.pem}"},
		{"another authority", manifest.Registry{Host: secure.Host, TLS: trust(expired)}, registry.ErrCertificate, "CN=registrytest CA", "is not the one that signed it"},
		{"wrong name", manifest.Registry{Host: misnamed.Host, TLS: trust(misnamed)}, registry.ErrCertificate, "valid for registry.test", "host: registry.test:"},
		{"expired", manifest.Registry{Host: expired.Host, TLS: trust(expired)}, registry.ErrCertificate, "not valid now", "renewed"},
		{"HTTPS to a plain port", manifest.Registry{Host: plain.Host}, registry.ErrUnreachable, "answered in plain HTTP", "plainHTTP: true"},
		{"plain HTTP to a TLS port", manifest.Registry{Host: secure.Host, PlainHTTP: true}, registry.ErrUnreachable, "wants HTTPS", "plainHTTP: false"},
		{"down", manifest.Registry{Host: gone.Host, PlainHTTP: true}, registry.ErrUnreachable, "connection refused by " + gone.Host, "is the registry running"},
		{"no such host", manifest.Registry{Host: "no..such.host"}, registry.ErrUnreachable, "no such host: no..such.host", "check host"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.spec.Name = "corp"
			_, _, err := open(t, tt.spec, Options{}).Manifest(t.Context(), repository, "1.0.0")
			var e *registry.Error
			if !errors.Is(err, tt.meaning) || !errors.As(err, &e) {
				t.Fatalf("%v, want %v", err, tt.meaning)
			}
			if !strings.Contains(err.Error(), tt.want) || !strings.Contains(e.Hint, tt.hint) || !strings.Contains(err.Error(), tt.spec.Host+"/"+repository+":1.0.0") {
				t.Errorf("%q\nhint %q\nwant %q with %q", err, e.Hint, tt.want, tt.hint)
			}
			for _, word := range []string{"dial tcp", "x509:", "net/http", "Get \""} {
				if strings.Contains(err.Error(), word) {
					t.Errorf("%q holds words of the library", err)
				}
			}
		})
	}
	ours := &manifest.TLS{CAFile: mutual.CAFile, CertFile: mutual.Client.CertFile, KeyFile: mutual.Client.KeyFile}
	if _, err := open(t, manifest.Registry{Host: mutual.Host, TLS: ours}, Options{}).Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint); err != nil {
		t.Errorf("with a client certificate: %v", err)
	}
}

func TestCertificateFileThatIsMissing(t *testing.T) {
	t.Parallel()
	_, err := New(&manifest.Registry{Host: "h.example", TLS: &manifest.TLS{CAFile: "/nowhere/ca.pem"}}, Options{})
	var e *registry.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "/nowhere/ca.pem") {
		t.Errorf("%v, want an error that names the file", err)
	}
}

// TestProgramsAreNotRunUnasked says what lets them run.
func TestProgramsAreNotRunUnasked(t *testing.T) {
	t.Parallel()
	spec := manifest.Registry{Name: "corp", Host: "registry.test", Credentials: &manifest.Credentials{Exec: &manifest.Exec{Command: "/bin/login"}}}
	_, _, err := open(t, spec, Options{Basic: true}).Manifest(t.Context(), repository, "1.0.0")
	var e *registry.Error
	if !errors.Is(err, transport.ErrExec) || !errors.As(err, &e) || !strings.Contains(e.Hint, "--allow-exec") || !strings.Contains(err.Error(), "/bin/login") {
		t.Errorf("%v", err)
	}
}
