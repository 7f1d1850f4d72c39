package transport

import (
	"context"
	"crypto/tls"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/packs-cli/packs/manifest"
)

// Config says how to reach one registry. Only Host is required.
type Config struct {
	Host      string        // HOST[:PORT]
	PlainHTTP bool          // speak plain HTTP; never probed, no fallback
	TLS       *manifest.TLS // nil: the system's authorities, no client certificate
	Login     LoginFunc     // nil: anonymous
	Basic     bool          // the server is known to take basic authentication everywhere: log in with the first request
	// Service says that this is no registry but an API whose requests carry their
	// own key in the header (see Hide): challenges are not answered, a 401 is a
	// reply like others, and redirects are not followed, which would take the key
	// to another host.
	Service bool

	Concurrency       int     // requests in flight; 0 means 32
	RequestsPerSecond float64 // 0 means no limit

	Env       func(name string) (value string, ok bool) // for the proxies; nil: none is set
	UserAgent string                                    // empty: "packs"
	Logger    *slog.Logger                              // gets every request at level debug; nil discards it

	Retry    RetryPolicy
	Timeouts Timeouts
	Clock    Clock
}

// Timeouts bound the phases of a request; none bounds a transfer as a whole.
// Zero means the default.
type Timeouts struct {
	Dial  time.Duration // to connect, and again for the TLS handshake; 10 s
	Stall time.Duration // without a byte moving in a body, or waiting for the reply to a request without one; 1 min
	Reply time.Duration // from the last byte of a body to the reply: a registry may copy a large blob; 3 min
}

func (t *Timeouts) setDefaults() {
	if t.Dial <= 0 {
		t.Dial = 10 * time.Second
	}
	if t.Stall <= 0 {
		t.Stall = time.Minute
	}
	if t.Reply <= 0 {
		t.Reply = 3 * time.Minute
	}
}

// DefaultConcurrency is how many requests are in flight to a registry where
// packs.yaml says nothing.
const DefaultConcurrency = 32

// Client speaks to one registry. All methods may be called by many goroutines.
type Client struct {
	cfg       Config
	base      *url.URL
	http      *http.Client
	transport *http.Transport
	limits    *limits
	circuit   *circuit
	budget    *budget
	auth      *authenticator
	log       *slog.Logger
	asked     atomic.Bool // a server asked for a client certificate, and there is none

	hidden hidden
}

// New returns a client. It contacts nothing, but reads certificate files; what
// is wrong with those is an error that names the file.
func New(cfg Config) (*Client, error) {
	setDefaults(&cfg)
	tlsConfig, err := newTLS(cfg.TLS)
	if err != nil {
		return nil, err
	}
	c := &Client{cfg: cfg, base: baseURL(cfg.Host, cfg.PlainHTTP), log: cfg.Logger}
	if len(tlsConfig.Certificates) == 0 {
		tlsConfig.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
			c.asked.Store(true)
			return new(tls.Certificate), nil // none
		}
	}
	c.transport = &http.Transport{
		Proxy:                  proxyFunc(cfg.Env),
		OnProxyConnectResponse: checkProxy,
		DialContext:            (&net.Dialer{Timeout: cfg.Timeouts.Dial, KeepAlive: 30 * time.Second}).DialContext,
		TLSClientConfig:        tlsConfig,
		TLSHandshakeTimeout:    cfg.Timeouts.Dial,
		ForceAttemptHTTP2:      true,
		MaxIdleConns:           2 * cfg.Concurrency,
		MaxIdleConnsPerHost:    cfg.Concurrency,
		IdleConnTimeout:        90 * time.Second,
		ExpectContinueTimeout:  time.Second,
		MaxResponseHeaderBytes: 256 << 10,
		WriteBufferSize:        64 << 10, // uploads: the default of 4 KiB costs a system call per 4 KiB
		DisableCompression:     true,     // digests are over the bytes as they are stored
	}
	c.http = &http.Client{Transport: c.transport, CheckRedirect: checkRedirect}
	if cfg.Service {
		c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	}
	c.limits = newLimits(cfg.Concurrency, cfg.RequestsPerSecond, cfg.Clock)
	c.circuit = &circuit{now: cfg.Clock.Now}
	c.budget = newBudget(cfg.Retry.Budget)
	c.auth = newAuthenticator(c)
	return c, nil
}

