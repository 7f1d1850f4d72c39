package transport

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// token is a bearer token for one scope, or the wait for it.
type token struct {
	done  chan struct{} // closed when the rest is there
	value string
	until time.Time // when to fetch a new one
	err   error
	// stopped tells that the one who fetched it was told to stop, so that err says
	// nothing of the token server.
	stopped bool
}

// secret returns the value, or "" while it is not there.
func (t *token) secret() string {
	select {
	case <-t.done:
		return t.value
	default:
		return ""
	}
}

// token returns a token for a scope. However many ask, it is fetched once, and
// again before it expires.
func (a *authenticator) token(ctx context.Context, scope string) (string, error) {
	for {
		t, mine := a.claim(scope)
		if mine {
			t.value, t.until, t.err = a.fetch(ctx, scope)
			t.stopped = ctx.Err() != nil
			if t.err != nil {
				a.mu.Lock()
				delete(a.tokens, scope)
				a.mu.Unlock()
			}
			close(t.done)
			return t.value, t.err
		}
		select {
		case <-t.done:
		case <-ctx.Done():
			return "", context.Cause(ctx)
		}
		if t.err == nil || !t.stopped {
			return t.value, t.err
		}
	}
}

// claim returns the token for a scope; mine tells that the caller has to fetch it.
func (a *authenticator) claim(scope string) (t *token, mine bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if t := a.tokens[scope]; t != nil {
		select {
		case <-t.done:
			if a.client.cfg.Clock.Now().Before(t.until) {
				return t, false
			}
		default:
			return t, false
		}
	}
	t = &token{done: make(chan struct{})}
	a.tokens[scope] = t
	return t, true
}

// drop forgets the token that a registry refused, and notes which scope it
// wants instead.
func (a *authenticator) drop(scope, sent, wanted string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if wanted != "" {
		a.asked[scope] = wanted
	}
	if t := a.tokens[scope]; t != nil && sent == "Bearer "+t.secret() {
		delete(a.tokens, scope)
	}
}

// fetch gets a token from the realm that the registry named.
func (a *authenticator) fetch(ctx context.Context, scope string) (string, time.Time, error) {
	login, err := a.who(ctx)
	if err != nil {
		return "", time.Time{}, err
	}
	if login.RegistryToken != "" {
		return login.RegistryToken, a.client.cfg.Clock.Now().Add(maxLifetime), nil
	}
	a.mu.Lock()
	params, wanted := a.challenge.params, a.asked[scope]
	a.mu.Unlock()
	realm, err := a.client.realm(params["realm"])
	if err != nil {
		return "", time.Time{}, err
	}
	if err := CheckTrusted(a.client.cfg.Env, realm.Host); err != nil && !login.Anonymous() {
		return "", time.Time{}, &CredentialsError{Host: realm.Host, Err: err}
	}
	asked := a.client.cfg.Clock.Now()
	resp, err := a.client.askTokenAgain(ctx, realm, params["service"], scopes(scope, wanted), login)
	if err != nil {
		return "", time.Time{}, err
	}
	defer func() { _ = resp.Body.Close() }() // what follows drains it
	if resp.StatusCode == http.StatusUnauthorized {
		return "", time.Time{}, a.refuse(a.client.StatusError(resp))
	}
	if resp.StatusCode != http.StatusOK {
		return "", time.Time{}, a.client.StatusError(resp)
	}
	value, lifetime, err := readToken(resp)
	if err != nil {
		return "", time.Time{}, err
	}
	if !login.Anonymous() {
		a.accept()
	}
	return value, asked.Add(lifetime - min(lifetime/4, 30*time.Second)), nil
}

// scopes lists what to ask for: ours, and what the registry named where ours
// does not cover it.
func scopes(ours, theirs string) []string {
	var out []string
	for _, s := range append(strings.Fields(ours), strings.Fields(theirs)...) {
		covered := false
		for _, have := range out {
			covered = covered || covers(have, s)
		}
		if !covered {
			out = append(out, s)
		}
	}
	return out
}

// covers tells whether scope a allows all that scope b does. A scope is
// TYPE:NAME:ACTION,ACTION…
func covers(a, b string) bool {
	i, j := strings.LastIndexByte(a, ':'), strings.LastIndexByte(b, ':')
	if i < 0 || j < 0 || a[:i] != b[:j] {
		return a == b
	}
	have := strings.Split(a[i+1:], ",")
	for _, want := range strings.Split(b[j+1:], ",") {
		found := false
		for _, h := range have {
			found = found || h == want || h == "*"
		}
		if !found {
			return false
		}
	}
	return true
}

