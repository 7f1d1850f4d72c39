package palette

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
	"github.com/packs-cli/packs/manifest"
)

// DefaultEndpoint is the installation that the vendor runs.
const DefaultEndpoint = "https://api.spectrocloud.com"

// Key reads the API key that packs.yaml names. An error is a *registry.Error.
func Key(env func(name string) (value string, ok bool), api *manifest.Palette) (string, error) {
	key, found, err := transport.Setting(env, "apiKey", "", api.APIKeyEnv, api.APIKeyFile)
	switch {
	case err != nil:
	case !found:
		err = fmt.Errorf("palette: of packs.yaml names no API key")
	case strings.ContainsFunc(key, func(r rune) bool { return r <= ' ' || r > '~' }):
		err = fmt.Errorf("the API key holds blanks or other characters that no key has")
	default:
		return key, nil
	}
	return "", &registry.Error{
		Op: "log in to", Ref: HostOf(api.Endpoint), Err: fmt.Errorf("%w: %w", registry.ErrUnauthorized, err),
		Hint: "make an API key in Palette (user menu, My API Keys), put it into a variable or file, and name that in packs.yaml:  palette: {apiKeyEnv: PALETTE_API_KEY}",
	}
}

// HostOf is HOST[:PORT] of an endpoint.
func HostOf(endpoint string) string {
	if u, err := url.Parse(endpoint); err == nil && u.Host != "" {
		return u.Host
	}
	return endpoint
}

// Administers tells whether the key may see the list of OCI registries with
// their settings, which only those may who administer them.
func (c *Client) Administers(ctx context.Context) error {
	_, err := c.summary(ctx)
	return err
}

// MayLook tells whether the key may look at packs.
func (c *Client) MayLook(ctx context.Context) error {
	return c.do(ctx, "search packs at", call{
		method: http.MethodPost, path: "/v1/packs/search", query: url.Values{"limit": {"1"}}, scope: projectScope,
		body: map[string]any{"filter": map[string]any{}},
	})
}

// Among returns the registry that is meant: of our kind, else of the other one;
// nil where there is none. Those of the whole installation are none.
func (w *Wanted) Among(entries []Entry) *Entry {
	var found *Entry
	for i := range entries {
		e := &entries[i]
		if e.Class != "oci" && e.Class != "" || e.OfSystem() {
			continue
		}
		if found == nil || e.Kind == w.Kind {
			found = e
		}
	}
	return found
}
