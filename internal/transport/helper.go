package transport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// helperTimeout is how long a program may take to print credentials where
// packs.yaml does not say: some ask a server, or a person for a touch of a key.
const helperTimeout = 30 * time.Second

// helperEnd is how long a program's output may stay open after it was ended: a
// child that it started may hold it for ever.
const helperEnd = time.Second

// tokenUser is the user name by which docker's helpers mark an identity token.
const tokenUser = "<token>"

// printed is what a program prints: the form of docker's helpers, or plain
// username and password. JSON names differ in case only where both have them.
type printed struct {
	Username string
	Secret   string
	Password string
}

// ErrExec says that programs of packs.yaml are not run.
var ErrExec = errors.New("which needs --allow-exec")

func (cfg *LoginConfig) fromExec(ctx context.Context) (Login, error) {
	e := cfg.Credentials.Exec
	if !cfg.AllowExec {
		return Login{}, fmt.Errorf("packs.yaml wants to run %s, %w", e.Command, ErrExec)
	}
	h := helper{name: e.Command, args: e.Args, timeout: e.Timeout, env: cfg.Env}
	p, err := h.run(ctx, cfg.Host)
	if err != nil {
		return Login{}, err
	}
	return p.login("program " + e.Command)
}

// login turns what was printed into a login.
func (p *printed) login(source string) (Login, error) {
	secret := p.Secret
	if secret == "" {
		secret = p.Password
	}
	switch {
	case p.Username == "" || secret == "":
		return Login{}, fmt.Errorf(`%s printed no login: want JSON {"username": …, "password": …}`, source)
	case p.Username == tokenUser:
		return Login{IdentityToken: secret, Source: source}, nil
	case strings.Contains(p.Username, ":"):
		return Login{}, fmt.Errorf("%s printed a user name with a colon, which basic authentication cannot send", source)
	}
	return Login{Username: p.Username, Password: secret, Source: source}, nil
}

// helper is a program that prints a login.
type helper struct {
	name    string
	args    []string
	timeout time.Duration
	env     func(string) (string, bool)
}

// run starts the program with the host on its input. What it printed never gets
// into an error, but for the message of a failure where that can be no login.
func (h *helper) run(ctx context.Context, host string) (*printed, error) {
	file, err := h.find()
	if err != nil {
		return nil, err
	}
	timeout := h.timeout
	if timeout <= 0 {
		timeout = helperTimeout
	}
	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	out := &boundedBuffer{most: maxSecret}
	cmd := exec.CommandContext(limited, file, h.args...) // #nosec G204 -- named by the user's own configuration
	said := &boundedBuffer{most: maxSecret}
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.WaitDelay = strings.NewReader(host), out, said, helperEnd
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case limited.Err() != nil:
		return nil, fmt.Errorf("%s did not print a login within %v", h.name, timeout)
	case out.full:
		return nil, fmt.Errorf("%s printed more than %d bytes: no login", h.name, maxSecret)
	case errors.As(err, &exit):
		return nil, h.failure(exit, out.b.String(), said.b.String())
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		return nil, fmt.Errorf("run %s: %w", h.name, err)
	}
	p := new(printed)
	if json.Unmarshal(out.b.Bytes(), p) != nil {
		return nil, fmt.Errorf("%s printed what is no JSON", h.name) // the error of json could quote it
	}
	return p, nil
}

// failure explains why a program ended with an error. Docker's helpers print
// the reason on their output, where a login would be otherwise; others on stderr.
func (h *helper) failure(exit *exec.ExitError, out, said string) error {
	err := fmt.Errorf("%s ended with %v", h.name, exit.ProcessState)
	for _, text := range []string{out, said} {
		if reason := reasonOf(text); reason != "" {
			return fmt.Errorf("%w: %s", err, reason)
		}
	}
	return err
}

// maxReason is how long a program's message may be that is shown, in bytes.
const maxReason = 200

// reasonOf returns what a program that failed printed where that is a sentence:
// one line of several words. Anything else may be a login, and is "".
func reasonOf(text string) string {
	text = strings.TrimSpace(text)
	if strings.ContainsAny(text, "{}\n") || !strings.Contains(text, " ") || len(text) >= maxReason {
		return ""
	}
	return printable(text)
}

// find looks the program up on the PATH of the injected environment.
func (h *helper) find() (string, error) {
	if strings.ContainsRune(h.name, '/') || strings.ContainsRune(h.name, filepath.Separator) {
		return h.name, nil
	}
	path, _ := h.env("PATH")
	for _, dir := range filepath.SplitList(path) {
		if !filepath.IsAbs(dir) {
			continue // a program must not come from wherever one happens to be
		}
		if file, err := exec.LookPath(filepath.Join(dir, h.name)); err == nil {
			return file, nil
		}
	}
	return "", fmt.Errorf("program %s is not on the PATH", h.name)
}

// boundedBuffer keeps the first bytes written to it and notes when there are more.
type boundedBuffer struct {
	b    bytes.Buffer
	most int
	full bool
}

func (w *boundedBuffer) Write(p []byte) (int, error) {
	n := min(len(p), w.most-w.b.Len())
	w.b.Write(p[:n])
	w.full = w.full || n < len(p)
	return len(p), nil
}
