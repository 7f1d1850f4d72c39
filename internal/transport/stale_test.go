package transport

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// expiring answers 403 to a password that is no longer the right one.
func expiring(t *testing.T, right func() string) (host string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, password, ok := r.BasicAuth()
		body, err := io.ReadAll(r.Body)
		switch {
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
		case !ok:
			w.Header().Set("Www-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
		case password != right():
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `{"errors":[{"code":"DENIED","message":"token has expired"}]}`)
		default:
			_, _ = w.Write(body)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func TestStaleLoginIsRenewed(t *testing.T) {
	t.Parallel()
	issued, dropped := 0, 0
	host := expiring(t, func() string { return "password-2" })
	c, err := New(Config{Host: host, PlainHTTP: true, Login: func(context.Context) (Login, error) {
		issued++
		return Login{
			Username: "u", Password: fmt.Sprintf("password-%d", issued), Expires: time.Now().Add(time.Hour),
			Stale: func(reply *StatusError) bool { return reply.Has("DENIED") },
			Drop:  func() { dropped++ },
		}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 2 {
		resp, err := c.Do(t.Context(), Request{
			Method: http.MethodPut, URL: c.URL("/v2/x", nil), Size: 4,
			Body: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader([]byte("body"))), nil },
		})
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != http.StatusOK || string(got) != "body" {
			t.Errorf("%d %q: %v", resp.StatusCode, got, err)
		}
		Drain(resp)
	}
	if issued != 2 || dropped != 1 {
		t.Errorf("%d logins were asked for and %d dropped, want 2 and 1", issued, dropped)
	}
}

func TestStaleLoginIsNotRenewedForEver(t *testing.T) {
	t.Parallel()
	host := expiring(t, func() string { return "never" })
	issued := 0
	c, err := New(Config{Host: host, PlainHTTP: true, Login: func(context.Context) (Login, error) {
		issued++
		return Login{Username: "u", Password: "password", Stale: func(*StatusError) bool { return true }}, nil
	}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	resp, err := c.Do(t.Context(), Request{Method: http.MethodGet, URL: c.URL("/v2/x", nil)}) //nolint:bodyclose // StatusError closes it
	if err != nil {
		t.Fatal(err)
	}
	e := c.StatusError(resp) // the reply can still be read
	if e.Status != http.StatusForbidden || !strings.Contains(e.Message(), "token has expired") || issued > maxRenewals+1 {
		t.Errorf("%v after %d logins", e, issued)
	}
}
