package transport

import (
	"encoding/base64"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

// TestPrecedenceOfLogins has a login in every place, and takes the places away
// one after the other, as docs/credentials.md orders them. What is named and
// cannot be had is an error, never a try with the next one.
func TestPrecedenceOfLogins(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"first", "second"} {
		program(t, helpers, "docker-credential-"+name, `read server; printf '{"Username":"`+name+`","Secret":"x"}'`)
	}
	program(t, helpers, "docker-credential-shut", `echo 'the keychain is locked'; exit 1`)
	const named = `"auths":{"h":{"auth":"AUTH"}}`
	yaml := &manifest.Credentials{Username: "yaml", PasswordEnv: "TOKEN"}
	tests := []struct {
		name        string
		credentials *manifest.Credentials
		env         string
		config      string // of DOCKER_CONFIG; "": there is none
		home        bool   // whether ~/.docker/config.json has a login, too
		user, err   string
	}{
		{"credentials of packs.yaml", yaml, "TOKEN=x", `{` + named + `,"credsStore":"second","credHelpers":{"h":"first"}}`, true, "yaml", ""},
		{"credentials that are not there", yaml, "", `{` + named + `}`, true, "", "TOKEN"},
		{"the helper of the host", nil, "", `{` + named + `,"credsStore":"second","credHelpers":{"h":"first"}}`, true, "first", ""},
		{"a helper that fails", nil, "", `{` + named + `,"credsStore":"second","credHelpers":{"h":"shut"}}`, true, "", "locked"},
		{"the store", nil, "", `{` + named + `,"credsStore":"second","credHelpers":{"other":"first"}}`, true, "second", ""},
		{"the file", nil, "", `{` + named + `}`, true, "file", ""},
		{"DOCKER_CONFIG without a login", nil, "", `{}`, true, "", ""},
		{"the file at home", nil, "", "", true, "home", ""},
		{"nothing", nil, "", "", false, "", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			settings := []string{"HOME=" + dir, tt.env}
			put := func(folder, config, user string) {
				auth := base64.StdEncoding.EncodeToString([]byte(user + ":x"))
				write(t, filepath.Join(dir, folder, "config.json"), strings.ReplaceAll(config, "AUTH", auth), 0o600)
			}
			if tt.home {
				put(".docker", `{`+named+`}`, "home")
			}
			if tt.config != "" {
				put("set", tt.config, "file")
				settings = append(settings, "DOCKER_CONFIG="+filepath.Join(dir, "set"))
			}
			l, err := NewLogin(LoginConfig{Host: "h", Credentials: tt.credentials, Env: env(settings...)})(t.Context())
			switch {
			case tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)):
				t.Errorf("%v, want an error about %s", err, tt.err)
			case tt.err == "" && (err != nil || l.Username != tt.user):
				t.Errorf("%q, %v; want %q", l.Username, err, tt.user)
			}
		})
	}
}
