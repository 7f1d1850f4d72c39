package transport

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registrytest"
)

func TestBearerTokenIsFetchedOncePerRepository(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer, Tokens: registrytest.TokenOptions{Lifetime: time.Hour}})
	c := forReal(t, s, Config{Login: user(registrytest.Username, registrytest.Password)})
	for range 3 {
		for i, err := range askAll(t, c, 8) {
			if err != nil {
				t.Errorf("request %d: %v", i, err)
			}
		}
	}
	if requests := s.Requests(); len(requests) != 25 || refused(requests) != 1 {
		t.Errorf("%d requests, %d refused; want 25 and 1", len(requests), refused(requests))
	}
	tokens := s.Tokens.Requests()
	if len(tokens) != 8 {
		t.Errorf("%d tokens were fetched, want 8", len(tokens))
	}
	for _, r := range tokens {
		if r.User != registrytest.Username || len(r.Scopes) != 1 {
			t.Errorf("token for %q with %v, want one scope for the user", r.User, r.Scopes)
		}
	}
	if !c.Bearer() {
		t.Error("does not know that the registry takes bearer tokens")
	}
}

func TestManyRequestsForOneRepositoryShareItsToken(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer})
	c := forReal(t, s, Config{Login: user(registrytest.Username, registrytest.Password)})
	var wg sync.WaitGroup
	for range 32 {
		wg.Go(func() {
			if e, err := tags(t.Context(), c, "team/pack"); err != nil || e.Status != http.StatusNotFound {
				t.Errorf("%v, %v", e, err)
			}
		})
	}
	wg.Wait()
	if got := len(s.Tokens.Requests()); got != 1 {
		t.Errorf("%d tokens were fetched, want 1", got)
	}
}

func TestTokenIsRenewedBeforeItExpires(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer, Tokens: registrytest.TokenOptions{Lifetime: 5 * time.Minute}})
	clock := newFakeClock()
	c := forReal(t, s, Config{Login: user(registrytest.Username, registrytest.Password), Clock: clock.clock()})
	for _, after := range []time.Duration{0, 4 * time.Minute, 31 * time.Second, time.Minute} {
		if err := clock.sleep(t.Context(), after); err != nil {
			t.Fatal(err)
		}
		if e, err := tags(t.Context(), c, "team/pack"); err != nil || e.Status != http.StatusNotFound {
			t.Fatalf("%v, %v", e, err)
		}
	}
	if got := len(s.Tokens.Requests()); got != 2 {
		t.Errorf("%d tokens were fetched, want one more 30 s before the end", got)
	}
	if got := refused(s.Requests()); got != 1 {
		t.Errorf("%d requests were refused, want 1", got)
	}
}

func TestIdentityTokenTakesThePlaceOfThePassword(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer})
	c := forReal(t, s, Config{Login: func(context.Context) (Login, error) {
		return Login{IdentityToken: registrytest.IdentityToken, Source: "a test"}, nil
	}})
	if e, err := tags(t.Context(), c, "team/pack"); err != nil || e.Status != http.StatusNotFound {
		t.Fatalf("%v, %v", e, err)
	}
	got := s.Tokens.Requests()
	if len(got) != 1 || got[0].Grant != "refresh_token" || got[0].User != registrytest.Username {
		t.Errorf("token requests %+v, want one by OAuth2", got)
	}
}

func TestWrongPasswordAtTheTokenServer(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer})
	c := forReal(t, s, Config{Login: user(registrytest.Username, "wrong-canary")})
	for i, err := range askAll(t, c, 32) {
		var e *LoginError
		if !errors.As(err, &e) || e.Accepted || strings.Contains(err.Error(), "canary") || !strings.Contains(err.Error(), "who are you?") {
			t.Errorf("request %d: %v, want the login refused", i, err)
		}
	}
	if got := len(s.Tokens.Requests()); got != 1 {
		t.Errorf("the wrong password was sent %d times, want once", got)
	}
}

func TestRightLoginWithoutTheRight(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{Auth: registrytest.AuthBearer, Tokens: registrytest.TokenOptions{ReadOnly: true}})
	c := forReal(t, s, Config{Login: user(registrytest.Username, registrytest.Password)})
	if _, err := tags(t.Context(), c, "team/pack"); err != nil {
		t.Fatal(err)
	}
	_, err := c.Do(t.Context(), Request{Method: http.MethodPost, URL: c.URL("/v2/team/pack/blobs/uploads/", nil), Scope: "repository:team/pack:pull,push"}) //nolint:bodyclose // there is none
	var e *LoginError
	if !errors.As(err, &e) || !e.Accepted || !strings.Contains(err.Error(), "does not allow it to user") {
		t.Errorf("%v, want that it is not allowed", err)
	}
}

