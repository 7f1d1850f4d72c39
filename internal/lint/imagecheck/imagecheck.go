// Package imagecheck asks registries whether container images are there: one
// HEAD request for each, with the credentials of docker's configuration or with
// none. It decides what an answer means for the linter, and pulls nothing.
package imagecheck

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"

	"github.com/distribution/reference"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// Options tunes a Checker. The zero value asks anonymously, without proxies.
type Options struct {
	// Transport is what all registries have in common: environment, retries, clock,
	// user agent, log. Host and login are set for each.
	Transport transport.Config
	// TLS says what packs.yaml knows of a host's certificates; nil: nothing.
	TLS func(host string) *manifest.TLS
	// Requests bounds the images that are asked for at once; 0 means 32. Of one
	// registry at most a quarter of them are.
	Requests int
}

// Checker asks registries for images. It asks for each image once in its life.
type Checker struct {
	o Options

	mu      sync.Mutex
	clients map[string]*client
	known   map[string]lint.ImageVerdict
}

var _ lint.ImageChecker = (*Checker)(nil)

// client speaks to one registry.
type client struct {
	once sync.Once
	http *transport.Client
	err  error
}

// New returns a Checker, which contacts nothing until it is asked.
func New(o Options) *Checker {
	if o.Requests <= 0 {
		o.Requests = 32
	}
	return &Checker{o: o, clients: make(map[string]*client), known: make(map[string]lint.ImageVerdict)}
}

// Close frees idle connections.
func (c *Checker) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, known := range c.clients {
		if known.http != nil {
			known.http.Close()
		}
	}
}

// Check asks for images, some at once, and returns a verdict for each, in their
// order. What could not be asked because ctx ended is lint.ImageUnknown.
func (c *Checker) Check(ctx context.Context, images []string) []lint.ImageVerdict {
	verdicts := make([]lint.ImageVerdict, len(images))
	var g errgroup.Group
	g.SetLimit(c.o.Requests)
	for i, image := range images {
		g.Go(func() error {
			verdicts[i] = c.image(ctx, image)
			return nil
		})
	}
	_ = g.Wait() // no function of it fails
	return verdicts
}

func (c *Checker) image(ctx context.Context, image string) lint.ImageVerdict {
	c.mu.Lock()
	v, known := c.known[image]
	c.mu.Unlock()
	if known {
		return v
	}
	v = c.ask(ctx, image)
	if ctx.Err() == nil {
		c.mu.Lock()
		c.known[image] = v
		c.mu.Unlock()
	}
	return v
}

func unknown(err error) lint.ImageVerdict {
	return lint.ImageVerdict{State: lint.ImageUnknown, Message: err.Error()}
}

func (c *Checker) ask(ctx context.Context, image string) lint.ImageVerdict {
	named, err := reference.ParseNormalizedNamed(image)
	if err != nil {
		return unknown(err)
	}
	host := reference.Domain(named)
	registry, err := c.client(host)
	if err != nil {
		return unknown(err)
	}
	q := question{client: registry, host: host, repository: reference.Path(named), version: versionOf(named)}
	err = registry.Retry(ctx, q.head)
	return verdict(host, err)
}

// versionOf returns the digest of a reference, else its tag.
func versionOf(named reference.Named) string {
	if d, ok := named.(reference.Digested); ok {
		return d.Digest().String()
	}
	if t, ok := reference.TagNameOnly(named).(reference.Tagged); ok {
		return t.Tag()
	}
	return "latest"
}

// client returns the one client of a registry, and so its limiter.
func (c *Checker) client(host string) (*transport.Client, error) {
	c.mu.Lock()
	one := c.clients[host]
	if one == nil {
		one = &client{}
		c.clients[host] = one
	}
	c.mu.Unlock()
	one.once.Do(func() {
		cfg := c.o.Transport
		cfg.Host, cfg.Concurrency = host, max(c.o.Requests/4, 1)
		if c.o.TLS != nil {
			cfg.TLS = c.o.TLS(host)
		}
		cfg.PlainHTTP = cfg.TLS == nil && isLoopback(host)
		cfg.Login = dockerLogin(host, cfg.Env)
		made, err := transport.New(cfg)
		c.mu.Lock()
		one.http, one.err = made, err
		c.mu.Unlock()
	})
	return one.http, one.err
}

// dockerLogin takes docker's credentials for a host. Where they cannot be had,
// the registry is asked without: most images are public.
func dockerLogin(host string, env func(string) (string, bool)) transport.LoginFunc {
	login := transport.NewLogin(transport.LoginConfig{Host: host, Env: env})
	return func(ctx context.Context) (transport.Login, error) {
		l, err := login(ctx)
		if failed := (*transport.CredentialsError)(nil); errors.As(err, &failed) {
			return transport.Login{}, nil
		}
		return l, err
	}
}

// isLoopback tells whether a host is this machine: such registries speak plain
// HTTP, as everywhere in packs.
func isLoopback(host string) bool {
	name, _, err := net.SplitHostPort(host)
	if err != nil {
		name = host
	}
	ip := net.ParseIP(strings.Trim(name, "[]"))
	return name == "localhost" || ip != nil && ip.IsLoopback()
}

// question is what a registry is asked.
type question struct {
	client                    *transport.Client
	host, repository, version string
}

// accepted are the types of manifests that an image may have.
const accepted = "application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json, " +
	"application/vnd.docker.distribution.manifest.list.v2+json, application/vnd.docker.distribution.manifest.v2+json, */*"

// head asks for the manifest without its bytes; registries that know no HEAD are
// asked with GET.
func (q *question) head(ctx context.Context) error {
	err := q.send(ctx, http.MethodHead)
	if status := (*transport.StatusError)(nil); errors.As(err, &status) && status.Status == http.StatusMethodNotAllowed {
		return q.send(ctx, http.MethodGet)
	}
	return err
}

func (q *question) send(ctx context.Context, method string) error {
	resp, err := q.client.Do(ctx, transport.Request{
		Method: method,
		URL:    q.client.URL("/v2/"+q.repository+"/manifests/"+q.version, nil),
		Header: http.Header{"Accept": {accepted}},
		Scope:  "repository:" + q.repository + ":pull",
	})
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK {
		return q.client.StatusError(resp)
	}
	_, err = io.CopyN(io.Discard, resp.Body, 1) // so that the connection can be used again where nothing follows
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return errors.Join(err, resp.Body.Close())
}

const dockerHub = "docker.io"

// verdict says what came of a question.
func verdict(host string, err error) lint.ImageVerdict {
	var status *transport.StatusError
	var login *transport.LoginError
	switch {
	case err == nil:
		return lint.ImageVerdict{State: lint.ImageFound}
	case errors.As(err, &login):
		return denied(host, login.Error())
	case !errors.As(err, &status):
		return unknown(err)
	case status.Status == http.StatusNotFound:
		return lint.ImageVerdict{State: lint.ImageMissing, Message: fmt.Sprintf("%s says %d %s", host, status.Status, http.StatusText(status.Status))}
	case status.Status == http.StatusForbidden, status.Status == http.StatusUnauthorized:
		return denied(host, fmt.Sprintf("%s says %d %s", host, status.Status, http.StatusText(status.Status)))
	}
	return unknown(err)
}

// denied says that a registry does not tell. Docker Hub uses the same words for
// what does not exist, so that a mistyped name looks like a private repository.
func denied(host, said string) lint.ImageVerdict {
	if host == dockerHub {
		said += " (Docker Hub says so of repositories that do not exist, too: look at the name)"
	}
	return lint.ImageVerdict{State: lint.ImageDenied, Message: said}
}
