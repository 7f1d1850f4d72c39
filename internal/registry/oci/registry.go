package oci

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"sync/atomic"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Options is what a registry needs beyond packs.yaml. The zero value works for
// registries without a login.
type Options struct {
	// Login says who we are; nil means the credentials of packs.yaml, or
	// docker's where it names none.
	Login transport.LoginFunc
	// Basic says that the registry is known to take basic authentication
	// everywhere, so that no request has to be refused first.
	Basic bool
	// AskForBlobs says that the registry may not mount blobs, so that a HEAD has to
	// tell whether one is there.
	AskForBlobs bool
	// AllowExec lets credentials come from the program that packs.yaml names.
	AllowExec bool
	// Env looks environment variables up; nil means that none is set.
	Env func(name string) (value string, ok bool)
	// Pace spaces out the writing of manifests; nil: no more than all requests.
	Pace Pace
	// UserAgent is sent with every request; empty means "packs".
	UserAgent string
	// Logger gets every request at level debug, without secrets; nil discards it.
	Logger *slog.Logger
	// Retry, Timeouts and Clock tune how long failures are put up with.
	Retry    transport.RetryPolicy
	Timeouts transport.Timeouts
	Clock    transport.Clock
}

// Registry is a registry of type oci. It implements registry.Registry,
// registry.BasePather and registry.Lister.
type Registry struct {
	spec   *manifest.Registry
	opts   Options
	client *transport.Client
	blobs  *flights
	pace   Pace

	noReferrers atomic.Bool // it was seen to lack the referrers API
}

var (
	_ registry.Registry   = (*Registry)(nil)
	_ registry.BasePather = (*Registry)(nil)
	_ registry.Lister     = (*Registry)(nil)
	_ registry.Referrer   = (*Registry)(nil)
)

// New opens a registry. It contacts nothing; certificate files that cannot be
// read are *registry.Error.
func New(spec *manifest.Registry, o Options) (*Registry, error) {
	login := o.Login
	if login == nil {
		login = transport.NewLogin(transport.LoginConfig{
			Host: spec.Host, Credentials: spec.Credentials, AllowExec: o.AllowExec, Env: o.Env,
		})
	}
	client, err := transport.New(transport.Config{
		Host: spec.Host, PlainHTTP: spec.PlainHTTP, TLS: spec.TLS, Login: login, Basic: o.Basic,
		Concurrency: spec.Limits.Concurrency, RequestsPerSecond: spec.Limits.RequestsPerSecond,
		Env: o.Env, UserAgent: o.UserAgent, Logger: o.Logger,
		Retry: o.Retry, Timeouts: o.Timeouts, Clock: o.Clock,
	})
	if err != nil {
		return nil, &registry.Error{Op: "open registry", Ref: spec.Host, Err: err}
	}
	if o.Pace == nil {
		o.Pace = noPace{}
	}
	return &Registry{spec: spec, opts: o, client: client, blobs: newFlights(), pace: o.Pace}, nil
}

// Client is the HTTP client of the registry, for what else its server offers.
func (r *Registry) Client() *transport.Client { return r.client }

// Close frees connections.
func (r *Registry) Close() error {
	r.client.Close()
	return nil
}

// ref names content in messages: HOST/REPOSITORY:TAG or HOST/REPOSITORY@DIGEST.
func (r *Registry) ref(repository, reference string) string {
	s := r.spec.Host + "/" + repository
	switch {
	case reference == "":
		return s
	case digest.Digest(reference).Validate() == nil:
		return s + "@" + reference
	}
	return s + ":" + reference
}

// url returns an address of the registry's API.
func (r *Registry) url(repository, rest string, query url.Values) *url.URL {
	return r.client.URL("/v2/"+repository+rest, query)
}

// request returns a request to a repository. Its token may read and write, so
// that one is enough for everything that a run does there.
func (r *Registry) request(method, repository, rest string) transport.Request {
	actions := "pull,push"
	if r.spec.ReadOnly {
		actions = "pull"
	}
	return transport.Request{
		Method: method, URL: r.url(repository, rest, nil), Header: http.Header{},
		Scope: "repository:" + repository + ":" + actions,
	}
}

// exists asks by HEAD whether something is there, and of what size it is: -1
// where the registry does not tell.
func (r *Registry) exists(ctx context.Context, req transport.Request) (there bool, size int64, err error) {
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return false, 0, err
	}
	defer func() { _ = resp.Body.Close() }() // a reply to HEAD has no body
	switch resp.StatusCode {
	case http.StatusOK:
		return true, resp.ContentLength, nil
	case http.StatusNotFound:
		return false, 0, nil
	}
	return false, 0, r.client.StatusError(resp)
}
