package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
)

// canaryUser and canary are the login of these tests. The password has what is
// written in other ways in addresses, JSON and base64.
const (
	canaryUser = "robot$canary"
	canary     = `canary-Pa55/w+r%d&<x>?~"q`
)

// keeper is a place where a secret is kept for packs.
type keeper struct {
	credentials string // in packs.yaml; "" for docker's logins
	config      string // docker's config.json; "" is an empty one
	env         map[string]string
}

// keepers are all of them. Files are in dir.
func keepers(t *testing.T, dir, user, secret string) map[string]keeper {
	t.Helper()
	quoted, err := json.Marshal(secret)
	if err != nil {
		t.Fatal(err)
	}
	plant(t, filepath.Join(dir, "password"), secret+"\n", 0o600)
	auth := base64.StdEncoding.EncodeToString([]byte(user + ":" + secret))
	all := map[string]keeper{
		"password env":    {credentials: "{username: '" + user + "', passwordEnv: SECRET}", env: map[string]string{"SECRET": secret}},
		"password file":   {credentials: "{username: '" + user + "', passwordFile: '" + filepath.Join(dir, "password") + "'}"},
		"docker's config": {config: `{"auths":{"HOST":{"auth":"` + auth + `"}}}`},
		"identity token":  {config: `{"auths":{"HOST":{"identitytoken":` + string(quoted) + `}}}`},
		"registry token":  {config: `{"auths":{"HOST":{"registrytoken":` + string(quoted) + `}}}`},
	}
	if runtime.GOOS == "windows" {
		return all
	}
	printed := fmt.Sprintf(`{"Username":"%s","Secret":%s}`, user, quoted)
	plant(t, filepath.Join(dir, "printed.json"), printed, 0o600)
	script := "#!/bin/sh\ncat '" + filepath.Join(dir, "printed.json") + "'\n"
	plant(t, filepath.Join(dir, "bin", "print-login"), script, 0o700)
	plant(t, filepath.Join(dir, "bin", "docker-credential-canary"), script, 0o700)
	plant(t, filepath.Join(dir, "bin", "fail-login"), script+"exit 1\n", 0o700)
	plant(t, filepath.Join(dir, "bin", "docker-credential-fails"), script+"exit 1\n", 0o700)
	all["program"] = keeper{credentials: "{exec: {command: '" + filepath.Join(dir, "bin", "print-login") + "'}}"}
	all["program that fails"] = keeper{credentials: "{exec: {command: '" + filepath.Join(dir, "bin", "fail-login") + "'}}"}
	all["helper"] = keeper{config: `{"credHelpers":{"HOST":"canary"}}`}
	all["helper that fails"] = keeper{config: `{"credHelpers":{"HOST":"fails"}}`}
	return all
}

