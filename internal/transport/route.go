package transport

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"golang.org/x/net/http/httpproxy"
)

// proxyFunc chooses proxies as every other program does: HTTPS_PROXY,
// HTTP_PROXY and NO_PROXY, in capitals or not, never for loopback hosts.
func proxyFunc(env func(string) (string, bool)) func(*http.Request) (*url.URL, error) {
	get := func(names ...string) string {
		for _, name := range names {
			if v, ok := env(name); ok && v != "" {
				return v
			}
		}
		return ""
	}
	cfg := &httpproxy.Config{
		HTTPProxy:  get("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: get("HTTPS_PROXY", "https_proxy"),
		NoProxy:    get("NO_PROXY", "no_proxy"),
	}
	choose := cfg.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) {
		u, err := choose(r.URL)
		if err != nil {
			// The error quotes the address, which may hold a password.
			return nil, &proxyError{host: "HTTP_PROXY or HTTPS_PROXY", message: "is not an address that can be used"}
		}
		return u, nil
	}
}

// proxyError is what a proxy says instead of leading on to the registry.
type proxyError struct {
	host, message string
	status        int // 0: it gave no answer
}

func (e *proxyError) Error() string { return "proxy " + e.host + ": " + e.message }

func checkProxy(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{host: proxy.Host, status: resp.StatusCode, message: fmt.Sprintf("answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode))}
}

// maxRedirects is more than any storage behind a registry needs.
const maxRedirects = 5

var (
	errTooManyRedirects = fmt.Errorf("redirects more than %d times", maxRedirects)
	errDowngrade        = errors.New("redirects from HTTPS to plain HTTP")
)

// checkRedirect follows redirects of reading requests and takes the login away
// as soon as the chain has left the scheme, host and port that it is for. It
// looks at the whole chain: net/http copies the header of the first request to
// every later one.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	if first.Method != http.MethodGet && first.Method != http.MethodHead {
		return http.ErrUseLastResponse
	}
	if len(via) > maxRedirects {
		return errTooManyRedirects
	}
	left := false
	for _, r := range append(via[1:len(via):len(via)], req) {
		if first.URL.Scheme == "https" && r.URL.Scheme != "https" {
			return errDowngrade
		}
		left = left || !SameOrigin(first.URL, r.URL)
	}
	if left {
		req.Header.Del("Authorization")
	}
	return nil
}

// SameOrigin tells whether two addresses have the same scheme, host and port.
func SameOrigin(a, b *url.URL) bool {
	return strings.EqualFold(a.Scheme, b.Scheme) && hostPort(a) == hostPort(b)
}

// hostPort returns HOST:PORT in lower case, with the scheme's own port where
// the address names none.
func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
		if strings.EqualFold(u.Scheme, "http") {
			port = "80"
		}
	}
	return net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// loopback tells whether a host name is this machine.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	addr, err := netip.ParseAddr(host)
	return err == nil && addr.Unmap().IsLoopback()
}
