package transport

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/packs-cli/packs/manifest"
)

// Login is who we are to a registry. The zero Login is anonymous.
type Login struct {
	Username, Password string
	IdentityToken      string    // an OAuth2 refresh token, in place of a password
	RegistryToken      string    // a bearer token, used as it is
	Source             string    // where it comes from, in words for messages
	Expires            time.Time // when it must be asked for anew; zero: never
	// Stale tells from a 403 that the login has ended before its time, for
	// registries that say so without a challenge; nil: none does.
	Stale func(reply *StatusError) bool
	// Drop is called when this login was refused as stale, before another one is
	// asked for; it may be nil, and is called more than once by requests that were
	// in flight together.
	Drop func()
}

// Anonymous tells whether there is no login.
func (l *Login) Anonymous() bool {
	return l.Username == "" && l.Password == "" && l.IdentityToken == "" && l.RegistryToken == ""
}

// String names user and source, never a secret.
func (l Login) String() string {
	switch {
	case l.Anonymous():
		return "anonymous"
	case l.Username == "":
		return "a token from " + l.Source
	}
	return fmt.Sprintf("user %q from %s", l.Username, l.Source)
}

// GoString keeps secrets out of %#v.
func (l Login) GoString() string { return l.String() }

// LogValue keeps secrets out of logs.
func (l Login) LogValue() slog.Value { return slog.StringValue(l.String()) }

// LoginFunc says who we are. It is called when a registry first asks for it,
// again after an error, and again when a login has expired.
type LoginFunc func(ctx context.Context) (Login, error)

// LoginConfig says where a login may come from.
type LoginConfig struct {
	Host        string
	Credentials *manifest.Credentials // nil: docker's config
	AllowExec   bool                  // whether the program of credentials may run
	Env         func(name string) (value string, ok bool)
}

// CredentialsError tells that the credentials of a registry cannot be had.
type CredentialsError struct {
	Host string
	Err  error
}

// Error names the host and what is wrong.
func (e *CredentialsError) Error() string {
	return fmt.Sprintf("credentials for %s: %v", e.Host, e.Err)
}

// Unwrap returns the cause.
func (e *CredentialsError) Unwrap() error { return e.Err }

// NewLogin returns a LoginFunc that looks once and then knows, so that a helper
// which hangs costs its time limit once and not for every pack. Its errors are
// *CredentialsError, or the cause of the context.
func NewLogin(cfg LoginConfig) LoginFunc {
	if cfg.Env == nil {
		cfg.Env = func(string) (string, bool) { return "", false }
	}
	var (
		mu    sync.Mutex
		done  bool
		login Login
		err   error
	)
	return func(ctx context.Context) (Login, error) {
		mu.Lock()
		defer mu.Unlock()
		if done {
			return login, err
		}
		login, err = cfg.find(ctx)
		if ctx.Err() != nil {
			return Login{}, context.Cause(ctx)
		}
		if err != nil {
			login, err = Login{}, &CredentialsError{Host: cfg.Host, Err: err}
		}
		done = true
		return login, err
	}
}

func (cfg *LoginConfig) find(ctx context.Context) (Login, error) {
	c := cfg.Credentials
	switch {
	case c == nil:
		return NewDockerLogins(cfg.Env).Get(ctx, cfg.Host)
	case c.Exec != nil:
		return cfg.fromExec(ctx)
	}
	user, userSource, err := cfg.value("username", c.Username, c.UsernameEnv, c.UsernameFile)
	if err != nil {
		return Login{}, err
	}
	password, source, err := cfg.value("password", "", c.PasswordEnv, c.PasswordFile)
	if err != nil {
		return Login{}, err
	}
	if user == "" {
		return Login{}, fmt.Errorf("%s names no user", place(c.Position))
	}
	if source == "" {
		return Login{}, fmt.Errorf("%s names no password: set passwordEnv or passwordFile", place(c.Position))
	}
	if strings.Contains(user, ":") {
		return Login{}, fmt.Errorf("the user name of %s holds a colon, which basic authentication cannot send", userSource)
	}
	return Login{Username: user, Password: password, Source: "packs.yaml (" + source + ")"}, nil
}

func place(p manifest.Position) string {
	if p.Line == 0 {
		return "credentials of packs.yaml"
	}
	return fmt.Sprintf("credentials of packs.yaml, line %d,", p.Line)
}

// maxSecret bounds files and programs that hold a secret, in bytes.
const maxSecret = 64 << 10

// value reads a setting that is given literally, by a variable or by a file.
// source is "" where packs.yaml does not give it.
func (cfg *LoginConfig) value(what, literal, env, file string) (value, source string, err error) {
	switch {
	case literal != "":
		return literal, "username", nil
	case env != "":
		v, ok := cfg.Env(env)
		if !ok {
			return "", "", fmt.Errorf("environment variable %s (%sEnv) is not set", env, what)
		}
		if v == "" {
			return "", "", fmt.Errorf("environment variable %s (%sEnv) is empty", env, what)
		}
		return v, what + "Env " + env, nil
	case file != "":
		v, err := readSecret(file)
		if err != nil {
			return "", "", fmt.Errorf("%sFile: %w", what, err)
		}
		return v, what + "File " + file, nil
	}
	return "", "", nil
}

// Setting reads what packs.yaml gives literally, by the name of a variable or by
// a file; what names it for messages: "password" for passwordEnv and
// passwordFile. found tells whether packs.yaml gives it at all.
func Setting(env func(name string) (value string, ok bool), what, literal, variable, file string) (value string, found bool, err error) {
	cfg := LoginConfig{Env: env}
	if env == nil {
		cfg.Env = func(string) (string, bool) { return "", false }
	}
	value, source, err := cfg.value(what, literal, variable, file)
	return value, source != "", err
}

// readSecret reads a file without the line end that editors add.
func readSecret(file string) (string, error) {
	f, err := os.Open(file) // #nosec G304 -- packs.yaml names it
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }() // only read from
	return ReadSecret(f, file)
}

// ReadSecret reads a secret without the line end behind it: one line of at most
// 64 KiB, and not nothing. name is for messages.
func ReadSecret(r io.Reader, name string) (string, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxSecret+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > maxSecret {
		return "", fmt.Errorf("%s is larger than %d bytes: no secret", name, maxSecret)
	}
	v := strings.TrimSuffix(strings.TrimSuffix(string(b), "\n"), "\r")
	if v == "" {
		return "", fmt.Errorf("%s is empty", name)
	}
	if strings.ContainsAny(v, "\r\n") {
		return "", errors.New(name + " holds more than one line")
	}
	return v, nil
}
