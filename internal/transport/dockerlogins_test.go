package transport

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func mkdir(t *testing.T, dir string) {
	t.Helper()
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
}

func TestLoginFromDocker(t *testing.T) {
	t.Parallel()
	auth := base64.StdEncoding.EncodeToString([]byte("ci:" + canary))
	tests := []struct{ name, host, config, user, password, identity, registry string }{
		{"auth", "h.example:5000", `{"auths":{"h.example:5000":{"auth":"` + auth + `"}}}`, "ci", canary, "", ""},
		{"another host", "h.example", `{"auths":{"h.example:5000":{"auth":"` + auth + `"}}}`, "", "", "", ""},
		{"user and password", "h", `{"auths":{"h":{"username":"ci","password":"p"}}}`, "ci", "p", "", ""},
		{"old address", "h", `{"auths":{"https://h/v1/":{"auth":"` + auth + `"}}}`, "ci", canary, "", ""},
		{"identity token", "h", `{"auths":{"h":{"auth":"` + base64.StdEncoding.EncodeToString([]byte("00000000-0000:")) + `","identitytoken":"` + canary + `"}}}`, "", "", canary, ""},
		{"registry token", "h", `{"auths":{"h":{"registrytoken":"` + canary + `"}}}`, "", "", "", canary},
		{"Docker Hub", "docker.io", `{"auths":{"https://index.docker.io/v1/":{"auth":"` + auth + `"}}}`, "ci", canary, "", ""},
		{"empty entry", "h", `{"auths":{"h":{}}}`, "", "", "", ""},
		{"empty file", "h", ``, "", "", "", ""},
		{"no logins", "h", `{}`, "", "", "", ""},
	}
	for _, tt := range tests {
		dir := t.TempDir()
		write(t, filepath.Join(dir, ".docker", "config.json"), tt.config, 0o600)
		for _, e := range []string{"HOME=" + dir, "DOCKER_CONFIG=" + filepath.Join(dir, ".docker")} {
			l, err := NewLogin(LoginConfig{Host: tt.host, Env: env(e)})(t.Context())
			if err != nil || l.Username != tt.user || l.Password != tt.password || l.IdentityToken != tt.identity || l.RegistryToken != tt.registry {
				t.Errorf("%s with %s: %v, %v", tt.name, e, l, err)
			}
			if !l.Anonymous() && !strings.Contains(l.Source, "config.json") {
				t.Errorf("%s: source %q does not name the file", tt.name, l.Source)
			}
		}
	}
}

func TestLoginFromDockerWithoutAFile(t *testing.T) {
	t.Parallel()
	for _, e := range []string{"X=", "HOME=" + t.TempDir()} {
		l, err := NewLogin(LoginConfig{Host: "h", Env: env(e)})(t.Context())
		if err != nil || !l.Anonymous() {
			t.Errorf("with %s: %v, %v; want anonymous", e, l, err)
		}
	}
}

func TestBrokenDockerConfigNeverQuotesASecret(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"no JSON":      `{"auths":{"h":{"auth":"` + canary + `"}}`,
		"wrong type":   `{"auths":{"h":{"auth":{"` + canary + `":1}}}}`,
		"no base64":    `{"auths":{"h":{"auth":"` + canary + `"}}}`,
		"no colon":     `{"auths":{"h":{"auth":"` + base64.StdEncoding.EncodeToString([]byte(canary)) + `"}}}`,
		"null":         `null`,
		"no file":      "",
		"too large":    strings.Repeat(" ", maxDockerConfig+1),
		"a path":       `{"credsStore":"../../bin/sh"}`,
		"no such tool": `{"credsStore":"missing"}`,
	}
	for name, config := range tests {
		dir := t.TempDir()
		file := filepath.Join(dir, "config.json")
		if config == "" {
			mkdir(t, file)
		} else {
			write(t, file, config, 0o600)
		}
		_, err := NewLogin(LoginConfig{Host: "h", Env: env("DOCKER_CONFIG=" + dir)})(t.Context())
		if err == nil || strings.Contains(err.Error(), canary) || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v, want an error that names the file and no secret", name, err)
		}
	}
}

