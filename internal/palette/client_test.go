package palette

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/palettetest"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock passes without anybody waiting.
type clock struct {
	mu    sync.Mutex
	now   time.Time
	slept []time.Duration
}

func (c *clock) clock() transport.Clock {
	return transport.Clock{
		Now: func() time.Time {
			c.mu.Lock()
			defer c.mu.Unlock()
			return c.now
		},
		Sleep: func(ctx context.Context, d time.Duration) error {
			c.mu.Lock()
			defer c.mu.Unlock()
			if d > 0 {
				c.now = c.now.Add(d)
				c.slept = append(c.slept, d)
			}
			return context.Cause(ctx)
		},
		Jitter: func() float64 { return 0.5 },
	}
}

// client returns one for a server, whose clock does not wait.
func client(t *testing.T, s *palettetest.Server, key string) (*Client, *clock) {
	t.Helper()
	k := &clock{now: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)}
	var trust *manifest.TLS
	if s.CAFile != "" {
		trust = &manifest.TLS{CAFile: s.CAFile}
	}
	c, err := New(Config{Endpoint: s.URL, APIKey: key, TLS: trust, Clock: k.clock(), ProjectUID: "project-1"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c, k
}

func wantedBasic(endpoint, base string) *Wanted {
	return &Wanted{
		Name: "site", Kind: Basic, credentials: &manifest.PaletteCredentials{},
		Spec: Spec{
			Endpoint: endpoint, BaseContentPath: base, ProviderType: "pack", IsSyncSupported: true,
			Auth: &Auth{Type: "noAuth", TLS: &TLS{Enabled: true}},
		},
	}
}

func TestErrorsAreWordsOfPalette(t *testing.T) {
	t.Parallel()
	tests := []struct {
		fault      palettetest.Fault
		want, hint string
		is         error
		tries      int
	}{
		{palettetest.Fault{Status: 400, Body: `{"code":"Bad","message":"no such thing","ref":"r1"}`}, "400 Bad Request: Palette responded: Bad: no such thing (ref r1)", "", nil, 1},
		{palettetest.Fault{Status: 401, Body: `{"code":"Unauthorized","message":"who?"}`}, "401 Unauthorized: Palette responded: Unauthorized: who?", "make a new one in Palette", registry.ErrUnauthorized, 1},
		{palettetest.Fault{Status: 403, Body: `{"code":"X"}`}, "403 Forbidden: Palette responded: X", "Tenant Admin", registry.ErrDenied, 1},
		{palettetest.Fault{Status: 500, Body: `{"message":"oops","ref":"r2"}`}, "500 Internal Server Error: Palette responded: oops (ref r2)", "find it by the ref", nil, 1},
		{palettetest.Fault{Status: 502, Body: "<html>bad gateway</html>", Header: map[string]string{"Content-Type": "text/html; charset=utf-8"}}, "502 Bad Gateway, with content of type text/html where Palette's API answers JSON (tried 6 times)", "what stands between", nil, 6},
		{palettetest.Fault{Status: 503}, "503 Service Unavailable, with content of no stated type", "", nil, 6},
		{palettetest.Fault{Status: 505}, "505 HTTP Version Not Supported", "", nil, 6},
		{palettetest.Fault{Status: 501}, "501 Not Implemented", "", nil, 1},
		{palettetest.Fault{Status: 429, Body: `{"code":"TooManyRequests"}`}, "429 Too Many Requests: Palette responded: TooManyRequests (tried 6 times)", "requestsPerSecond", nil, 6},
		{palettetest.Fault{Status: 302, Header: map[string]string{"Location": "https://login.example/x?secret=1"}}, "302 Found, with redirects to https://login.example where", "endpoint", nil, 1},
		{palettetest.Fault{Status: 200, Body: "<html>log in</html>", Header: map[string]string{"Content-Type": "text/html"}}, "the reply is not what Palette's API answers: 200 OK with content of type text/html", "login page", nil, 1},
		{palettetest.Fault{Status: 200, Body: `[1]`, Header: map[string]string{"Content-Type": "application/json"}}, "200 OK with JSON of another form", "", nil, 1},
		{palettetest.Fault{Status: 403, Body: "{\"message\":\"a\\u001b[31m" + strings.Repeat("x", 2000) + "\"}"}, "403 Forbidden: Palette responded: a[31mxxx", "", nil, 1},
	}
	for _, tt := range tests {
		s := palettetest.Start(t, palettetest.Options{})
		c, _ := client(t, s, palettetest.TenantAdmin)
		s.Fail(tt.fault)
		_, err := c.Registries(t.Context())
		var e *registry.Error
		if !errors.As(err, &e) {
			t.Fatalf("%d: %v, want *registry.Error", tt.fault.Status, err)
		}
		if !strings.HasPrefix(err.Error(), "list registries of "+s.Host+": "+tt.want) && !strings.Contains(err.Error(), tt.want) || len(err.Error()) > 700 {
			t.Errorf("%d: %v, want %s", tt.fault.Status, err, tt.want)
		}
		if !strings.Contains(e.Hint, tt.hint) || tt.is != nil && !errors.Is(err, tt.is) {
			t.Errorf("%d: hint %q, want %q, error %v", tt.fault.Status, e.Hint, tt.hint, tt.is)
		}
		if n := len(s.Requests()); n != tt.tries {
			t.Errorf("%d: %d requests, want %d", tt.fault.Status, n, tt.tries)
		}
	}
}

func TestRetriesWaitAsLongAsPaletteSays(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{})
	c, k := client(t, s, palettetest.TenantAdmin)
	s.Fail(palettetest.Fault{Status: 429, Times: 1, Header: map[string]string{"Retry-After": "7"}})
	s.Fail(palettetest.Fault{Times: 1}) // cuts the connection
	if _, err := c.Registries(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(k.slept, 7*time.Second) {
		t.Errorf("slept %v, want 7 s among it", k.slept)
	}
	if n := len(s.Requests()); n != 3 {
		t.Errorf("%d requests, want 3", n)
	}
}

func TestAtMostTenRequestsASecond(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{})
	c, k := client(t, s, palettetest.TenantAdmin)
	begun := k.now
	for range 31 {
		if _, err := c.Registries(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if took := k.now.Sub(begun); took < 3*time.Second || took > 4*time.Second {
		t.Errorf("31 requests took %v, want 3 s", took)
	}
}

// TestTheKeyIsNowhere: a Palette that repeats it in every form gets it taken out.
func TestTheKeyIsNowhere(t *testing.T) {
	t.Parallel()
	const key = `canary-key/1+"2`
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		_, _ = fmt.Fprintf(w, `{"code":%q,"message":%q,"ref":%q}`, r.Header.Get("ApiKey"), "no "+r.Header.Get("ApiKey"), r.Header.Get("ApiKey"))
	}))
	t.Cleanup(h.Close)
	var log bytes.Buffer
	c, err := New(Config{Endpoint: h.URL, APIKey: key, Logger: slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	_, err = c.Registries(t.Context())
	if err == nil || !strings.Contains(err.Error(), "[redacted]") || strings.Contains(err.Error(), "canary") {
		t.Errorf("error %v", err)
	}
	if strings.Contains(log.String()+fmt.Sprintf("%v %+v", err, errors.Unwrap(err)), "canary") || !strings.Contains(log.String(), "/v1/registries/metadata") {
		t.Errorf("log %s", &log)
	}
}

func TestKeysGoOnlyWhereTheyMay(t *testing.T) {
	t.Parallel()
	env := func(name string) (string, bool) { return "other.example", name == transport.TrustedHosts }
	_, err := New(Config{Endpoint: "https://palette.example", APIKey: "k", Env: env})
	var untrusted *transport.UntrustedError
	if !errors.As(err, &untrusted) || !strings.Contains(err.Error(), "palette.example") {
		t.Errorf("error %v", err)
	}
	for _, endpoint := range []string{"", "palette.example", "ftp://x", "https://"} {
		if _, err := New(Config{Endpoint: endpoint, APIKey: "k"}); err == nil {
			t.Errorf("endpoint %q is taken", endpoint)
		}
	}
}

func TestTrustOfPalette(t *testing.T) {
	t.Parallel()
	s := palettetest.Start(t, palettetest.Options{TLS: true})
	c, _ := client(t, s, palettetest.Viewer)
	if _, err := c.Registries(t.Context()); err != nil {
		t.Errorf("with its authority: %v", err)
	}
	blind, err := New(Config{Endpoint: s.URL, APIKey: palettetest.Viewer})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(blind.Close)
	_, err = blind.Registries(t.Context())
	var e *registry.Error
	if !errors.Is(err, registry.ErrCertificate) || !errors.As(err, &e) || !strings.Contains(e.Hint, "caFile") {
		t.Errorf("without it: %v", err)
	}
}

// TestEndpointsMayHaveAPath: a reverse proxy may put Palette below one.
func TestEndpointsMayHaveAPath(t *testing.T) {
	t.Parallel()
	var path string
	h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path = r.URL.EscapedPath()
		_, _ = w.Write([]byte(`{}`))
	}))
	t.Cleanup(h.Close)
	c, err := New(Config{Endpoint: h.URL + "/palette/", APIKey: "k"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	if _, err := c.Pack(t.Context(), "a/b", "uid"); err != nil || path != "/palette/v1/packs/a%2Fb/registries/uid" {
		t.Errorf("%s, %v", path, err)
	}
}