func setDefaults(cfg *Config) {
	if cfg.Concurrency <= 0 {
		cfg.Concurrency = DefaultConcurrency
	}
	if cfg.Env == nil {
		cfg.Env = func(string) (string, bool) { return "", false }
	}
	if cfg.Login == nil {
		cfg.Login = func(context.Context) (Login, error) { return Login{}, nil }
	}
	cfg.Login = onlyTrusted(cfg)
	if cfg.UserAgent == "" {
		cfg.UserAgent = "packs"
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	cfg.Retry.setDefaults(cfg.Concurrency)
	cfg.Timeouts.setDefaults()
	cfg.Clock.setDefaults()
}

// dockerHub is the name of Docker Hub's registry in references; its API answers
// at another one.
const (
	dockerHub    = "docker.io"
	dockerHubAPI = "registry-1.docker.io"
)

func baseURL(host string, plainHTTP bool) *url.URL {
	u := &url.URL{Scheme: "https", Host: host}
	if plainHTTP {
		u.Scheme = "http"
	}
	if host == dockerHub {
		u.Host = dockerHubAPI
	}
	return u
}

// URL returns the address of a path at the registry. The path begins with a
// slash and is escaped as far as it needs to be.
func (c *Client) URL(path string, query url.Values) *url.URL {
	u := *c.base
	u.Path = path
	u.RawQuery = query.Encode()
	return &u
}

// Close frees idle connections.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// Request is one request that can be sent more than once.
type Request struct {
	Method string
	URL    *url.URL
	Header http.Header
	Body   func() (io.ReadCloser, error) // opens the body anew for each sending; nil: none
	Size   int64                         // of the body in bytes
	Scope  string                        // what a bearer token must allow, "repository:NAME:pull,push"; may be empty
}

// Do sends a request with the login of the registry and returns the reply,
// whatever its status, but for 401: that is a *LoginError. The slot that it
// takes of the concurrency is free again when the head of the reply is there.
// The caller closes the body. Other errors are *ConnError, *CertificateError,
// *CircuitError, *BodyError, or the cause of ctx.
func (c *Client) Do(ctx context.Context, r Request) (*http.Response, error) {
	if err := c.circuit.check(); err != nil {
		return nil, err
	}
	if c.cfg.Service {
		return c.send(ctx, &r, "")
	}
	return c.auth.do(ctx, &r)
}

// send sends a request within the limits of the registry.
func (c *Client) send(ctx context.Context, r *Request, authorization string) (*http.Response, error) {
	sent, err := c.prepare(ctx, r, authorization)
	if err != nil {
		return nil, err
	}
	mark := c.circuit.mark()
	slot, err := c.limits.enter(ctx)
	if err == nil {
		err = c.circuit.since(mark) // the registry may have been given up while this one waited
		if err != nil {
			slot.leave()
		}
	}
	if err != nil {
		sent.discard()
		return nil, err
	}
	start := c.cfg.Clock.Now()
	resp, err := c.exchange(sent)
	slot.leave()
	if err == nil {
		c.learn(slot, resp, c.cfg.Clock.Now().Sub(start))
	}
	return resp, err
}

// learn tells limits and circuit what came of a request, and how long it took.
func (c *Client) learn(s slot, resp *http.Response, took time.Duration) {
	wait := retryAfter(resp.Header, c.cfg.Clock.Now())
	switch {
	case resp.StatusCode == http.StatusTooManyRequests, resp.StatusCode == http.StatusServiceUnavailable:
		c.limits.slower(s)
		if wait > 0 && wait <= c.cfg.Retry.MaxRetryAfter {
			c.limits.pause(wait)
		}
	case !temporary(resp.StatusCode):
		if c.limits.latency.late(resp.Request, took) {
			c.limits.late(s)
		} else {
			c.limits.faster(s)
		}
		c.circuit.good()
		c.budget.refill()
	}
}