func TestDockerCredentialHelpers(t *testing.T) {
	t.Parallel()
	const login = `read server; echo "$1 $server" >&2; printf '{"ServerURL":"%s","Username":"ci","Secret":"%s"}' "$server" '` + canary + `'`
	program(t, helpers, "docker-credential-good", login)
	program(t, helpers, "docker-credential-none", `echo 'credentials not found in native keychain'; exit 1`)
	program(t, helpers, "docker-credential-token", `echo '{"Username":"<token>","Secret":"`+canary+`"}'`)
	program(t, helpers, "docker-credential-half", `echo '{"Username":"ci"}'`)
	program(t, helpers, "docker-credential-garbage", `echo '`+canary+`'`)
	program(t, helpers, "docker-credential-list", `echo '{"Secret":["`+canary+`"]}'`)
	program(t, helpers, "docker-credential-leaky", `echo '{"Secret":"`+canary+`"'; exit 1`)
	program(t, helpers, "docker-credential-silent", `exit 3`)
	program(t, helpers, "docker-credential-locked", `echo 'the keychain is locked'; exit 1`)
	tests := []struct{ name, config, user, identity, want string }{
		{"helper of the host", `{"credsStore":"locked","credHelpers":{"h":"good"}}`, "ci", "", ""},
		{"store", `{"credsStore":"good"}`, "ci", "", ""},
		{"helper of another host", `{"credHelpers":{"other":"locked"}}`, "", "", ""},
		{"not found", `{"credsStore":"none"}`, "", "", ""},
		{"identity token", `{"credsStore":"token"}`, "", canary, ""},
		{"locked", `{"credsStore":"locked"}`, "", "", "the keychain is locked"},
		{"knows a user only", `{"credsStore":"half"}`, "", "", "docker-credential-half printed a user name without a secret"},
		{"prints no JSON", `{"credsStore":"garbage"}`, "", "", "docker-credential-garbage printed what is no JSON"},
		{"prints other JSON", `{"credsStore":"list"}`, "", "", "docker-credential-list printed what is no JSON"},
		{"fails with a secret", `{"credsStore":"leaky"}`, "", "", "docker-credential-leaky ended with an error"},
		{"fails in silence", `{"credsStore":"silent"}`, "", "", "docker-credential-silent ended with exit status 3"},
		{"not installed", `{"credsStore":"absent"}`, "", "", "docker-credential-absent is not on the PATH"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "config.json"), tt.config, 0o600)
			l, err := NewLogin(LoginConfig{Host: "h", Env: env("DOCKER_CONFIG=" + dir)})(t.Context())
			if tt.want == "" && (err != nil || l.Username != tt.user || l.IdentityToken != tt.identity) {
				t.Errorf("%v, %v", l, err)
			}
			if tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), canary)) {
				t.Errorf("%v, want %q and no secret", err, tt.want)
			}
		})
	}
}

func TestDockerHelperThatHangsIsEnded(t *testing.T) {
	t.Parallel()
	program(t, helpers, "docker-credential-hangs", "exec sleep 600")
	program(t, helpers, "docker-credential-forks", "sleep 0.3") // its child holds the output open
	for _, name := range []string{"hangs", "forks"} {
		dir := t.TempDir()
		write(t, filepath.Join(dir, "config.json"), `{"credsStore":"`+name+`"}`, 0o600)
		d := NewDockerLogins(env("DOCKER_CONFIG=" + dir))
		d.limit = 50 * time.Millisecond
		for _, do := range []func() error{
			func() error { _, err := d.Get(t.Context(), "h"); return err },
			func() error { _, err := d.Put(t.Context(), "h", Login{Username: "ci", Password: canary}); return err },
		} {
			if err := do(); err == nil || !strings.Contains(err.Error(), "docker-credential-"+name+" did not answer within 50ms") {
				t.Errorf("%v, want the time limit", err)
			}
		}
	}
}

