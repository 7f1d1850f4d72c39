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
// HTTP_PROXY and NO_PROXY, in capitals or not, never for loopback hosts. Other
// than elsewhere, a proxy whose address cannot be read is an error and not
// passed over: whoever sets one does not want to go without.
func proxyFunc(env func(string) (string, bool)) func(*http.Request) (*url.URL, error) {
	get := func(name string) string {
		for _, n := range []string{name, strings.ToLower(name)} {
			if v, ok := env(n); ok && v != "" {
				return v
			}
		}
		return ""
	}
	cfg := &httpproxy.Config{HTTPProxy: get("HTTP_PROXY"), HTTPSProxy: get("HTTPS_PROXY"), NoProxy: get("NO_PROXY")}
	choose := cfg.ProxyFunc()
	broken := map[string]string{}
	for scheme, address := range map[string]string{"http": cfg.HTTPProxy, "https": cfg.HTTPSProxy} {
		if address != "" && !readable(address) {
			broken[scheme] = strings.ToUpper(scheme) + "_PROXY"
		}
	}
	return func(r *http.Request) (*url.URL, error) {
		if name := broken[r.URL.Scheme]; name != "" {
			return nil, &proxyError{host: name, message: "is no address of a proxy", final: true} // which may hold a password
		}
		return choose(r.URL)
	}
}

// readable tells whether httpproxy can read the address of a proxy; it passes
// over those that it cannot.
func readable(address string) bool {
	some := &url.URL{Scheme: "https", Host: "registry.invalid"}
	u, err := (&httpproxy.Config{HTTPSProxy: address}).ProxyFunc()(some)
	return err == nil && u != nil
}

// proxyError is what a proxy says instead of leading on to the registry.
type proxyError struct {
	host, message string
	final         bool // asking again is no use
}

func (e *proxyError) Error() string { return "proxy " + e.host + ": " + e.message }

func checkProxy(_ context.Context, proxy *url.URL, _ *http.Request, resp *http.Response) error {
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &proxyError{
		host: proxy.Host, final: resp.StatusCode < http.StatusInternalServerError,
		message: fmt.Sprintf("answered %d %s", resp.StatusCode, http.StatusText(resp.StatusCode)),
	}
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