func plant(t *testing.T, file, text string, mode fs.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// cage is where packs runs: in its folder may be no secret, but in "in".
type cage struct {
	dir     string
	host    string // of the registry; may be empty
	env     map[string]string
	secrets []string
	skip    string // a file that has secrets in it
	echoed  bool   // something was taken out of a text
}

// newCage writes a catalog with one registry.
func newCage(t *testing.T, host string, k *keeper, secrets ...string) *cage {
	t.Helper()
	c := &cage{dir: t.TempDir(), host: host, secrets: secrets}
	registry := "{name: dev, type: oci, host: '" + host + "'"
	if k.credentials != "" {
		registry += ", credentials: " + k.credentials
	}
	c.catalog(t, registry+"}")
	config := k.config
	if config == "" {
		config = `{"auths":{"other.example":{}}}` // no store of this machine comes into play
	}
	plant(t, filepath.Join(c.dir, "in", "config.json"), strings.ReplaceAll(config, "HOST", host), 0o600)
	c.env = map[string]string{"DOCKER_CONFIG": filepath.Join(c.dir, "in"), "PACKS_CACHE_DIR": filepath.Join(c.dir, "cache")}
	for name, value := range k.env {
		c.env[name] = value
	}
	return c
}

func (c *cage) catalog(t *testing.T, registry string) {
	t.Helper()
	plant(t, filepath.Join(c.dir, "packs.yaml"), "apiVersion: packs/v1\nkind: Catalog\nregistries:\n  - "+registry+"\npacks:\n  - path: packs/**\n", 0o600)
	plant(t, filepath.Join(c.dir, "packs", "nginx-1.2.0", "pack.json"), `{"name":"nginx","displayName":"Nginx","version":"1.2.0","layer":"addon"}`, 0o600)
	plant(t, filepath.Join(c.dir, "packs", "nginx-1.2.0", "values.yaml"), "pack:\n  content:\n    images:\n      - image: '"+c.host+"/app/nginx:1.2.0'\n", 0o600)
}

// run runs packs with all that it can say, and looks for the secrets.
func (c *cage) run(t *testing.T, name, stdin string, args ...string) (code int) {
	t.Helper()
	temp := filepath.Join(c.dir, "tmp")
	if err := os.MkdirAll(temp, 0o700); err != nil {
		t.Fatal(err)
	}
	t.Setenv("TMPDIR", temp)
	var out, errOut bytes.Buffer
	args = append([]string{"packs"}, append(args, "-vvv")...)
	if !readsResults(args[1]) {
		args = append(args, "-f", filepath.Join(c.dir, "packs.yaml"))
	}
	env := func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }
	code = Main(t.Context(), args, strings.NewReader(stdin), &out, &errOut, env)
	c.echoed = c.echoed || strings.Contains(out.String()+errOut.String(), "[redacted]")
	what := name + ": " + strings.Join(args[:2], " ")
	c.search(t, what+": stdout", out.Bytes())
	c.search(t, what+": stderr", errOut.Bytes())
	c.searchFiles(t, what)
	return code
}

func (c *cage) search(t *testing.T, where string, text []byte) {
	t.Helper()
	for _, secret := range c.secrets {
		for _, form := range forms(secret) {
			if at := bytes.Index(text, []byte(form)); at >= 0 {
				t.Errorf("%s holds %s:\n…%s", where, form, text[max(0, at-200):min(len(text), at+len(form)+40)])
			}
		}
	}
}

// searchFiles looks into everything that packs wrote, whatever it is called.
func (c *cage) searchFiles(t *testing.T, what string) {
	t.Helper()
	in := filepath.Join(c.dir, "in")
	err := filepath.WalkDir(c.dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path == in:
			return filepath.SkipDir
		case !d.Type().IsRegular() || path == c.skip:
			return nil
		}
		b, err := os.ReadFile(path)
		c.search(t, what+": "+path, b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// TestSecretsNeverShow runs every command against servers that repeat what they
// are told. It sets the environment of the process, so it runs alone.
func TestSecretsNeverShow(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("PATH", filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
	kept := keepers(t, dir, canaryUser, canary)
	basic := base64.StdEncoding.EncodeToString([]byte(canaryUser + ":" + canary))
	for server, h := range hostiles {
		host := h.serve(t)
		echoed := false
		for name, k := range kept {
			c := newCage(t, host, &k, canary, basic, issued, signed)
			c.every(t, name+", server "+server)
			echoed = echoed || c.echoed
		}
		if !echoed && server != "babbles" && server != "token of babble" { // nobody shows what they say
			t.Errorf("server %s: nothing was taken out of what it said: did it say anything?", server)
		}
	}
}

// TestSecretsOfProxiesNeverShow goes through a proxy that repeats its login.
func TestSecretsOfProxiesNeverShow(t *testing.T) {
	answers := map[string]http.HandlerFunc{
		"refuses":     func(w http.ResponseWriter, r *http.Request) { sayText(w, http.StatusProxyAuthRequired, proxyEcho(r)) },
		"forbids":     func(w http.ResponseWriter, r *http.Request) { sayJSON(w, http.StatusForbidden, "DENIED", proxyEcho(r)) },
		"is not well": func(w http.ResponseWriter, r *http.Request) { sayText(w, http.StatusBadRequest, proxyEcho(r)) },
	}
	for name, answer := range answers {
		proxy := httptest.NewServer(answer)
		t.Cleanup(proxy.Close)
		address := "http://" + url.UserPassword(canaryUser, canary).String() + "@" + strings.TrimPrefix(proxy.URL, "http://")
		for _, plain := range []string{"true", "false"} {
			c := newCage(t, "registry.example.test", &keeper{}, canary, base64.StdEncoding.EncodeToString([]byte(canaryUser+":"+canary)))
			c.catalog(t, "{name: dev, type: oci, host: registry.example.test, plainHTTP: "+plain+"}")
			c.env["HTTP_PROXY"], c.env["HTTPS_PROXY"] = address, address
			c.run(t, "a proxy that "+name, "", "plan")
			c.run(t, "a proxy that "+name, "", "login")
			c.run(t, "a proxy that "+name, "", "doctor")
		}
	}
}

// TestSecretsOfAWSNeverShow asks an API that repeats what it is sent, as AWS
// does where a signature is wrong.
func TestSecretsOfAWSNeverShow(t *testing.T) {
	const key, secret, session = "AKIACANARYCANARYCANA", "canary/aws+secret/key", "canary/aws+session//token=="
	for _, code := range []string{"InvalidSignatureException", "AccessDeniedException", "ExpiredTokenException", "SomethingElse"} {
		api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Amzn-Errortype", code)
			w.Header().Set("Content-Type", "application/x-amz-json-1.1")
			w.WriteHeader(http.StatusBadRequest)
			_ = json.NewEncoder(w).Encode(map[string]string{"__type": code, "message": strings.Join(forms(r.Header.Get("X-Amz-Security-Token")), " ")})
		}))
		t.Cleanup(api.Close)
		for name, value := range map[string]string{
			"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": session, "AWS_EC2_METADATA_DISABLED": "true",
			"AWS_ENDPOINT_URL_ECR": api.URL, "AWS_CONFIG_FILE": os.DevNull, "AWS_SHARED_CREDENTIALS_FILE": os.DevNull,
		} {
			t.Setenv(name, value)
		}
		c := newCage(t, "", &keeper{}, secret, session)
		c.catalog(t, "{name: dev, type: ecr, account: '111111111111', region: us-east-1}")
		c.every(t, "AWS answers "+code)
		if !c.echoed {
			t.Errorf("%s: nothing was taken out of what the API said: did it say anything?", code)
		}
	}
}

