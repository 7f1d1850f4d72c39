package palette

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// FuzzReplies lets a Palette answer anything to everything: it is an error or
// an answer, without the key in it, and never a panic.
func FuzzReplies(f *testing.F) {
	for _, seed := range []string{
		``, `null`, `[]`, `{}`, `{"items":[null,{"metadata":null,"spec":null}],"listmeta":null}`,
		`{"items":[{"uid":"1","name":"site","kind":"oci"}],"listmeta":{"continue":"x"}}`,
		`{"items":[{"metadata":{"name":"site","uid":"u"},"spec":{"registryType":"ecr"},"specSummary":{"published":{"packs":[null,{"name":"a"}]},"draft":null}}]}`,
		`{"tags":[null,{"version":"1","tag":"g__1"}],"packValues":[null,{"packUid":"x","presets":[null]}]}`,
		`{"status":"InProgress","lastRunTime":"2026-01-01T00:00:00Z","isSyncSupported":null}`,
		`{"code":"X","message":"key-canary","ref":null,"details":{"a":[[[]]]}}`,
		`{"metadata":{"annotations":null},"spec":{"auth":{"tls":null},"credentials":{"sts":null}},"status":null}`,
	} {
		for _, status := range []int{200, 302, 404, 500} {
			f.Add(status, "application/json", seed)
		}
	}
	f.Fuzz(func(t *testing.T, status int, kind, body string) {
		if status < 200 || status > 599 || status == 429 || status >= 502 || status == 204 || status == 304 {
			return
		}
		h := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = []string{strings.Map(printable, kind)}
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}))
		defer h.Close()
		c, err := New(Config{Endpoint: h.URL, APIKey: "key-canary", Retry: transport.RetryPolicy{Tries: 1}, Limits: manifest.Limits{RequestsPerSecond: 1e6}})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		for name, op := range operations(c) {
			err := op(t.Context())
			var e *registry.Error
			if err != nil && !errors.Is(err, ErrNotOffered) && (!errors.As(err, &e) || strings.Contains(err.Error(), "key-canary")) {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func printable(r rune) rune {
	if r < ' ' || r > '~' {
		return -1
	}
	return r
}

// operations are everything that reads a reply.
func operations(c *Client) map[string]func(context.Context) error {
	e := Entry{UID: "u", Name: "site"}
	return map[string]func(context.Context) error{
		"registries": func(ctx context.Context) error { _, err := c.Registries(ctx); return err },
		"find":       func(ctx context.Context) error { _, err := c.Find(ctx, "site"); return err },
		"get": func(ctx context.Context) error {
			r, _, err := c.Get(ctx, e)
			if err == nil {
				w := wantedBasic("https://x", "b")
				w.Differences(r)
				w.Registration(r)
			}
			return err
		},
		"status": func(ctx context.Context) error {
			s, err := c.SyncStatus(ctx, e)
			s.State()
			return err
		},
		"search": func(ctx context.Context) error { _, err := c.Search(ctx, "u"); return err },
		"pack": func(ctx context.Context) error {
			p, err := c.Pack(ctx, "a", "u")
			if tag := p.Tag("1"); err == nil && tag != nil {
				p.Value(tag.PackUID)
			}
			return err
		},
		"profiles": func(ctx context.Context) error {
			_, err := c.ProfilesUsing(ctx, "u", map[string]bool{"a": true})
			return err
		},
		"validate": func(ctx context.Context) error { return c.Validate(ctx, Basic, &Spec{}) },
	}
}
