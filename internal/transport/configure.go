package transport

import (
	"fmt"
	"net/http"
	"net/url"

	"github.com/packs-cli/packs/manifest"
)

// Configure gives a transport the trust and the proxies that a registry is
// reached with, for services that belong to it and have a client of their own.
// env is for the proxies; nil means that none is set.
func Configure(t *http.Transport, trust *manifest.TLS, env func(name string) (value string, ok bool)) error {
	if env == nil {
		env = func(string) (string, bool) { return "", false }
	}
	cfg, err := newTLS(trust)
	if err != nil {
		return fmt.Errorf("tls: %w", err)
	}
	t.TLSClientConfig = cfg
	t.Proxy = proxyFunc(env)
	t.OnProxyConnectResponse = checkProxy
	return nil
}

// WithDefaults returns the clock with the real ones where it has none.
func (c Clock) WithDefaults() Clock {
	c.setDefaults()
	return c
}

// Loopback tells whether HOST[:PORT] is this machine.
func Loopback(host string) bool {
	u := url.URL{Host: host}
	return loopback(u.Hostname())
}