func TestDockerLoginsComeBackAsTheyWerePut(t *testing.T) {
	t.Parallel()
	logins := []Login{{Username: "robot$ci", Password: canary}, {IdentityToken: canary}, {RegistryToken: canary}}
	for _, host := range []string{"h.example:5000", "docker.io"} {
		for _, l := range logins {
			dir := t.TempDir()
			d := NewDockerLogins(env("DOCKER_CONFIG=" + dir))
			// With a login in it no store of this machine comes into play.
			file := write(t, filepath.Join(dir, "config.json"), `{"auths":{"other":{}}}`, 0o600)
			if kept, err := d.Put(t.Context(), host, l); err != nil || !kept.Plain || kept.Place != file {
				t.Fatalf("%+v, %v", kept, err)
			}
			if info, err := os.Stat(file); err != nil || runtime.GOOS != "windows" && info.Mode().Perm() != 0o600 {
				t.Errorf("mode of the file: %v, %v; want 0600", info.Mode(), err)
			}
			l.Source = file
			if got, err := d.Get(t.Context(), host); err != nil || got.forms() == nil || got.Username != l.Username || got.Password != l.Password ||
				got.IdentityToken != l.IdentityToken || got.RegistryToken != l.RegistryToken || got.Source != file {
				t.Errorf("%v, %v; want %v", got, err, l)
			}
			if found, err := d.Delete(t.Context(), host); err != nil || !found {
				t.Errorf("delete: %v, %v", found, err)
			}
			if found, err := d.Delete(t.Context(), host); err != nil || found {
				t.Errorf("second delete: %v, %v", found, err)
			}
		}
	}
}

func TestPutLeavesTheRestOfTheFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	target := write(t, filepath.Join(dir, "dotfiles", "docker.json"), `{"psFormat":"x","auths":{"other":{"auth":"YTpi"}},"proxies":{"default":{"httpProxy":"p"}}}`, 0o600)
	link := filepath.Join(dir, "config.json")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("no symbolic links here")
	}
	d := NewDockerLogins(env("DOCKER_CONFIG=" + dir))
	if _, err := d.Put(t.Context(), "h", Login{Username: "ci", Password: "p"}); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(b, &got); err != nil {
		t.Fatal(err)
	}
	auths, _ := got["auths"].(map[string]any)
	if got["psFormat"] != "x" || got["proxies"] == nil || auths["other"] == nil || auths["h"] == nil {
		t.Errorf("after Put: %s", b)
	}
	if info, err := os.Lstat(link); err != nil || info.Mode()&os.ModeSymlink == 0 {
		t.Errorf("the link was replaced: %v, %v", info.Mode(), err)
	}
}

func TestDockerLoginsUseTheHelper(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	kept := filepath.Join(dir, "kept")
	program(t, helpers, "docker-credential-keeps", `case $1 in
store) cat > `+kept+` ;;
get) test -f `+kept+` && cat `+kept+` || { echo 'credentials not found in native keychain'; exit 1; } ;;
erase) rm `+kept+` ;;
esac`)
	config := write(t, filepath.Join(dir, "config.json"), `{"credHelpers":{"h":"keeps"}}`, 0o600)
	d := NewDockerLogins(env("DOCKER_CONFIG=" + dir))
	where, err := d.Put(t.Context(), "h", Login{Username: "ci", Password: canary})
	if err != nil || where.Plain || where.Place != "docker-credential-keeps" {
		t.Fatalf("%+v, %v", where, err)
	}
	if b, err := os.ReadFile(config); err != nil || strings.Contains(string(b), "auths") {
		t.Errorf("%s, %v; want nothing in the file", b, err)
	}
	if l, err := d.Get(t.Context(), "h"); err != nil || l.Username != "ci" || l.Password != canary || l.Source != where.Place {
		t.Errorf("%v, %v", l, err)
	}
	if found, err := d.Delete(t.Context(), "h"); err != nil || !found {
		t.Errorf("delete: %v, %v", found, err)
	}
	if l, err := d.Get(t.Context(), "h"); err != nil || !l.Anonymous() {
		t.Errorf("after Delete: %v, %v", l, err)
	}
}
