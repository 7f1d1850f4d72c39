package transport

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/packs-cli/packs/manifest"
)

// canary is in every secret of these tests: no message may hold it.
const canary = "canary-Pa55/word+%"

// env is an environment for one test.
func env(pairs ...string) func(string) (string, bool) {
	m := make(map[string]string)
	for _, p := range pairs {
		name, value, _ := strings.Cut(p, "=")
		m[name] = value
	}
	return func(name string) (string, bool) { v, ok := m[name]; return v, ok }
}

func write(t *testing.T, file, text string, mode os.FileMode) string {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
	return file
}

// program writes a shell script that can be run.
func program(t *testing.T, dir, name, script string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("scripts of a Unix shell")
	}
	// A program that is started at this moment would inherit the open file, and
	// the kernel runs no file that somebody may write to.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	return write(t, filepath.Join(dir, name), "#!/bin/sh\n"+script+"\n", 0o700)
}

func TestLoginFromPacksYAML(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := write(t, filepath.Join(dir, "password"), canary+"\r\n", 0o600)
	userFile := write(t, filepath.Join(dir, "user"), "robot$ci\n", 0o600)
	tests := []struct {
		name   string
		c      manifest.Credentials
		user   string
		source string
	}{
		{"literal and variable", manifest.Credentials{Username: "robot$packs+ci", PasswordEnv: "TOKEN"}, "robot$packs+ci", "passwordEnv TOKEN"},
		{"variables", manifest.Credentials{UsernameEnv: "NAME", PasswordEnv: "TOKEN"}, "ci", "passwordEnv TOKEN"},
		{"files", manifest.Credentials{UsernameFile: userFile, PasswordFile: file}, "robot$ci", "passwordFile " + file},
	}
	for _, tt := range tests {
		login, err := NewLogin(LoginConfig{Host: "h", Credentials: &tt.c, Env: env("NAME=ci", "TOKEN="+canary)})(t.Context())
		if err != nil || login.Username != tt.user || login.Password != canary || !strings.Contains(login.Source, tt.source) {
			t.Errorf("%s: %v, %v; want %s from %s", tt.name, login, err, tt.user, tt.source)
		}
	}
}

func TestLoginSaysWhatIsMissing(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	empty := write(t, filepath.Join(dir, "empty"), "\n", 0o600)
	lines := write(t, filepath.Join(dir, "lines"), canary+"\n"+canary, 0o600)
	large := write(t, filepath.Join(dir, "large"), strings.Repeat("x", maxSecret+1), 0o600)
	missing := filepath.Join(dir, "missing")
	tests := []struct {
		name string
		c    manifest.Credentials
		want string
	}{
		{"variable not set", manifest.Credentials{Username: "u", PasswordEnv: "NOPE"}, "environment variable NOPE (passwordEnv) is not set"},
		{"variable empty", manifest.Credentials{Username: "u", PasswordEnv: "EMPTY"}, "environment variable EMPTY (passwordEnv) is empty"},
		{"user not set", manifest.Credentials{UsernameEnv: "NOPE", PasswordEnv: "TOKEN"}, "NOPE (usernameEnv)"},
		{"file missing", manifest.Credentials{Username: "u", PasswordFile: missing}, missing},
		{"file empty", manifest.Credentials{Username: "u", PasswordFile: empty}, "is empty"},
		{"file of two lines", manifest.Credentials{Username: "u", PasswordFile: lines}, "more than one line"},
		{"file too large", manifest.Credentials{Username: "u", PasswordFile: large}, "larger than"},
		{"no user", manifest.Credentials{PasswordEnv: "TOKEN", Position: manifest.Position{Line: 12}}, "line 12"},
		{"no password", manifest.Credentials{Username: "u"}, "names no password"},
		{"colon", manifest.Credentials{Username: "u:v", PasswordEnv: "TOKEN"}, "colon"},
		{"exec not allowed", manifest.Credentials{Exec: &manifest.Exec{Command: "/bin/echo"}}, "--allow-exec"},
	}
	for _, tt := range tests {
		_, err := NewLogin(LoginConfig{Host: "registry.example", Credentials: &tt.c, Env: env("TOKEN="+canary, "EMPTY=")})(t.Context())
		var e *CredentialsError
		if !errors.As(err, &e) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "registry.example") {
			t.Errorf("%s: %v, want %q", tt.name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), canary) {
			t.Errorf("%s: the error holds the secret", tt.name)
		}
	}
}

