package faultproxy

import (
	"context"
	"crypto/tls"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"slices"
	"sync"
	"testing"
	"time"
)

// Options says what a proxy does. Only Target is required; without Rate and
// Rules it passes everything on.
type Options struct {
	Target string // HOST:PORT of a registry that speaks plain HTTP
	Seed   uint64
	Rate   float64 // share of requests that get a fault, from 0 to 1
	Kinds  []Kind  // to draw from; one that is named twice comes twice as often. Empty: all
	Rules  []Rule
	TLS    *tls.Config // HTTPS, with HTTP/2

	Watch func(r *http.Request) // is told of each request when it comes; may be nil

	TokenRequests int           // a bearer token is taken for that many requests; 0: as long as the registry takes it
	RetryAfter    time.Duration // what a Retry-After asks for, in whole seconds; 1 s
	Pause         time.Duration // between the pieces of slow bodies; 1 ms
	Hang          time.Duration // how long what stalls is held before it is cut; 10 s
}

// Fault is one fault that happened.
type Fault struct {
	Kind Kind
	On   string // METHOD PATH, without the names of upload sessions
	Nth  int    // how often that was asked
}

// Server is a running proxy.
type Server struct {
	Host      string // HOST:PORT
	URL       string // with scheme
	Elsewhere string // HOST:PORT of the other host that it leads to

	opts      Options
	proxy     *httputil.ReverseProxy
	transport *http.Transport
	servers   []*http.Server
	wait      sync.WaitGroup
	end       chan struct{}

	mu     sync.Mutex
	seen   map[string]int // by METHOD PATH
	asked  map[string]int // by method
	fired  []int          // by rule: matching requests so far
	tokens map[string]int // requests with a bearer token
	faults []Fault
	kept   map[string][]byte // what the other host holds, by its path
	leaks  []string          // credentials that it was sent
}

// Start runs a proxy until the test ends. A test that fails tells the seed.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	s, err := Run(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		s.Close()
		if tb.Failed() && o.Rate > 0 {
			tb.Logf("faultproxy: seed %d at a rate of %v; faults %v", o.Seed, o.Rate, s.Count())
		}
	})
	return s
}

// Run runs a proxy until Close.
func Run(o Options) (*Server, error) {
	o.setDefaults()
	s := &Server{
		opts: o, end: make(chan struct{}), seen: make(map[string]int), asked: make(map[string]int), fired: make([]int, len(o.Rules)),
		tokens: make(map[string]int), kept: make(map[string][]byte), transport: &http.Transport{MaxIdleConnsPerHost: 128},
	}
	s.proxy = &httputil.ReverseProxy{
		Rewrite:        s.rewrite,
		Transport:      s.transport,
		ModifyResponse: modify,
		ErrorHandler:   func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		ErrorLog:       log.New(io.Discard, "", 0),
		FlushInterval:  -1, // slow replies shall be seen to be slow
	}
	var err error
	if s.Host, err = s.listen(http.HandlerFunc(s.serve), o.TLS); err != nil {
		return nil, err
	}
	if s.Elsewhere, err = s.listen(http.HandlerFunc(s.serveElsewhere), nil); err != nil {
		s.Close()
		return nil, err
	}
	s.URL = "http://" + s.Host
	if o.TLS != nil {
		s.URL = "https://" + s.Host
	}
	return s, nil
}

func (o *Options) setDefaults() {
	if len(o.Kinds) == 0 {
		o.Kinds = Kinds()
	}
	if o.RetryAfter <= 0 {
		o.RetryAfter = time.Second
	}
	if o.Pause <= 0 {
		o.Pause = time.Millisecond
	}
	if o.Hang <= 0 {
		o.Hang = 10 * time.Second
	}
}

func (s *Server) listen(h http.Handler, tlsConfig *tls.Config) (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: h, TLSConfig: tlsConfig.Clone(), ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	s.servers = append(s.servers, srv)
	s.wait.Go(func() {
		if tlsConfig != nil {
			_ = srv.ServeTLS(l, "", "") // ends with Close
			return
		}
		_ = srv.Serve(l)
	})
	return l.Addr().String(), nil
}

// Close ends the proxy and what hangs in it.
func (s *Server) Close() {
	close(s.end)
	for _, srv := range s.servers {
		_ = srv.Close() // there is nobody to tell
	}
	s.wait.Wait()
	s.transport.CloseIdleConnections()
}

// Faults returns what happened so far, in its order.
func (s *Server) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.faults)
}

// Count returns how often each kind happened.
func (s *Server) Count() map[Kind]int {
	n := make(map[Kind]int)
	for _, f := range s.Faults() {
		n[f.Kind]++
	}
	return n
}

// Requests returns how often each METHOD PATH was asked, faults included.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.seen)
}

// Asked returns how many requests of a method there were, faults included.
func (s *Server) Asked(method string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked[method]
}

// Leaks returns the credentials that were sent to the other host.
func (s *Server) Leaks() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.leaks)
}

// changeKey is where a request carries what shall be done to its reply.
type changeKey struct{}

type change func(resp *http.Response)

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	if s.opts.Watch != nil {
		s.opts.Watch(r)
	}
	s.expire(r)
	kind, found := s.choose(r)
	if !found {
		s.proxy.ServeHTTP(w, r)
		return
	}
	b := behaviours[kind]
	if b.answer != nil {
		b.answer(s, w, r)
		return
	}
	if b.forward != nil {
		b.forward(s, r)
	}
	if b.reply != nil {
		r = r.WithContext(context.WithValue(r.Context(), changeKey{}, change(func(resp *http.Response) { b.reply(s, w, resp) })))
	}
	s.proxy.ServeHTTP(w, r)
}

func (s *Server) rewrite(p *httputil.ProxyRequest) {
	p.Out.URL = &url.URL{Scheme: "http", Host: s.opts.Target, Path: p.In.URL.Path, RawPath: p.In.URL.RawPath, RawQuery: p.In.URL.RawQuery}
	if s.opts.TLS != nil {
		p.Out.Header.Set("X-Forwarded-Proto", "https")
	}
}

func modify(resp *http.Response) error {
	if c, ok := resp.Request.Context().Value(changeKey{}).(change); ok {
		c(resp)
	}
	return nil
}

// expire takes a bearer token that was used often enough off a request, so that
// the registry asks for a new one.
func (s *Server) expire(r *http.Request) {
	auth := r.Header.Get("Authorization")
	if s.opts.TokenRequests == 0 || len(auth) < 7 || auth[:7] != "Bearer " {
		return
	}
	s.mu.Lock()
	s.tokens[auth]++
	old := s.tokens[auth] > s.opts.TokenRequests
	s.mu.Unlock()
	if old {
		r.Header.Del("Authorization")
	}
}
