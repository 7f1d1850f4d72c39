package transport

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/manifest"
)

// proxy leads requests for any host to one address, and counts them.
func proxy(t *testing.T, target string, status int) (s *httptest.Server, asked *atomic.Int64) {
	t.Helper()
	asked = new(atomic.Int64)
	var wg sync.WaitGroup
	s = serve(t, func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if status != 0 {
			w.WriteHeader(status)
			return
		}
		if r.Method != http.MethodConnect {
			_, _ = io.WriteString(w, "by proxy to "+r.URL.Host)
			return
		}
		up, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", target)
		if err != nil {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		down, rw, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(down, "HTTP/1.1 200 OK\r\n\r\n")
		wg.Go(func() { tunnel(up, rw.Reader) })
		wg.Go(func() { tunnel(down, bufio.NewReader(up)) })
	})
	t.Cleanup(wg.Wait)
	return s, asked
}

func tunnel(to net.Conn, from *bufio.Reader) {
	_, _ = io.Copy(to, from)
	_ = to.Close()
}

func TestProxyForHTTPS(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{TLS: true, Hosts: []string{"registry.test"}})
	p, asked := proxy(t, s.Host, 0)
	c := newClient(t, Config{
		Host: "registry.test:5443", TLS: &manifest.TLS{CAFile: s.CAFile},
		Env: env("https_proxy=" + p.URL),
	})
	if err := c.Retry(t.Context(), fetch(c, "/v2/")); err != nil || asked.Load() != 1 {
		t.Errorf("%v after %d requests to the proxy", err, asked.Load())
	}
	c.Close() // before the proxy waits for its tunnels
}

func TestProxyForPlainHTTP(t *testing.T) {
	t.Parallel()
	p, _ := proxy(t, "", 0)
	c := newClient(t, Config{Host: "registry.test:5000", PlainHTTP: true, Env: env("HTTP_PROXY=" + p.URL)})
	if _, body, err := get(t.Context(), c, "/v2/"); err != nil || body != "by proxy to registry.test:5000" {
		t.Errorf("%q, %v", body, err)
	}
}

func TestNoProxy(t *testing.T) {
	t.Parallel()
	p, asked := proxy(t, "", 0)
	s := serve(t, func(http.ResponseWriter, *http.Request) {})
	c := plain(t, s, Config{Env: env("HTTP_PROXY=" + p.URL)}) // loopback hosts never go by a proxy
	if _, _, err := get(t.Context(), c, "/"); err != nil {
		t.Error(err)
	}
	choose := proxyFunc(env("HTTPS_PROXY=http://proxy:3128", "NO_PROXY=.internal,10.0.0.0/8"))
	for host, want := range map[string]bool{"registry.example": true, "registry.internal": false, "10.1.2.3": false} {
		u, err := choose(&http.Request{URL: &url.URL{Scheme: "https", Host: host}})
		if err != nil || (u != nil) != want {
			t.Errorf("%s: %v, %v; want a proxy: %v", host, u, err, want)
		}
	}
	if asked.Load() != 0 {
		t.Error("the proxy was asked")
	}
}

func TestProxiesThatDoNotLeadOn(t *testing.T) {
	t.Parallel()
	refusing, asked := proxy(t, "", http.StatusProxyAuthRequired)
	tests := map[string]string{
		"http://" + url.UserPassword("user", canary).String() + "@" + hostOf(refusing): "answered 407 Proxy Authentication Required",
		"http://" + dead(t):            "the proxy cannot be reached",
		"http://%zz:" + canary + "@x/": "HTTPS_PROXY: is no address of a proxy",
	}
	for address, want := range tests {
		c := newClient(t, Config{Host: "registry.test", Env: env("HTTPS_PROXY=" + address), Clock: newFakeClock().clock()})
		err := c.Retry(t.Context(), fetch(c, "/"))
		var e *ConnError
		if !errors.As(err, &e) || e.Kind != KindProxy || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "canary") {
			t.Errorf("%v, want %q and no secret", err, want)
		}
	}
	if asked.Load() != 1 {
		t.Errorf("the login to the proxy was refused %d times, want once", asked.Load())
	}
}