func TestBasicLoginThatIsNotAllowedThereIsNotWrong(t *testing.T) {
	t.Parallel()
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _, ok := r.BasicAuth()
		if ok && r.URL.Path != "/v2/secret" {
			return
		}
		w.Header().Set("Www-Authenticate", `Basic realm="x"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	c := plain(t, s, Config{Login: user("ci", "password")})
	_, _, err := get(t.Context(), c, "/v2/secret")
	var e *LoginError
	if !errors.As(err, &e) || !e.Accepted {
		t.Errorf("%v, want a right login that may not do this", err)
	}
	if status, _, err := get(t.Context(), c, "/v2/open"); err != nil || status != http.StatusOK {
		t.Errorf("the others fail as well: %d, %v", status, err)
	}
}

// tokenServer is a registry and a token server in one.
func tokenServer(t *testing.T, realm, reply string, seen *atomic.Int64) *Client {
	t.Helper()
	mux := http.NewServeMux()
	s := serve(t, mux.ServeHTTP)
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "Bearer good" {
			return
		}
		w.Header().Set("Www-Authenticate", fmt.Sprintf("Bearer realm=%q,service=s", strings.ReplaceAll(realm, "SELF", s.URL)))
		w.WriteHeader(http.StatusUnauthorized)
	})
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		seen.Add(1)
		_, _ = io.WriteString(w, reply)
	})
	return plain(t, s, Config{Login: user("ci", canary), Clock: newFakeClock().clock()})
}

func TestTokenServersAndTheirReplies(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, realm, reply, want string }{
		{"token", "SELF/token", `{"token":"good"}`, ""},
		{"access_token", "SELF/token", `{"access_token":"good","expires_in":300}`, ""},
		{"odd lifetime", "SELF/token", `{"token":"good","expires_in":1e300}`, ""},
		{"negative lifetime", "SELF/token", `{"token":"good","expires_in":-5}`, ""},
		{"no token", "SELF/token", `{}`, "without one"},
		{"line break in it", "SELF/token", `{"token":"good\r\nX-Evil: 1"}`, "without one"},
		{"no JSON", "SELF/token", `<html>`, "no JSON"},
		{"too long", "SELF/token", `{"token":"` + strings.Repeat("x", maxTokenReply) + `"}`, "too great length"},
		{"no address", "::", ``, "cannot be read"},
		{"no host", "/token", ``, "cannot be read"},
		{"another scheme", "ftp://127.0.0.1/token", ``, "scheme is ftp"},
		{"metadata service", "http://169.254.169.254/token", ``, "local to a network"},
		{"with a user", "http://u:p@127.0.0.1/token", ``, "cannot be read"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var seen atomic.Int64
			c := tokenServer(t, tt.realm, tt.reply, &seen)
			status, _, err := get(t.Context(), c, "/v2/x")
			if tt.want == "" {
				if err != nil || status != http.StatusOK {
					t.Errorf("%d, %v", status, err)
				}
				return
			}
			var e *ConnError
			if !errors.As(err, &e) || e.Kind != KindRealm || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), canary) {
				t.Errorf("%v, want %q", err, tt.want)
			}
			if tt.reply == "" && seen.Load() != 0 {
				t.Error("the token server got the login")
			}
		})
	}
}

// The token server of GitHub now and then denies a right that is there.
func TestDeniedTokenIsAskedForAgain(t *testing.T) {
	t.Parallel()
	for denials, want := range map[int64]int64{0: 1, 1: 2, 2: 3, 3: 3, 9: 3} {
		var asked atomic.Int64
		mux := http.NewServeMux()
		mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
			if r.Header.Get("Authorization") != "Bearer good" {
				w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+r.Host+`/token",service="s"`)
				w.WriteHeader(http.StatusUnauthorized)
			}
		})
		mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1) <= denials {
				w.WriteHeader(http.StatusForbidden)
				_, _ = io.WriteString(w, `{"errors":[{"code":"DENIED","message":"denied"}]}`)
				return
			}
			_, _ = io.WriteString(w, `{"token":"good"}`)
		})
		s := serve(t, mux.ServeHTTP)
		c := plain(t, s, Config{Login: user("ci", canary), Clock: newFakeClock().clock()})
		status, _, err := get(t.Context(), c, "/v2/x")
		if got := asked.Load(); got != want {
			t.Errorf("denied %d times: asked %d times, want %d", denials, got, want)
		}
		var denied *StatusError
		switch {
		case denials < want && (err != nil || status != http.StatusOK):
			t.Errorf("denied %d times: %d, %v", denials, status, err)
		case denials >= want && (!errors.As(err, &denied) || denied.Status != http.StatusForbidden):
			t.Errorf("denied for good: %v", err)
		}
	}
}

