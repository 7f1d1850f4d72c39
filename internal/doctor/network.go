package doctor

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/packs-cli/packs/internal/ecrhost"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/internal/registry/harbor"
	"github.com/packs-cli/packs/internal/registry/oci"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// maxSkew is how wrong a clock may be before it is told: tokens and
// certificates begin to be refused from a few minutes on.
const maxSkew = time.Minute

// soon is how long before its end a certificate is worth a word.
const soon = 30 * 24 * time.Hour

// once does not wait for a registry to come back: a person is looking.
func (o *Options) once(general oci.Options) oci.Options {
	general.AllowExec, general.Env, general.UserAgent, general.Logger = o.AllowExec, o.Env, o.UserAgent, o.Logger
	general.Retry = transport.RetryPolicy{Tries: 1, Connects: 1, Stalls: 1}
	return general
}

// network examines what every registry with a server has: the way there, its
// certificate and clock, and the login. It tells whether a login was accepted.
func (x *Examination) network(ctx context.Context, o *Options, general oci.Options) bool {
	r, err := oci.New(x.Registry, o.once(general))
	if err != nil {
		x.fail("settings", err)
		return false
	}
	defer func() { _ = r.Close() }() // closes idle connections
	if !x.reach(ctx, o, r) {
		return false
	}
	return x.login(ctx, o, r)
}

// reach asks without a login, so that certificate and clock are seen even where
// the login is refused.
func (x *Examination) reach(ctx context.Context, o *Options, r *oci.Registry) bool {
	address := r.Client().URL("/v2/", nil).String()
	said, err := knock(ctx, x.Registry.TLS, o, address)
	if err != nil {
		// Once more by the client that packs uses, whose errors say what to do.
		again, worded := r.Client().Do(ctx, transport.Request{Method: http.MethodGet, URL: r.Client().URL("/v2/", nil)})
		if worded != nil {
			err = r.Explain("reach", x.Registry.Host, worded)
		} else {
			_ = again.Body.Close()
		}
		x.fail("reach", err)
		return false
	}
	switch said.code {
	case http.StatusOK, http.StatusUnauthorized, http.StatusForbidden:
		x.add(OK, "reach", "", "%s answers", address)
	default:
		x.add(Bad, "reach", "check host: is that a registry, and does the proxy before it lead /v2/ there?", "%s answers %s", address, said.status)
	}
	x.trust(said.tls, o.Now())
	x.clock(said.date, o.Now())
	return true
}

// answer is what a server says to a stranger.
type answer struct {
	code         int
	status, date string
	tls          *tls.ConnectionState // nil: plain HTTP
}

// knock sends one request without a login.
func knock(ctx context.Context, trust *manifest.TLS, o *Options, address string) (*answer, error) {
	t := &http.Transport{
		DialContext:         (&net.Dialer{Timeout: 10 * time.Second}).DialContext,
		TLSHandshakeTimeout: 10 * time.Second, ResponseHeaderTimeout: 20 * time.Second,
		MaxResponseHeaderBytes: 256 << 10, DisableKeepAlives: true, ForceAttemptHTTP2: true,
	}
	if err := transport.Configure(t, trust, o.Env); err != nil {
		return nil, err
	}
	client := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return nil, err
	}
	req.Header.Set("User-Agent", o.UserAgent)
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	return &answer{code: resp.StatusCode, status: resp.Status, date: resp.Header.Get("Date"), tls: resp.TLS}, resp.Body.Close()
}

// trust tells whose certificate the server has, and what Palette must be given.
func (x *Examination) trust(state *tls.ConnectionState, now time.Time) {
	if state == nil || len(state.PeerCertificates) == 0 {
		x.add(Note, "certificate", "", "none: plain HTTP, everybody on the way can read and change what is sent")
		return
	}
	cert := state.PeerCertificates[0]
	level, fix := OK, ""
	if cert.NotAfter.Sub(now) < soon {
		level, fix = Note, "it ends soon: have it renewed"
	}
	x.add(level, "certificate", fix, "issued to %s by %s, valid from %s to %s", cert.Subject, cert.Issuer,
		cert.NotBefore.UTC().Format(time.DateOnly), cert.NotAfter.UTC().Format(time.DateOnly))
	switch t := x.Registry.TLS; {
	case t == nil:
	case t.InsecureSkipVerify:
		x.add(Bad, "certificate", "take insecureSkipVerify out and set tls: {caFile: …}", "IS NOT CHECKED (insecureSkipVerify): anybody on the way can pose as this registry and gets the login")
	case t.CAFile != "":
		x.add(Note, "certificate", "", "this CA must be given to Palette too, where the registry is added: %s", t.CAFile)
	case t.CA != "":
		x.add(Note, "certificate", "", "this CA must be given to Palette too, where the registry is added: the one in tls.ca")
	}
}

