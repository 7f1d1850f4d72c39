package transport

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// maxDockerConfig is the largest docker configuration that is read, in bytes.
const maxDockerConfig = 4 << 20

// dockerHubKey is the name of Docker Hub in docker's configuration.
const dockerHubKey = "https://index.docker.io/v1/"

// dockerConfig is the part of docker's config.json about logins
// (https://docs.docker.com/reference/cli/docker/login/#credential-stores).
type dockerConfig struct {
	Auths       map[string]dockerAuth `json:"auths"`
	CredsStore  string                `json:"credsStore"`
	CredHelpers map[string]string     `json:"credHelpers"`
}

// dockerAuth is one login in it.
type dockerAuth struct {
	Auth          string `json:"auth"` // base64 of USER:PASSWORD
	Username      string `json:"username"`
	Password      string `json:"password"`
	IdentityToken string `json:"identitytoken"`
	RegistryToken string `json:"registrytoken"`
}

// fromDocker finds the login that docker, or `oras login`, would use: the
// helper for the host, else the store, else the file itself.
func (cfg *LoginConfig) fromDocker(ctx context.Context) (Login, error) {
	file := cfg.dockerConfigFile()
	if file == "" {
		return Login{}, nil
	}
	dc, err := readDockerConfig(file)
	if err != nil {
		return Login{}, err
	}
	key := cfg.Host
	if key == dockerHub || key == dockerHubAPI {
		key = dockerHubKey
	}
	name := dc.CredHelpers[key]
	if name == "" {
		name = dc.CredsStore
	}
	if name == "" {
		return dc.login(key, file)
	}
	return cfg.fromHelper(ctx, name, key, file)
}

func (cfg *LoginConfig) fromHelper(ctx context.Context, name, key, file string) (Login, error) {
	program := "docker-credential-" + name
	if strings.ContainsAny(name, `/\`) {
		return Login{}, fmt.Errorf("%s names the credential helper %q: want a name without slashes", file, name)
	}
	h := helper{name: program, args: []string{"get"}, env: cfg.Env}
	p, err := h.run(ctx, key)
	switch {
	case errors.Is(err, errNotFound):
		return Login{}, nil
	case err != nil:
		return Login{}, fmt.Errorf("%w (named in %s)", err, file)
	}
	return p.login(program)
}

// dockerConfigFile returns where docker's configuration is, or "" where the
// environment names no home.
func (cfg *LoginConfig) dockerConfigFile() string {
	const name = "config.json"
	if dir, ok := cfg.Env("DOCKER_CONFIG"); ok && dir != "" {
		return filepath.Join(dir, name)
	}
	for _, home := range []string{"HOME", "USERPROFILE"} {
		if dir, ok := cfg.Env(home); ok && dir != "" {
			return filepath.Join(dir, ".docker", name)
		}
	}
	return ""
}

// readDockerConfig reads the file; a missing or empty one holds no login.
func readDockerConfig(file string) (*dockerConfig, error) {
	dc := new(dockerConfig)
	f, err := os.Open(file) // #nosec G304 -- docker's own configuration
	if errors.Is(err, fs.ErrNotExist) {
		return dc, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // only read from
	b, err := io.ReadAll(io.LimitReader(f, maxDockerConfig+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxDockerConfig {
		return nil, fmt.Errorf("%s is larger than %d bytes", file, maxDockerConfig)
	}
	if strings.TrimSpace(string(b)) == "" {
		return dc, nil
	}
	if json.Unmarshal(b, dc) != nil {
		return nil, fmt.Errorf("%s is not valid JSON, or not docker's", file) // the error of json could quote a secret
	}
	return dc, nil
}

// login finds the entry of a host in the file.
func (dc *dockerConfig) login(key, file string) (Login, error) {
	a, ok := dc.Auths[key]
	if !ok {
		a, ok = dc.byAddress(key)
	}
	if !ok {
		return Login{}, nil
	}
	l := Login{Username: a.Username, Password: a.Password, IdentityToken: a.IdentityToken, RegistryToken: a.RegistryToken, Source: file}
	if a.Auth != "" {
		text, err := base64.StdEncoding.DecodeString(a.Auth)
		user, password, found := strings.Cut(strings.TrimRight(string(text), "\x00"), ":")
		if err != nil || !found {
			return Login{}, fmt.Errorf("auth of %s in %s is not base64 of USER:PASSWORD", key, file)
		}
		l.Username, l.Password = user, password
	}
	if l.IdentityToken != "" {
		l.Username, l.Password = "", "" // docker stores a placeholder beside it
	}
	if l.Anonymous() {
		return Login{}, nil
	}
	return l, nil
}

// byAddress finds entries of old clients: https://HOST, https://HOST/v1/.
func (dc *dockerConfig) byAddress(host string) (dockerAuth, bool) {
	var keys []string
	for key := range dc.Auths {
		address := strings.TrimPrefix(strings.TrimPrefix(key, "https://"), "http://")
		if name, _, _ := strings.Cut(address, "/"); name == host {
			keys = append(keys, key)
		}
	}
	if len(keys) == 0 {
		return dockerAuth{}, false
	}
	slices.Sort(keys) // the same one every time
	return dc.Auths[keys[0]], true
}
