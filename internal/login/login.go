// Package login finds out which registries want a login, checks logins, and
// keeps them where docker and oras keep theirs. How a login is asked for is no
// matter of this package.
package login

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Options says how to reach registries. The zero value is ready.
type Options struct {
	AllowExec bool                                      // lets packs.yaml run programs that print credentials
	Env       func(name string) (value string, ok bool) // nil: none is set
	UserAgent string
	Logger    *slog.Logger
	ECR       ecr.Options // what is for Amazon ECR alone
}

// Logins are the logins of this user.
type Logins struct {
	opts Options
	kept *transport.DockerLogins
}

// New returns the logins of a user. It reads and contacts nothing yet.
func New(o Options) *Logins {
	if o.Env == nil {
		o.Env = func(string) (string, bool) { return "", false }
	}
	return &Logins{opts: o, kept: transport.NewDockerLogins(o.Env)}
}

// State is what a registry has to do with logins.
type State int

// The states.
const (
	Open    State = iota + 1 // it lets everybody in
	Good                     // it has a login, which it takes
	Missing                  // it wants a login, and has none
	Refused                  // it has a login, which it does not take
)

// Status is the state of a registry.
type Status struct {
	State State
	Login transport.Login // that was tried; anonymous where there is none
	Err   error           // why it was refused
}

// Status asks a registry whether it takes the login that packs would use. The
// error tells that it could not be asked.
func (l *Logins) Status(ctx context.Context, spec *manifest.Registry) (Status, error) {
	r, err := l.open(spec, nil)
	if err != nil {
		return Status{}, err
	}
	defer func() { _ = r.Close() }() // frees connections, which cannot fail
	err = ask(ctx, r)
	who := r.Client().Who()
	var refused *transport.LoginError
	switch {
	case errors.As(err, &refused) && who.Anonymous():
		return Status{State: Missing}, nil
	case errors.As(err, &refused):
		return Status{State: Refused, Login: who, Err: r.Explain("log in to", spec.Host, err)}, nil
	case err != nil:
		return Status{}, r.Explain("log in to", spec.Host, err)
	case !who.Anonymous():
		return Status{State: Good, Login: who}, nil
	case r.Client().Bearer():
		return Status{State: Missing}, nil // a token for nobody in particular, which opens nothing
	}
	return Status{State: Open}, nil
}

// Result is what came of a login.
type Result struct {
	Host    string
	Login   transport.Login
	Kept    transport.Kept
	Checked bool      // the registry has looked at the password
	Ends    time.Time // when it ends by itself; zero: not known
}

// ErrBadUser refuses a user name that cannot be sent.
var ErrBadUser = errors.New("a user name cannot hold a colon: basic authentication ends it there")

// Put checks a login with a registry and keeps it. A login that is refused is
// not kept.
func (l *Logins) Put(ctx context.Context, spec *manifest.Registry, who transport.Login) (Result, error) {
	if strings.Contains(who.Username, ":") {
		return Result{}, ErrBadUser
	}
	checked, err := l.check(ctx, spec, who)
	if err != nil {
		return Result{}, err
	}
	kept, err := l.kept.Put(ctx, spec.Host, who)
	if err != nil {
		return Result{}, fmt.Errorf("keep the login for %s: %w", spec.Host, err)
	}
	return Result{Host: spec.Host, Login: who, Kept: kept, Checked: checked}, nil
}

// Exchange gets a login for Amazon ECR from the AWS credentials, and keeps it.
// A helper of docker's that makes such logins itself keeps none: then its own
// is the result.
func (l *Logins) Exchange(ctx context.Context, spec *manifest.Registry) (Result, error) {
	access, err := l.access(ctx, spec)
	if err != nil {
		return Result{}, err
	}
	at := *spec
	at.Host, at.PlainHTTP, at.Credentials = access.Host, access.PlainHTTP, nil
	result, err := l.Put(ctx, &at, access.Login)
	if err == nil {
		result.Ends = access.Ends
		return result, nil
	}
	if own, why := l.Status(ctx, &at); why == nil && own.State == Good && own.Login.Password != access.Login.Password {
		return Result{Host: at.Host, Login: own.Login, Kept: transport.Kept{Place: own.Login.Source}, Checked: true}, nil
	}
	return Result{}, err
}

// Host is the host of a registry, by which its login is kept. For Amazon ECR
// the API may have to be asked.
func (l *Logins) Host(ctx context.Context, spec *manifest.Registry) (string, error) {
	if spec.Type != manifest.TypeECR || spec.Host != "" {
		return spec.Host, nil
	}
	access, err := l.access(ctx, spec)
	return access.Host, err
}

// Forget takes the login for a host away, and tells whether there was one.
func (l *Logins) Forget(ctx context.Context, host string) (found bool, err error) {
	found, err = l.kept.Delete(ctx, host)
	if err != nil {
		err = fmt.Errorf("forget the login for %s: %w", host, err)
	}
	return found, err
}

func (l *Logins) access(ctx context.Context, spec *manifest.Registry) (a ecr.Access, err error) {
	o := l.opts.ECR
	o.Env, o.UserAgent, o.Logger = l.opts.Env, l.opts.UserAgent, l.opts.Logger
	r, err := ecr.New(spec, o)
	if err != nil {
		return ecr.Access{}, err
	}
	defer func() { err = errors.Join(err, r.Close()) }()
	return r.Access(ctx)
}

// check sends a login to a registry. checked tells whether it was looked at:
// some registries let everybody in and ask only who wants to write.
func (l *Logins) check(ctx context.Context, spec *manifest.Registry, who transport.Login) (checked bool, err error) {
	for _, atOnce := range []bool{false, true} {
		r, err := l.open(spec, func(o *oci.Options) {
			o.Basic = atOnce
			o.Login = func(context.Context) (transport.Login, error) { return who, nil }
		})
		if err != nil {
			return false, err
		}
		err = ask(ctx, r)
		_ = r.Close() // frees connections, which cannot fail
		if err != nil {
			return false, r.Explain("log in to", spec.Host, err)
		}
		if who := r.Client().Who(); !atOnce && !who.Anonymous() {
			return true, nil
		}
	}
	return false, nil
}

// open opens a registry with the login that packs would use, unless change says
// otherwise.
func (l *Logins) open(spec *manifest.Registry, change func(*oci.Options)) (*oci.Registry, error) {
	o := oci.Options{AllowExec: l.opts.AllowExec, Env: l.opts.Env, UserAgent: l.opts.UserAgent, Logger: l.opts.Logger}
	if change != nil {
		change(&o)
	}
	return oci.New(spec, o)
}

// ask asks a registry for the base of its API, which is there for this
// (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#determining-support).
func ask(ctx context.Context, r *oci.Registry) error {
	resp, err := r.Client().Do(ctx, transport.Request{Method: http.MethodGet, URL: r.Client().URL("/v2/", nil)})
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // what it says does not matter
	if resp.StatusCode != http.StatusOK {
		return r.Client().StatusError(resp)
	}
	return nil
}