func TestLoginFromAProgram(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	tests := []struct{ name, script, user, password, want string }{
		{"plain form", `echo '{"username":"ci","password":"` + canary + `"}'`, "ci", canary, ""},
		{"docker's form", `echo '{"ServerURL":"h","Username":"ci","Secret":"` + canary + `"}'`, "ci", canary, ""},
		{"gets host and arguments", `read host; printf '{"username":"%s","password":"%s"}' "$host" "$1"`, "registry.example", "--flag", ""},
		{"no JSON", `echo ` + canary, "", "", "no JSON"},
		{"no password", `echo '{"username":"ci"}'`, "", "", "printed no login"},
		{"fails with a reason", `echo 'vault is sealed'; exit 3`, "", "", "exit status 3: vault is sealed"},
		{"fails with a reason on stderr", `echo 'vault is sealed' >&2; exit 3`, "", "", "exit status 3: vault is sealed"},
		{"fails with a bare secret", `echo '` + canary + `'; exit 3`, "", "", "exit status 3"},
		{"fails with user and secret", `printf 'ci\n%s\n' '` + canary + `' >&2; exit 3`, "", "", "exit status 3"},
		{"fails with a secret", `echo '{"password":"` + canary + `"}'; exit 3`, "", "", "exit status 3"},
		{"endless", `while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx || exit 0; done`, "", "", "within"},
		{"too much", `head -c 100000 /dev/zero`, "", "", "printed more than"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			timeout := 20 * time.Second
			if tt.name == "endless" {
				timeout = 50 * time.Millisecond
			}
			file := program(t, dir, fmt.Sprintf("helper%d", i), tt.script)
			c := &manifest.Credentials{Exec: &manifest.Exec{Command: file, Args: []string{"--flag"}, Timeout: timeout}}
			login, err := NewLogin(LoginConfig{Host: "registry.example", Credentials: c, AllowExec: true})(t.Context())
			if tt.want == "" {
				if err != nil || login.Username != tt.user || login.Password != tt.password {
					t.Errorf("%v, %v", login, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("%v, want %q and no secret", err, tt.want)
			}
		})
	}
}

func TestProgramThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	ran := filepath.Join(dir, "ran")
	file := program(t, dir, "hang", "echo once >> "+ran+"\nexec sleep 600")
	c := &manifest.Credentials{Exec: &manifest.Exec{Command: file, Timeout: 100 * time.Millisecond}}
	login := NewLogin(LoginConfig{Host: "h", Credentials: c, AllowExec: true})
	for range 32 { // packs
		_, err := login(t.Context())
		if err == nil || !strings.Contains(err.Error(), "did not print a login within 100ms") {
			t.Fatalf("%v, want the time limit", err)
		}
	}
	if b, err := os.ReadFile(ran); err == nil && strings.Count(string(b), "once") > 1 {
		t.Errorf("it ran %d times, want once for all", strings.Count(string(b), "once"))
	}
}

func TestLoginAsksAgainAfterAnInterruption(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	file := program(t, t.TempDir(), "helper", `printf '{"username":"ci","password":"x"}'`)
	login := NewLogin(LoginConfig{Host: "h", AllowExec: true, Credentials: &manifest.Credentials{Exec: &manifest.Exec{Command: file}}})
	if _, err := login(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("%v, want the cause of the context", err)
	}
	if l, err := login(t.Context()); err != nil || l.Username != "ci" {
		t.Errorf("%v, %v", l, err)
	}
}

func TestLoginNeverPrintsItsSecrets(t *testing.T) {
	t.Parallel()
	l := Login{Username: "ci", Password: canary, IdentityToken: canary, RegistryToken: canary, Source: "a test"}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if text := fmt.Sprintf(verb, l); strings.Contains(text, "canary") {
			t.Errorf("%s prints %s", verb, text)
		}
	}
}