func TestRealmMustBeAsSafeAsTheRegistry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		registry string
		plain    bool
		realm    string
		ok       bool
	}{
		{"registry.example", false, "https://auth.example/token", true},
		{"registry.example", false, "http://auth.example/token", false},
		{"registry.example", false, "http://registry.example/token", false},
		{"registry.example", false, "https://127.0.0.1/token", false},
		{"registry.example", false, "https://localhost/token", false},
		{"registry.example", false, "https://[::1]/token", false},
		{"registry.example", false, "https://[::ffff:169.254.169.254]/token", false},
		{"registry.example", false, "https://10.0.0.1/token", true},
		{"127.0.0.1:5000", true, "http://127.0.0.1:5001/token", true},
		{"localhost:5000", true, "http://127.0.0.1:5001/token", true},
		{"registry.example:5000", true, "http://auth.example/token", true}, // plainHTTP: true says so
	}
	for _, tt := range tests {
		c := newClient(t, Config{Host: tt.registry, PlainHTTP: tt.plain})
		if _, err := c.realm(tt.realm); (err == nil) != tt.ok {
			t.Errorf("%s of %s: %v, want ok %v", tt.realm, tt.registry, err, tt.ok)
		}
	}
}

func TestTokenThatIsRefusedIsFetchedAgainInTheMiddleOfAnUpload(t *testing.T) {
	t.Parallel()
	var tokens, uploads atomic.Int64
	mux := http.NewServeMux()
	s := serve(t, mux.ServeHTTP)
	mux.HandleFunc("/token", func(w http.ResponseWriter, _ *http.Request) {
		_ = json.NewEncoder(w).Encode(map[string]any{"token": fmt.Sprintf("token-%d", tokens.Add(1)), "expires_in": 3600})
	})
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		if r.Header.Get("Authorization") != "Bearer token-2" { // the first one was revoked
			w.Header().Set("Www-Authenticate", `Bearer realm="`+s.URL+`/token",service=s,error="invalid_token"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if string(body) == "content" {
			uploads.Add(1)
		}
	})
	c := plain(t, s, Config{})
	if _, _, err := get(t.Context(), c, "/v2/x"); err == nil {
		t.Fatal("the first token was taken")
	}
	resp, err := c.Do(t.Context(), Request{
		Method: http.MethodPut, URL: c.URL("/v2/x", nil), Size: 7, Scope: "repository:r:pull",
		Body: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("content")), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	Drain(resp)
	if resp.StatusCode != http.StatusOK || uploads.Load() != 1 {
		t.Errorf("%d after %d uploads", resp.StatusCode, uploads.Load())
	}
}

func TestTokenIsFetchedByTheNextWhereTheFirstWasStopped(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	first := make(chan struct{})
	mux := http.NewServeMux()
	s := serve(t, mux.ServeHTTP)
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) {
		if asked.Add(1) == 1 {
			close(first)
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, `{"token":"good"}`)
	})
	mux.HandleFunc("/v2/", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("Www-Authenticate", `Bearer realm="`+s.URL+`/token"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	c := plain(t, s, Config{})
	c.auth.found.Store(true) // all at once
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("another request of this pack failed")
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, _, err := get(ctx, c, "/v2/x"); !errors.Is(err, cause) {
			t.Errorf("%v, want the cause", err)
		}
	})
	<-first
	for range 4 {
		wg.Go(func() {
			if status, _, err := get(t.Context(), c, "/v2/x"); err != nil || status != http.StatusOK {
				t.Errorf("%d, %v", status, err)
			}
		})
	}
	cancel(cause)
	wg.Wait()
}
