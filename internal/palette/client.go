package palette

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Config says how to reach one Palette. Endpoint and APIKey are required.
type Config struct {
	Endpoint   string // a URL
	APIKey     string
	ProjectUID string        // empty: tenant scope
	TLS        *manifest.TLS // nil: the system's authorities
	Limits     manifest.Limits

	Env       func(name string) (value string, ok bool) // for proxies and trusted hosts; nil: none is set
	UserAgent string
	Logger    *slog.Logger // gets every request at level debug, without secrets; nil discards it
	Retry     transport.RetryPolicy
	Timeouts  transport.Timeouts
	Clock     transport.Clock
}

// Palette counts 10 requests a second from one address, with a queue for bursts
// of 5, and answers 429 beyond that
// (https://docs.spectrocloud.com/api/introduction).
const (
	defaultRate        = 10
	defaultConcurrency = 5
)

// Client speaks to one Palette. All methods may be called at once from many
// goroutines. Errors are *registry.Error with what to do, or the cause of the context.
type Client struct {
	http    *transport.Client
	host    string
	prefix  string // path of the endpoint, without a slash at its end
	key     string
	project string
}

// New returns a client. It contacts nothing. A host that may not get
// credentials is a *transport.UntrustedError.
func New(cfg Config) (*Client, error) {
	u, err := url.Parse(cfg.Endpoint)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, fmt.Errorf("palette: endpoint is no URL of an https:// server")
	}
	c := &Client{host: u.Host, prefix: strings.TrimRight(u.Path, "/"), key: cfg.APIKey, project: cfg.ProjectUID}
	if err := transport.CheckTrusted(cfg.Env, u.Host); err != nil {
		return nil, c.fail("log in to", &transport.CredentialsError{Host: u.Host, Err: err})
	}
	limits := cfg.Limits
	if limits.Concurrency <= 0 {
		limits.Concurrency = defaultConcurrency
	}
	if limits.RequestsPerSecond <= 0 {
		limits.RequestsPerSecond = defaultRate
	}
	c.http, err = transport.New(transport.Config{
		Host: u.Host, PlainHTTP: u.Scheme == "http", TLS: cfg.TLS, Service: true,
		Concurrency: limits.Concurrency, RequestsPerSecond: limits.RequestsPerSecond,
		Env: cfg.Env, UserAgent: cfg.UserAgent, Logger: cfg.Logger, Retry: cfg.Retry, Timeouts: cfg.Timeouts, Clock: cfg.Clock,
	})
	if err != nil {
		return nil, c.fail("reach", err)
	}
	c.http.Hide(cfg.APIKey)
	return c, nil
}

// Host is HOST[:PORT] of this Palette.
func (c *Client) Host() string { return c.host }

// Close frees connections.
func (c *Client) Close() { c.http.Close() }

// Hide takes further secrets out of everything that this client says: those
// that a registration holds.
func (c *Client) Hide(secrets ...string) { c.http.Hide(secrets...) }

// Clean makes words of Palette fit to be shown, without the secrets that it was told.
func (c *Client) Clean(text string) string { return c.http.Clean(text) }

// scope says where a request belongs. Registries are the tenant's: a project
// in the header would hide them.
type scope int

const (
	tenantScope scope = iota + 1
	projectScope
)

// call is one request and what is wanted of its reply.
type call struct {
	method, path string // below the endpoint, escaped
	query        url.Values
	scope        scope
	body         any // sent as JSON; nil: none
	out          any // gets the JSON of the reply; nil: it does not matter
}

// do sends a request, again where that may help. It is for what can be sent
// twice without harm.
func (c *Client) do(ctx context.Context, op string, q call) error {
	err := c.http.Retry(ctx, func(ctx context.Context) error { return c.once(ctx, q) })
	return c.fail(op, err)
}

// once sends a request one time.
func (c *Client) once(ctx context.Context, q call) error {
	u := c.http.URL("/", q.query)
	u.Path, u.RawPath = mustUnescape(c.prefix+q.path), c.prefix+q.path
	r := transport.Request{Method: q.method, URL: u, Header: http.Header{"Accept": {"application/json"}, "ApiKey": {c.key}}}
	if q.scope == projectScope && c.project != "" {
		r.Header.Set("ProjectUid", c.project)
	}
	if q.body != nil {
		b, err := json.Marshal(q.body)
		if err != nil {
			return err
		}
		r.Header.Set("Content-Type", "application/json")
		r.Size = int64(len(b))
		r.Body = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	}
	resp, err := c.http.Do(ctx, r)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return c.refusal(resp)
	}
	return c.read(resp, q.out)
}

func mustUnescape(path string) string {
	plain, err := url.PathUnescape(path)
	if err != nil {
		return path
	}
	return plain
}

// maxReply bounds what is read of a reply: one of a pack holds the values of
// all its versions.
const maxReply = 64 << 20

// errReply is the cause where a reply of success is not what was asked for.
var errReply = errors.New("the reply is not what Palette's API answers")

func (c *Client) read(resp *http.Response, out any) error {
	if out == nil {
		return nil
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	switch {
	case err != nil:
		return err
	case len(b) > maxReply:
		return fmt.Errorf("%w: it is larger than %d bytes", registry.ErrCorrupt, maxReply)
	}
	if err := decode(b, out); err != nil {
		return fmt.Errorf("%w: %d %s with %s", errReply, resp.StatusCode, http.StatusText(resp.StatusCode), c.kindOf(resp))
	}
	return nil
}

// decode reads JSON, and nothing behind it.
func decode(b []byte, out any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	if err := d.Decode(out); err != nil {
		return err
	}
	if d.More() {
		return errReply
	}
	return nil
}

// kindOf names what a reply holds that is not the JSON that was wanted.
func (c *Client) kindOf(resp *http.Response) string {
	kind, _, _ := strings.Cut(resp.Header.Get("Content-Type"), ";")
	switch kind = c.http.Clean(strings.TrimSpace(kind)); kind {
	case "":
		return "content of no stated type"
	case "application/json":
		return "JSON of another form"
	}
	return "content of type " + kind
}