// realm checks the address of the token server, which gets the password: HTTPS
// where the registry is, and no address that only this machine or its cloud can
// mean, unless the registry itself is there.
func (c *Client) realm(text string) (*url.URL, error) {
	refuse := func(why string) error {
		return &ConnError{Host: c.cfg.Host, Kind: KindRealm, Detail: "names a token server that does not get the login: " + why}
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, refuse("its address cannot be read")
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, refuse("its scheme is " + printable(u.Scheme))
	case u.Scheme == "http" && c.base.Scheme == "https":
		return nil, refuse("it speaks plain HTTP, the registry HTTPS")
	case strings.EqualFold(u.Hostname(), c.base.Hostname()):
		return u, nil
	}
	if loopback(u.Hostname()) && !loopback(c.base.Hostname()) {
		return nil, refuse("it is on this machine, the registry is not")
	}
	if addr, err := netip.ParseAddr(u.Hostname()); err == nil {
		if addr = addr.Unmap(); addr.IsLinkLocalUnicast() || addr.IsMulticast() || addr.IsUnspecified() {
			return nil, refuse("its address is local to a network")
		}
	}
	return u, nil
}

// clientID names this program to token servers that speak OAuth2.
const clientID = "packs"

// askToken sends the request for a token: that of the distribution project's
// specification, or OAuth2 where the login is an identity token
// (https://distribution.github.io/distribution/spec/auth/).
func (c *Client) askToken(ctx context.Context, realm *url.URL, service string, scopes []string, login Login) (*http.Response, error) {
	if login.IdentityToken != "" {
		form := url.Values{
			"grant_type": {"refresh_token"}, "refresh_token": {login.IdentityToken},
			"service": {service}, "client_id": {clientID}, "scope": {strings.Join(scopes, " ")},
		}.Encode()
		return c.ask(ctx, &Request{
			Method: http.MethodPost, URL: realm, Size: int64(len(form)),
			Header: http.Header{"Content-Type": {"application/x-www-form-urlencoded"}},
			Body:   func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(form)), nil },
		}, "")
	}
	u := *realm
	q := u.Query()
	if service != "" {
		q.Set("service", service)
	}
	for _, s := range scopes {
		q.Add("scope", s)
	}
	u.RawQuery = q.Encode()
	authorization := ""
	if !login.Anonymous() {
		authorization = basicAuth(login)
	}
	return c.ask(ctx, &Request{Method: http.MethodGet, URL: &u}, authorization)
}

// deniedTries is how often a token is asked for that the server denies: that of
// GitHub (ghcr.io) now and then denies a right that is there. A wrong password
// is 401, and never sent again.
const deniedTries = 3

// askTokenAgain is askToken, again where the token is denied.
func (c *Client) askTokenAgain(ctx context.Context, realm *url.URL, service string, scopes []string, login Login) (*http.Response, error) {
	for try := 1; ; try++ {
		resp, err := c.askToken(ctx, realm, service, scopes, login)
		if err != nil || resp.StatusCode != http.StatusForbidden || try == deniedTries {
			return resp, err
		}
		Drain(resp)
		if err := c.cfg.Clock.Sleep(ctx, c.cfg.Retry.backoff(try, c.cfg.Clock.Jitter())); err != nil {
			return nil, err
		}
	}
}

// ask sends a request to a token server, which the limits of the registry do
// not count.
func (c *Client) ask(ctx context.Context, r *Request, authorization string) (*http.Response, error) {
	p, err := c.prepare(ctx, r, authorization)
	if err != nil {
		return nil, err
	}
	return c.exchange(p)
}

// Limits on what a token server may answer. A token must fit into a header
// field, and the reply may hold it twice.
const (
	maxTokenReply   = 128 << 10
	defaultLifetime = time.Minute // where the reply names none, says the specification
	maxLifetime     = 24 * time.Hour
)

// readToken reads the reply of a token server and closes it.
func readToken(resp *http.Response) (value string, lifetime time.Duration, err error) {
	defer Drain(resp)
	host := resp.Request.URL.Host
	bad := func(why string) error {
		return &ConnError{Host: host, Kind: KindRealm, Detail: "answered a request for a token " + why}
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxTokenReply+1))
	if err != nil {
		return "", 0, err
	}
	if len(b) > maxTokenReply {
		return "", 0, bad("at too great length")
	}
	var reply struct {
		Token       string  `json:"token"`
		AccessToken string  `json:"access_token"`
		ExpiresIn   float64 `json:"expires_in"`
	}
	if json.Unmarshal(b, &reply) != nil {
		return "", 0, bad("with what is no JSON")
	}
	value = reply.Token
	if value == "" {
		value = reply.AccessToken
	}
	if value == "" || strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r >= 0x7f }) {
		return "", 0, bad("without one")
	}
	lifetime = defaultLifetime
	if reply.ExpiresIn >= 1 {
		lifetime = time.Duration(min(reply.ExpiresIn, maxLifetime.Seconds())) * time.Second
	}
	return value, lifetime, nil
}