func TestRedirectsNeverTakeTheLoginAlong(t *testing.T) {
	t.Parallel()
	var leaked atomic.Value
	leaked.Store("")
	storage := serve(t, func(w http.ResponseWriter, r *http.Request) {
		leaked.Store(r.Header.Get("Authorization"))
		if back := r.URL.Query().Get("back"); back != "" {
			http.Redirect(w, r, back, http.StatusTemporaryRedirect)
			return
		}
		_, _ = io.WriteString(w, "blob")
	})
	var after atomic.Value
	after.Store("")
	s := serve(t, nil)
	s.Config.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, _, ok := r.BasicAuth(); !ok && r.URL.Path != "/end" {
			w.Header().Set("Www-Authenticate", `Basic realm="x"`)
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		switch r.URL.Path {
		case "/away": // another port of the same name: not the same place
			http.Redirect(w, r, storage.URL+"/blob?signature=s", http.StatusTemporaryRedirect)
		case "/round":
			http.Redirect(w, r, storage.URL+"/?back="+url.QueryEscape(s.URL+"/end"), http.StatusFound)
		case "/near":
			http.Redirect(w, r, "/end?near", http.StatusTemporaryRedirect)
		case "/end":
			after.Store(r.Header.Get("Authorization"))
		}
	})
	c := plain(t, s, Config{Login: user("ci", canary)})
	for _, path := range []string{"/away", "/round"} {
		if status, _, err := get(t.Context(), c, path); err != nil || status != http.StatusOK {
			t.Fatalf("%s: %d, %v", path, status, err)
		}
		if got := leaked.Load().(string) + after.Load().(string); got != "" {
			t.Errorf("%s: the login went along: %s", path, got)
		}
	}
	if status, _, err := get(t.Context(), c, "/near"); err != nil || status != http.StatusOK || after.Load().(string) == "" {
		t.Errorf("a redirect within the registry: %d, %v, login %q; want it kept", status, err, after.Load())
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	t.Parallel()
	var posts atomic.Int64
	other := serve(t, func(http.ResponseWriter, *http.Request) { posts.Add(1) })
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/down":
			http.Redirect(w, r, other.URL, http.StatusFound)
		case "/loop":
			http.Redirect(w, r, "/loop", http.StatusFound)
		case "/post":
			w.Header().Set("Location", other.URL)
			w.WriteHeader(http.StatusTemporaryRedirect)
		}
	}))
	defer s.Close()
	c := newClient(t, Config{Host: hostOf(s), TLS: &manifest.TLS{InsecureSkipVerify: true}})
	for path, want := range map[string]string{"/down": "redirects from HTTPS to plain HTTP", "/loop": "redirects more than 5 times"} {
		_, _, err := get(t.Context(), c, path)
		var e *ConnError
		if !errors.As(err, &e) || e.Kind != KindRedirect || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	resp, err := c.Do(t.Context(), Request{
		Method: http.MethodPost, URL: c.URL("/post", nil), Size: 6,
		Body: func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader("secret")), nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	Drain(resp)
	if resp.StatusCode != http.StatusTemporaryRedirect || posts.Load() != 0 {
		t.Errorf("%d, and %d requests elsewhere: want a POST to be redirected nowhere", resp.StatusCode, posts.Load())
	}
	c.Close()
}

func TestRefusalOfAStorageServiceIsNoMatterOfOurLogin(t *testing.T) {
	t.Parallel()
	storage := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Www-Authenticate", `Basic realm="storage"`)
		w.WriteHeader(http.StatusUnauthorized)
	})
	s := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, storage.URL, http.StatusFound) })
	asked := 0
	c := plain(t, s, Config{Login: func(context.Context) (Login, error) {
		asked++
		return Login{Username: "ci", Password: canary}, nil
	}})
	_, _, err := get(t.Context(), c, "/blob")
	var e *LoginError
	if !errors.As(err, &e) || e.Reply == nil || e.Reply.Host != hostOf(storage) {
		t.Errorf("%v, want the refusal of %s", err, hostOf(storage))
	}
	if c.auth.known().scheme != schemeNone {
		t.Error("learnt how to log in from another host")
	}
}
