package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"time"

	"oras.land/oras-go/v2/registry/remote/auth"
	"oras.land/oras-go/v2/registry/remote/credentials"
	"oras.land/oras-go/v2/registry/remote/credentials/trace"
)

// maxDockerConfig is the largest docker configuration that is read, in bytes.
const maxDockerConfig = 4 << 20

// ErrNoDockerConfig says that the environment names no home for docker's
// configuration.
var ErrNoDockerConfig = errors.New("neither DOCKER_CONFIG nor HOME is set: there is no place for docker's config.json")

// DockerLogins are the logins that docker and oras share: those in docker's
// config.json, and in the credential store and helpers that it names
// (https://docs.docker.com/reference/cli/docker/login/#credential-stores).
// Their errors never hold a secret.
type DockerLogins struct {
	file  string        // config.json; "" where there is no place for it
	limit time.Duration // on one run of a helper
}

// NewDockerLogins finds out where docker keeps logins. It reads nothing yet.
func NewDockerLogins(env func(name string) (value string, ok bool)) *DockerLogins {
	return &DockerLogins{file: dockerConfigFile(env), limit: helperTimeout}
}

// Kept says where a login was put.
type Kept struct {
	Place string // a file or the name of a helper
	Plain bool   // in the file itself, where everybody who reads it has it
}

// Get returns the login for a host. A host without one is anonymous.
func (d *DockerLogins) Get(ctx context.Context, host string) (Login, error) {
	if d.file == "" {
		return Login{}, nil
	}
	store, err := d.open(false)
	if err != nil {
		return Login{}, err
	}
	key := credentials.ServerAddressFromRegistry(host)
	var found auth.Credential
	helper, err := d.run(ctx, func(ctx context.Context) (auth.Credential, error) { return store.Get(ctx, key) }, &found)
	switch {
	case err != nil && helper == "":
		return Login{}, fmt.Errorf("the entry of %s in %s is not docker's: auth must be base64 of USER:PASSWORD", key, d.file)
	case err != nil:
		return Login{}, fmt.Errorf("%w (named in %s)", err, d.file)
	case helper != "":
		return helperLogin(found, helper)
	}
	return login(found, d.file), nil
}

// Put keeps a login for a host where docker would: in the helper of the host,
// else in the credential store, else in the file.
func (d *DockerLogins) Put(ctx context.Context, host string, l Login) (Kept, error) {
	if d.file == "" {
		return Kept{}, ErrNoDockerConfig
	}
	store, err := d.open(true)
	if err != nil {
		return Kept{}, err
	}
	key := credentials.ServerAddressFromRegistry(host)
	cred := auth.Credential{Username: l.Username, Password: l.Password, RefreshToken: l.IdentityToken, AccessToken: l.RegistryToken}
	helper, err := d.run(ctx, func(ctx context.Context) (auth.Credential, error) { return cred, store.Put(ctx, key, cred) }, nil)
	switch {
	case err != nil && helper != "":
		return Kept{}, fmt.Errorf("%w (named in %s)", err, d.file)
	case err != nil:
		return Kept{}, err // of the file: the library's own words hold no secret here
	case helper != "":
		return Kept{Place: helper}, nil
	}
	return Kept{Place: d.file, Plain: true}, nil
}

// Delete forgets the login for a host, and tells whether there was one.
func (d *DockerLogins) Delete(ctx context.Context, host string) (found bool, err error) {
	l, err := d.Get(ctx, host)
	if err != nil || l.Anonymous() {
		return false, err
	}
	key := credentials.ServerAddressFromRegistry(host)
	for _, k := range []string{key, "https://" + host, "http://" + host} { // the last two by old clients
		store, err := d.open(false)
		if err != nil {
			return true, err
		}
		helper, err := d.run(ctx, func(ctx context.Context) (auth.Credential, error) { return auth.EmptyCredential, store.Delete(ctx, k) }, nil)
		if err != nil {
			return true, err
		}
		if helper != "" {
			return true, nil
		}
	}
	if l, err = d.Get(ctx, host); err == nil && !l.Anonymous() {
		err = fmt.Errorf("%s has another entry for %s, by an address with a path: take it out by hand", d.file, host)
	}
	return true, err
}

// dockerConfigFile returns where docker's configuration is, or "" where the
// environment names no home.
func dockerConfigFile(env func(string) (string, bool)) string {
	const name = "config.json"
	if dir, ok := env("DOCKER_CONFIG"); ok && dir != "" {
		return filepath.Join(dir, name)
	}
	for _, home := range []string{"HOME", "USERPROFILE"} {
		if dir, ok := env(home); ok && dir != "" {
			return filepath.Join(dir, ".docker", name)
		}
	}
	return ""
}