// clock compares the server's clock with ours.
func (x *Examination) clock(date string, now time.Time) {
	theirs, err := http.ParseTime(date)
	if err != nil {
		x.add(Note, "clock", "", "the registry does not tell its time")
		return
	}
	skew := now.Sub(theirs).Round(time.Second)
	if skew.Abs() > maxSkew {
		x.add(Bad, "clock", "set the clock of this machine (NTP), or that of the registry", "this machine and the registry are %s apart", skew.Abs())
		return
	}
	x.add(OK, "clock", "", "agrees with that of the registry")
}

// login tells where the login comes from, and whether it is taken.
func (x *Examination) login(ctx context.Context, o *Options, r *oci.Registry) bool {
	who, err := transport.NewLogin(transport.LoginConfig{
		Host: x.Registry.Host, Credentials: x.Registry.Credentials, AllowExec: o.AllowExec, Env: o.Env,
	})(ctx)
	if err != nil {
		x.fail("login", r.Explain("log in to", x.Registry.Host, err))
		return false
	}
	resp, err := r.Client().Do(ctx, transport.Request{Method: http.MethodGet, URL: r.Client().URL("/v2/", nil)})
	if err != nil {
		x.fail("login", r.Explain("log in to", x.Registry.Host, err))
		return false
	}
	_ = resp.Body.Close() // what it says does not matter
	switch {
	case who.Anonymous():
		x.add(OK, "login", "", "none, and the registry lets everybody look")
	case resp.StatusCode == http.StatusForbidden:
		x.add(Bad, "login", "give it the right to pull and push", "%v may not use the registry", who)
		return false
	default:
		x.add(OK, "login", "", "%v", who)
	}
	return true
}

// harbor examines a Harbor, which can tell of its projects and its setup.
func (x *Examination) harbor(ctx context.Context, o *Options) {
	if !x.network(ctx, o, oci.Options{Basic: true}) {
		return
	}
	r, err := harbor.New(x.Registry, harbor.Options{Options: o.once(oci.Options{})})
	if err != nil {
		x.fail("project", err)
		return
	}
	defer func() { _ = r.Close() }() // closes idle connections
	found, err := r.Check(ctx)
	if err != nil {
		x.fail("project", err)
		return
	}
	well := "project " + x.Registry.Harbor.Project + " takes pushes of this account"
	if x.Registry.ReadOnly {
		well = "project " + x.Registry.Harbor.Project + " lets this account read"
	}
	x.findings("project", well, found)
}

// ecr examines an Amazon ECR: the login is that of AWS, which tells the host.
func (x *Examination) ecr(ctx context.Context, o *Options) {
	r, err := ecr.New(x.Registry, ecr.Options{
		Uses: ecr.Uses{Prune: o.Prune}, Env: o.Env, UserAgent: o.UserAgent, Logger: o.Logger, Clock: transport.Clock{Now: o.Now},
	})
	if err != nil {
		x.fail("settings", err)
		return
	}
	defer func() { _ = r.Close() }() // closes idle connections
	host, err := r.Address(ctx)
	if err != nil {
		topic := "login"
		if errors.Is(err, registry.ErrUnreachable) || errors.Is(err, registry.ErrCertificate) {
			topic = "reach"
		}
		x.fail(topic, err)
		return
	}
	x.Address = host
	x.add(OK, "login", "", "tokens for %s with %s", host, source(x.Registry.ECR))
	if !x.reachHost(ctx, o, host) {
		return
	}
	found, err := r.Check(ctx)
	if err != nil {
		x.fail("permissions", err)
		return
	}
	well := "what packs.yaml needs is allowed"
	if len(found.Unknown) > 0 {
		well = "what could be tried of what packs.yaml needs is allowed"
	}
	x.findings("permissions", well, found)
}

// reachHost examines the way to the host that AWS named: a network may let the
// API through and not the registry.
func (x *Examination) reachHost(ctx context.Context, o *Options, host string) bool {
	spec := *x.Registry
	spec.Host = host
	_, spec.PlainHTTP = ecrhost.Loopback("http://" + host) // a test server
	x.Registry = &spec
	r, err := oci.New(&spec, o.once(oci.Options{}))
	if err != nil {
		x.fail("settings", err)
		return false
	}
	defer func() { _ = r.Close() }() // closes idle connections
	return x.reach(ctx, o, r)
}

// source names the AWS credentials.
func source(e *manifest.ECR) string {
	switch {
	case e.RoleARN != "":
		return "role " + e.RoleARN
	case e.Profile != "":
		return fmt.Sprintf("AWS profile %q", e.Profile)
	}
	return "the default AWS credentials"
}
