package ecr

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"

	"github.com/packs-cli/packs/internal/ecrhost"
	"github.com/packs-cli/packs/internal/transport"
)

// token is an authorization token of the registry's own protocol.
type token struct {
	password string
	issued   time.Time
	renew    time.Time // when another one is to be had
	ends     time.Time // when it is good for nothing
	home     home
}

// home is the registry that a token was issued for.
type home struct {
	account, region string
	endpoint        string // as the API gives it: https://HOST
	hostPort        string // of a test server on this machine; "" for the real service
}

// session is a login to the AWS API with the token that it got.
type session struct {
	id   identity
	opts *Options
	turn chan struct{} // held while a token is fetched
	slot chan struct{} // one for each call of the API in flight

	client *ecr.Client // guarded by turn, like the rest
	held   *token
	failed error     // of the last try,
	until  time.Time // and until when it stands

	last  atomic.Pointer[token] // the one that was issued last, to keep it out of texts
	ended atomic.Pointer[token] // the one that the registry last refused as expired
}

func newSession(id identity, o *Options) *session {
	return &session{id: id, opts: o, turn: make(chan struct{}, 1), slot: make(chan struct{}, apiConcurrency)}
}

// failureStands is for how long a failed login is not tried again, so that it
// costs its timeouts once and not for every pack.
const failureStands = 30 * time.Second

// login returns the client of the API and a token that is good for a while.
func (s *session) login(ctx context.Context) (*ecr.Client, *token, error) {
	if err := s.enter(ctx); err != nil {
		return nil, nil, err
	}
	defer s.leave()
	now := s.opts.Clock.Now()
	switch {
	case s.held != nil && now.Before(s.held.renew) && s.held != s.ended.Load():
		return s.client, s.held, nil
	case s.failed != nil && now.Before(s.until):
		return nil, nil, s.failed
	}
	fresh, err := s.fetch(ctx)
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	if err != nil {
		s.failed, s.until = err, now.Add(failureStands)
		return nil, nil, err
	}
	s.held, s.failed = fresh, nil
	return s.client, fresh, nil
}

func (s *session) enter(ctx context.Context) error {
	select {
	case s.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (s *session) leave() { <-s.turn }

// fetch gets a token. The caller has the turn.
func (s *session) fetch(ctx context.Context) (*token, error) {
	if s.client == nil {
		client, err := s.id.load(ctx, s.opts)
		if err != nil {
			return nil, s.explain("use AWS credentials", s.where(), err)
		}
		s.client = client
	}
	in := &ecr.GetAuthorizationTokenInput{}
	if s.id.account != "" {
		in.RegistryIds = []string{s.id.account} //nolint:staticcheck // deprecated, but the only way to get the endpoint of another account
	}
	asked := s.opts.Clock.Now()
	out, err := s.client.GetAuthorizationToken(ctx, in)
	if err != nil {
		return nil, s.explain("get an authorization token for", s.where(), err)
	}
	t, err := readToken(out, asked)
	if err == nil {
		s.last.Store(t)
		err = s.locate(ctx, t)
	}
	if err != nil {
		return nil, s.explain("get an authorization token for", s.where(), err)
	}
	return t, nil
}

// where names the registry before its host is known.
func (s *session) where() string {
	region := s.id.region
	if s.client != nil {
		region = s.client.Options().Region
	}
	if region == "" {
		return "Amazon ECR"
	}
	return "Amazon ECR in " + region
}

var errBadToken = errors.New("the answer of the API cannot be used")

// maxToken bounds a token; real ones have some 2,000 characters.
const maxToken = 64 << 10

func readToken(out *ecr.GetAuthorizationTokenOutput, asked time.Time) (*token, error) {
	if len(out.AuthorizationData) == 0 {
		return nil, fmt.Errorf("%w: it holds no token", errBadToken)
	}
	data := out.AuthorizationData[0]
	text := aws.ToString(data.AuthorizationToken)
	if len(text) > maxToken {
		return nil, fmt.Errorf("%w: the token has %d bytes", errBadToken, len(text))
	}
	plain, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("%w: the token is not base64", errBadToken) // the cause would quote it
	}
	user, password, _ := strings.Cut(string(plain), ":")
	if user != userName || password == "" {
		return nil, fmt.Errorf("%w: the token is not for the user %s", errBadToken, userName)
	}
	expires := aws.ToTime(data.ExpiresAt)
	if !expires.After(asked) {
		return nil, fmt.Errorf("%w: the token ended at %s, it is %s here: is a clock wrong?", errBadToken, expires.Format(time.RFC3339), asked.Format(time.RFC3339))
	}
	return &token{
		password: password, issued: asked, renew: expires.Add(-margin(expires.Sub(asked))), ends: expires,
		home: home{endpoint: aws.ToString(data.ProxyEndpoint)},
	}, nil
}

// userName is the user of every authorization token.
const userName = "AWS"

// locate finds out whose registry a token is for, and that it is a place to
// which a token may go: a host of ECR, or this machine where the API is, too.
func (s *session) locate(ctx context.Context, t *token) error {
	region := s.client.Options().Region
	if h, ok := ecrhost.ParseEndpoint(t.home.endpoint); ok {
		if h.Region != region {
			return fmt.Errorf("%w: the registry %s is not in region %s", errBadToken, t.home.endpoint, region)
		}
		t.home.account, t.home.region = h.Account, h.Region
		return nil
	}
	hostPort, ok := ecrhost.Loopback(t.home.endpoint)
	if !ok || !loopbackEndpoint(s.client) {
		return fmt.Errorf("%w: %q is no host of Amazon ECR, no token goes there", errBadToken, t.home.endpoint)
	}
	t.home.hostPort, t.home.region, t.home.account = hostPort, region, s.id.account
	if t.home.account != "" {
		return nil
	}
	out, err := s.client.DescribeRegistry(ctx, &ecr.DescribeRegistryInput{}) // no host name to read it from
	if err != nil {
		return err
	}
	t.home.account = aws.ToString(out.RegistryId)
	return nil
}

// registryLogin returns the login for the registry's own protocol.
func (s *session) registryLogin(ctx context.Context) (transport.Login, error) {
	_, t, err := s.login(ctx)
	if err != nil {
		return transport.Login{}, err
	}
	return transport.Login{
		Username: userName, Password: t.password, Source: s.id.String(), Expires: t.renew,
		Stale: func(reply *transport.StatusError) bool { return s.stale(t, reply) },
		Drop:  func() { s.ended.Store(t) },
	}, nil
}

// young is how long after its issue a token is not taken for an ended one where
// the registry does not say so.
const young = time.Minute

// stale tells from a refusal that a token has ended. A reply to HEAD has no
// words: there it is tried.
func (s *session) stale(t *token, reply *transport.StatusError) bool {
	if len(reply.Errors) == 0 {
		return s.opts.Clock.Now().Sub(t.issued) > young
	}
	return strings.Contains(strings.ToLower(reply.Message()), "authorization token has expired")
}

// call runs one call of the API, a few at a time, and explains its error.
func (s *session) call(ctx context.Context, op, where string, fn func(context.Context, *ecr.Client) error) error {
	client, _, err := s.login(ctx)
	if err != nil {
		return err
	}
	select {
	case s.slot <- struct{}{}:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	defer func() { <-s.slot }()
	if err := fn(ctx, client); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return s.explain(op, where, err)
	}
	return nil
}
