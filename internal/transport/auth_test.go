package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
)

// forReal returns a client for a real registry.
func forReal(t *testing.T, s *registrytest.Server, cfg Config) *Client {
	t.Helper()
	cfg.Host, cfg.PlainHTTP = s.Host, true
	return newClient(t, cfg)
}

// tags asks for the tags of a repository that does not exist: 404 is what
// somebody gets who may ask.
func tags(ctx context.Context, c *Client, repository string) (*StatusError, error) {
	resp, err := c.Do(ctx, Request{
		Method: http.MethodGet, URL: c.URL("/v2/"+repository+"/tags/list", nil),
		Scope: "repository:" + repository + ":pull,push",
	})
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	return c.StatusError(resp), nil
}

// askAll asks for many repositories at once and returns the errors.
func askAll(t *testing.T, c *Client, n int) []error {
	t.Helper()
	errs := make([]error, n)
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			e, err := tags(t.Context(), c, fmt.Sprintf("team/pack%d", i))
			if err == nil && e.Status != http.StatusNotFound {
				err = e
			}
			errs[i] = err
		})
	}
	wg.Wait()
	return errs
}

// refused counts the requests that were answered with 401.
func refused(requests []registrytest.Request) int {
	n := 0
	for _, r := range requests {
		if r.Status == http.StatusUnauthorized {
			n++
		}
	}
	return n
}

func TestBasicLoginIsRefusedOnceForAllRequests(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic})
	c := forReal(t, s, Config{Login: user(registrytest.Username, registrytest.Password)})
	for i, err := range askAll(t, c, 32) {
		if err != nil {
			t.Errorf("request %d: %v", i, err)
		}
	}
	requests := s.Requests()
	if len(requests) != 33 || refused(requests) != 1 {
		t.Errorf("%d requests, %d of them refused; want 33 and 1", len(requests), refused(requests))
	}
}

func TestWrongPasswordIsSentAsRarelyAsPossible(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic})
	c := forReal(t, s, Config{Login: user(registrytest.Username, "wrong-canary")})
	for i, err := range askAll(t, c, 32) {
		var e *LoginError
		if !errors.As(err, &e) || e.Accepted || e.Login.Username != registrytest.Username {
			t.Errorf("request %d: %v, want the login refused", i, err)
			continue
		}
		if !strings.Contains(err.Error(), `refused user "packs-tester" from a test`) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%q does not say who was refused, or says too much", err)
		}
	}
	// Without a login, with it, with it at /v2/: no account is locked by that.
	if got := len(s.Requests()); got != 3 {
		t.Errorf("%d requests, want 3", got)
	}
}

func TestAnonymousWhereALoginIsWanted(t *testing.T) {
	t.Parallel()
	for _, auth := range []registrytest.Auth{registrytest.AuthBasic, registrytest.AuthBearer} {
		s := registrytest.Start(t, registrytest.Options{Auth: auth})
		c := forReal(t, s, Config{})
		_, err := tags(t.Context(), c, "team/pack")
		var e *LoginError
		if !errors.As(err, &e) || !e.Login.Anonymous() || !strings.Contains(err.Error(), s.Host+" wants a login") {
			t.Errorf("%v: %v, want that a login is wanted", auth, err)
		}
	}
}

func TestCredentialsThatCannotBeHad(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBasic})
	cause := &CredentialsError{Host: s.Host, Err: errors.New("the vault is sealed")}
	c := forReal(t, s, Config{Login: func(context.Context) (Login, error) { return Login{}, cause }})
	for _, err := range askAll(t, c, 4) {
		if !errors.Is(err, cause) {
			t.Errorf("%v, want the cause", err)
		}
	}
}

func TestFirstRequestThatFailsDoesNotHoldTheOthersUp(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if n.Add(1) == 1 {
			hijack(t, w, "", false)
		}
	})
	c := plain(t, s, Config{})
	for i, err := range func() []error {
		var out []error
		for range 3 {
			_, _, err := get(t.Context(), c, "/v2/x")
			out = append(out, err)
		}
		return out
	}() {
		if (err != nil) != (i == 0) {
			t.Errorf("request %d: %v", i, err)
		}
	}
}

func TestDockerHubHasAnotherAddress(t *testing.T) {
	t.Parallel()
	c := newClient(t, Config{Host: "docker.io"})
	if got := c.URL("/v2/", url.Values{"n": {"1"}}).String(); got != "https://registry-1.docker.io/v2/?n=1" {
		t.Error(got)
	}
}
