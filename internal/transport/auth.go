package transport

import (
	"context"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
)

// LoginError tells that a registry refused us.
type LoginError struct {
	Host     string
	Login    Login        // who asked
	Accepted bool         // the login itself is right, what was asked is not allowed to it
	Reply    *StatusError // what the server said; may be nil
}

// Error says who was refused and what the server said.
func (e *LoginError) Error() string {
	var s string
	switch {
	case e.Login.Anonymous():
		s = e.Host + " wants a login"
	case e.Accepted:
		s = fmt.Sprintf("%s does not allow it to %v", e.Host, e.Login)
	default:
		s = fmt.Sprintf("%s refused %v", e.Host, e.Login)
	}
	if e.Reply != nil && e.Reply.Message() != "" {
		s += ": registry responded: " + e.Reply.Message()
	}
	return s
}

// Unwrap returns the reply.
func (e *LoginError) Unwrap() error {
	if e.Reply == nil {
		return nil
	}
	return e.Reply
}

// authenticator adds the login to requests. It learns from the first refusal
// how the registry wants it, and from then on every request has it at once.
type authenticator struct {
	client *Client
	first  chan struct{} // held by the request that finds out the scheme
	found  atomic.Bool   // the first request has its reply

	mu        sync.Mutex
	challenge challenge
	login     *Login // nil: not asked for yet
	accepted  bool   // a request with it got through
	refused   *LoginError
	tokens    map[string]*token // by scope
	asked     map[string]string // scopes that the registry itself named, by ours
}

func newAuthenticator(c *Client) *authenticator {
	a := &authenticator{client: c, first: make(chan struct{}, 1), tokens: make(map[string]*token), asked: make(map[string]string)}
	if c.cfg.Basic {
		a.challenge.scheme = schemeBasic
	}
	return a
}

// maxAuthTries bounds how often one request is sent: without a login, and with
// one; or with one that has become stale, and a fresh one.
const maxAuthTries = 2

func (a *authenticator) do(ctx context.Context, r *Request) (*http.Response, error) {
	leader, err := a.lead(ctx)
	if err != nil {
		return nil, err
	}
	if leader {
		defer func() {
			a.found.Store(true)
			<-a.first
		}()
	}
	return a.try(ctx, r)
}

// lead tells whether a request is the one that finds out the scheme. The others
// wait for its reply, so that not all of them are refused first.
func (a *authenticator) lead(ctx context.Context) (bool, error) {
	if a.found.Load() {
		return false, nil
	}
	select {
	case a.first <- struct{}{}:
	case <-ctx.Done():
		return false, context.Cause(ctx)
	}
	if a.found.Load() {
		<-a.first
		return false, nil
	}
	return true, nil
}

// maxRenewals is how often one request takes a new login because the registry
// says that the one it was sent with has expired: others may use up a new one
// before this request is sent again.
const maxRenewals = 4

func (a *authenticator) try(ctx context.Context, r *Request) (*http.Response, error) {
	renewed := 0
	for n := 1; ; n++ {
		authorization, err := a.authorization(ctx, r.Scope)
		if err != nil {
			return nil, err
		}
		resp, err := a.client.send(ctx, r, authorization)
		if err != nil {
			return nil, err
		}
		if renewed < maxRenewals && a.stale(resp, authorization) {
			renewed++
			Drain(resp)
			continue
		}
		if resp.StatusCode != http.StatusUnauthorized {
			if authorization != "" {
				a.accept()
			}
			return resp, nil
		}
		again, err := a.refusal(ctx, r, resp, authorization)
		if err != nil {
			Drain(resp)
			return nil, err
		}
		if !again || n >= maxAuthTries {
			return nil, a.loginError(ctx, resp)
		}
		Drain(resp)
	}
}

func (a *authenticator) accept() {
	a.mu.Lock()
	a.accepted = true
	a.mu.Unlock()
}

// known returns how the registry wants a login, as far as is known.
func (a *authenticator) known() challenge {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.challenge
}

// authorization returns the header field for a request; "" is anonymous.
func (a *authenticator) authorization(ctx context.Context, scope string) (string, error) {
	switch a.known().scheme {
	case schemeBasic:
		return a.basic(ctx)
	case schemeBearer:
		value, err := a.token(ctx, scope)
		if err != nil || value == "" {
			return "", err
		}
		return "Bearer " + value, nil
	}
	return "", nil
}

func (a *authenticator) basic(ctx context.Context) (string, error) {
	l, err := a.who(ctx)
	if err != nil || l.Username == "" {
		return "", err
	}
	return basicAuth(l), nil
}