// open reads the configuration; a missing or empty one holds no login. To write
// to it, what a symbolic link leads to is taken, which a new file would replace,
// and the store of the platform where nothing is configured, as docker does.
func (d *DockerLogins) open(write bool) (*credentials.DynamicStore, error) {
	file := d.file
	if target, err := filepath.EvalSymlinks(file); err == nil {
		file = target
	}
	if err := checkDockerConfig(file); err != nil {
		return nil, err
	}
	store, err := credentials.NewStore(file, credentials.StoreOptions{AllowPlaintextPut: write, DetectDefaultNativeStore: write})
	if err == nil {
		return store, nil
	}
	var where *fs.PathError
	if errors.As(err, &where) {
		return nil, where
	}
	return nil, d.notDockers() // the error of json could quote a secret
}

func (d *DockerLogins) notDockers() error {
	return fmt.Errorf("%s is not valid JSON, or not docker's", d.file)
}

// checkDockerConfig refuses files that the library would wait for, take into
// memory whole, or come to grief with.
func checkDockerConfig(file string) error {
	info, err := os.Stat(file)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	case info.Mode()&(fs.ModeNamedPipe|fs.ModeSocket|fs.ModeDir) != 0:
		return fmt.Errorf("%s is not a file", file)
	case info.Size() > maxDockerConfig:
		return fmt.Errorf("%s is larger than %d bytes", file, maxDockerConfig)
	case info.Size() > int64(len("null\n")):
		return nil
	}
	b, err := os.ReadFile(file) // #nosec G304 -- docker's own configuration, of a few bytes
	if err == nil && bytes.Equal(bytes.TrimSpace(b), []byte("null")) {
		err = fmt.Errorf("%s is not docker's", file)
	}
	return err
}

// errHelperName refuses a helper that is a path.
var errHelperName = errors.New("want a credential helper's name without slashes")

// run does something with a store within the time limit, and tells which helper
// was run for it; "" where none was. It returns at the limit even where a child
// of the helper holds its output open.
func (d *DockerLogins) run(ctx context.Context, do func(context.Context) (auth.Credential, error), out *auth.Credential) (helper string, err error) {
	limited, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	limited, refuse := context.WithCancelCause(limited)
	defer refuse(nil)
	var started atomic.Pointer[string]
	traced := trace.WithExecutableTrace(limited, &trace.ExecutableTrace{ExecuteStart: func(name, _ string) {
		started.Store(&name)
		if strings.ContainsAny(name, `/\`) {
			refuse(errHelperName) // it is not started then
		}
	}})
	type result struct {
		cred auth.Credential
		err  error
	}
	done := make(chan result, 1)
	go func() { // ends with the helper and its children
		cred, err := do(traced)
		done <- result{cred, err}
	}()
	var r result
	select {
	case r = <-done:
	case <-limited.Done():
		r.err = limited.Err()
	}
	if name := started.Load(); name != nil {
		helper = *name
	}
	if ctx.Err() != nil {
		return helper, context.Cause(ctx)
	}
	if out != nil {
		*out = r.cred
	}
	if r.err != nil && helper != "" {
		if limited.Err() != nil {
			r.err = context.Cause(limited)
		}
		r.err = d.helperError(helper, r.err)
	}
	return helper, r.err
}

// helperError says what went wrong with a helper, without what it printed, but
// for the message of a failure where that can be no login.
func (d *DockerLogins) helperError(helper string, err error) error {
	var (
		syntax *json.SyntaxError
		typ    *json.UnmarshalTypeError
		exit   *exec.ExitError
		start  *exec.Error
		path   *fs.PathError
	)
	switch {
	case errors.Is(err, errHelperName):
		return fmt.Errorf("credential helper %q: %w", helper, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("%s did not answer within %v", helper, d.limit)
	case errors.As(err, &syntax), errors.As(err, &typ):
		return fmt.Errorf("%s printed what is no JSON", helper)
	case errors.As(err, &exit):
		return fmt.Errorf("%s ended with %v", helper, exit.ProcessState)
	case errors.As(err, &start) && errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("%s is not on the PATH", helper)
	case errors.As(err, &start), errors.As(err, &path):
		return fmt.Errorf("run %s: %w", helper, err)
	}
	if reason := reasonOf(err.Error()); reason != "" { // what the helper printed before it failed
		return fmt.Errorf("%s: %s", helper, reason)
	}
	return fmt.Errorf("%s ended with an error", helper)
}

// helperLogin is what a helper printed.
func helperLogin(c auth.Credential, helper string) (Login, error) {
	switch {
	case c.Username != "" && c.Password == "":
		return Login{}, fmt.Errorf("%s printed a user name without a secret", helper)
	case strings.Contains(c.Username, ":"):
		return Login{}, fmt.Errorf("%s printed a user name with a colon, which basic authentication cannot send", helper)
	}
	return login(c, helper), nil
}

func login(c auth.Credential, source string) Login {
	l := Login{Username: c.Username, Password: c.Password, IdentityToken: c.RefreshToken, RegistryToken: c.AccessToken, Source: source}
	if l.IdentityToken != "" {
		l.Username, l.Password = "", "" // docker stores a placeholder beside it
	}
	if l.Anonymous() {
		return Login{}
	}
	return l
}