// TestSecretsInTheCatalogNeverShow finds secrets where none should be.
func TestSecretsInTheCatalogNeverShow(t *testing.T) {
	for _, registry := range []string{
		"{name: dev, type: oci, host: 'https://user:" + url.QueryEscape(canary) + "@registry.example'}",
		"{name: dev, type: oci, host: 'user:canary-word@registry.example'}",
		"{name: dev, type: oci, host: registry.example, credentials: {username: u, password: canary-word}}",
		"{name: dev, type: oci, host: registry.example, repositoryPrefix: '${DEV_PASSWORD}'}",
	} {
		c := newCage(t, "", &keeper{env: map[string]string{"DEV_PASSWORD": "canary-word"}}, canary, "canary-word")
		c.catalog(t, registry)
		written := filepath.Join(c.dir, "packs.yaml")
		c.skip = written
		for _, command := range []string{"validate", "plan", "list", "doctor", "login"} {
			if code := c.run(t, "a catalog with a secret", "", command); code != exitInput && code != exitFailed {
				t.Errorf("%s with %s ends with %d", command, registry, code)
			}
		}
	}
}

// TestSecretsNeverShowWhereAllIsWell runs every command against a real registry.
func TestSecretsNeverShowWhereAllIsWell(t *testing.T) {
	for _, auth := range []registrytest.Auth{registrytest.AuthBasic, registrytest.AuthBearer} {
		s := registrytest.Start(t, registrytest.Options{Auth: auth})
		dir := t.TempDir()
		t.Setenv("PATH", filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"))
		for name, k := range keepers(t, dir, registrytest.Username, registrytest.Password) {
			if strings.Contains(name, "token") || strings.Contains(name, "fails") {
				continue
			}
			c := newCage(t, s.Host, &k, registrytest.Password)
			if code := c.run(t, name, "", "apply", "--yes", "--allow-exec"); code != exitDone {
				t.Errorf("%s: apply ends with %d", name, code)
			}
			c.every(t, name+", a real server")
		}
	}
}