func basicAuth(l Login) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(l.Username+":"+l.Password))
}

// who returns the login. One that was refused is an error: to send it again and
// again for every pack locks accounts.
func (a *authenticator) who(ctx context.Context) (Login, error) {
	a.mu.Lock()
	l, refused := a.login, a.refused
	a.mu.Unlock()
	if refused != nil {
		return Login{}, refused
	}
	now := a.client.cfg.Clock.Now()
	if l != nil && (l.Expires.IsZero() || now.Before(l.Expires)) {
		return *l, nil
	}
	fresh, err := a.client.cfg.Login(ctx)
	if err != nil {
		return Login{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.login == nil {
		a.client.warnPlain(ctx, &fresh)
	}
	a.login = &fresh
	return fresh, nil
}

// warnPlain tells once that a password can be read on the way.
func (c *Client) warnPlain(ctx context.Context, l *Login) {
	if c.cfg.PlainHTTP && !l.Anonymous() && !loopback(c.base.Hostname()) {
		c.log.LogAttrs(ctx, slog.LevelWarn, "the login goes over plain HTTP, where others can read it", slog.String("host", c.cfg.Host))
	}
}

// refusal learns from a 401 and tells whether to send the request again.
func (a *authenticator) refusal(ctx context.Context, r *Request, resp *http.Response, sent string) (again bool, err error) {
	if !SameOrigin(r.URL, resp.Request.URL) {
		return false, nil // a storage service behind a redirect: our login is not for it
	}
	asked, ok := chooseChallenge(resp.Header)
	if !ok {
		return false, nil
	}
	a.mu.Lock()
	a.challenge = asked
	a.mu.Unlock()
	switch asked.scheme {
	case schemeBasic:
		return a.refusedBasic(ctx, sent)
	case schemeBearer:
		a.drop(r.Scope, sent, asked.params["scope"])
		return true, nil
	}
	return false, nil
}

// refusedBasic decides about a request that the registry answered with a
// challenge for basic authentication.
func (a *authenticator) refusedBasic(ctx context.Context, sent string) (again bool, err error) {
	now, err := a.basic(ctx)
	if err != nil || now == "" {
		return false, err
	}
	if sent != now {
		return true, nil // it went out before the scheme was known, or with a login that expired
	}
	a.mu.Lock()
	accepted := a.accepted
	a.mu.Unlock()
	if accepted {
		return false, nil
	}
	return false, a.verify(ctx, now)
}

// verify asks the registry itself about a login that was refused for the first
// thing that was asked with it: it may be right and only not allowed there.
func (a *authenticator) verify(ctx context.Context, authorization string) error {
	r := &Request{Method: http.MethodGet, URL: a.client.URL("/v2/", url.Values{})}
	resp, err := a.client.send(ctx, r, authorization)
	if err != nil {
		return err
	}
	if resp.StatusCode != http.StatusUnauthorized {
		Drain(resp)
		a.accept()
		return nil
	}
	return a.refuse(a.client.StatusError(resp))
}

// refuse notes that the login is wrong.
func (a *authenticator) refuse(reply *StatusError) *LoginError {
	a.mu.Lock()
	defer a.mu.Unlock()
	e := &LoginError{Host: a.client.cfg.Host, Reply: reply}
	if a.login != nil {
		e.Login = *a.login
	}
	if !e.Login.Anonymous() && !a.accepted {
		a.refused = e
	}
	return e
}

// loginError makes an error of a 401 that no login could change.
func (a *authenticator) loginError(ctx context.Context, resp *http.Response) error {
	reply := a.client.StatusError(resp)
	login, err := a.who(ctx)
	if err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return &LoginError{Host: a.client.cfg.Host, Login: login, Accepted: a.accepted && !login.Anonymous(), Reply: reply}
}

// secrets lists what must not get into any text, in the forms it may have.
func (a *authenticator) secrets() []string {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []string
	if a.login != nil {
		out = a.login.forms()
	}
	for _, t := range a.tokens {
		if v := t.secret(); len(v) >= minSecret {
			out = append(out, v) // not in all its forms: there may be one for each repository
		}
	}
	return out
}

// Who returns the login as far as it is known: the zero Login before a registry
// asked for one. It is for messages.
func (c *Client) Who() Login {
	c.auth.mu.Lock()
	defer c.auth.mu.Unlock()
	if c.auth.login == nil {
		return Login{}
	}
	return *c.auth.login
}

// Bearer tells whether the registry is known to take bearer tokens, which are
// fetched for one repository each.
func (c *Client) Bearer() bool { return c.auth.known().scheme == schemeBearer }
