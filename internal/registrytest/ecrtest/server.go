package ecrtest

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// TB is what Start needs of a test.
type TB interface {
	Helper()
	Cleanup(fn func())
	Fatal(args ...any)
}

// Server is a running ECR with its accounts, regions and STS.
type Server struct {
	URL      string // of the control plane and of STS: http[s]://127.0.0.1:PORT
	CA       []byte // PEM of the CA, with Options.TLS
	ProxyURL string // an HTTP proxy that answers for ECR's host names, with Options.TLS

	opts       Options
	tls        *tls.Config
	layersURL  string
	servers    []*http.Server
	wait       sync.WaitGroup
	proxy      *proxy
	ctx        context.Context //nolint:containedctx // the life of the registry processes, not of a call
	cancel     context.CancelFunc
	ready      chan struct{}        // closed when everything is set up
	registries map[string]*Registry // by ACCOUNT/REGION

	mu          sync.Mutex
	identities  map[string]*identity    // by access key
	tokens      map[string]*token       // by password
	layers      map[string]layer        // by the signature in their address
	faults      map[string]*fault       // by operation
	imageFaults map[string]imageFailure // by tag
	calls       []Call
}

// Start runs a server for the time of a test.
func Start(t TB, o Options) *Server {
	t.Helper()
	s, err := New(context.Background(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	})
	return s
}

// New runs a server until Close. The processes of the registries end with ctx as well.
func New(ctx context.Context, o Options) (*Server, error) {
	o.setDefaults()
	if o.Binary == "" {
		binary, err := findBinary()
		if err != nil {
			return nil, err
		}
		o.Binary = binary
	}
	s := &Server{
		opts: o, registries: make(map[string]*Registry), identities: make(map[string]*identity),
		tokens: make(map[string]*token), layers: make(map[string]layer), faults: make(map[string]*fault),
		imageFaults: make(map[string]imageFailure),
	}
	s.ctx, s.cancel = context.WithCancel(ctx)
	s.ready = make(chan struct{})
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	close(s.ready)
	return s, nil
}

func (s *Server) start() error {
	if err := s.addPrincipals(); err != nil {
		return err
	}
	if s.opts.TLS {
		ca, leaf, err := certificates(time.Now(), s.hostNames())
		if err != nil {
			return err
		}
		s.CA = ca
		s.tls = &tls.Config{Certificates: []tls.Certificate{leaf}, MinVersion: tls.VersionTLS12}
	}
	control, err := s.listen(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		select {
		case <-s.ready: // what start writes is there to be read
			s.serveByHost(w, r)
		case <-s.ctx.Done():
		}
	}))
	if err != nil {
		return err
	}
	s.URL = s.scheme() + "://" + control
	layers, err := s.listen(http.HandlerFunc(s.serveLayer))
	if err != nil {
		return err
	}
	s.layersURL = s.scheme() + "://" + layers
	if !s.opts.SameHostLayers {
		s.layersURL = strings.Replace(s.layersURL, "127.0.0.1", "localhost", 1)
	}
	if err := s.startRegistries(); err != nil {
		return err
	}
	if !s.opts.TLS {
		return nil
	}
	return s.startProxy(control)
}

func (s *Server) startRegistries() error {
	for _, account := range s.accounts() {
		for _, region := range s.opts.Regions {
			r := s.newRegistry(account, region)
			host, err := s.listen(r)
			if err != nil {
				return err
			}
			r.Host = host
			s.registries[account+"/"+region] = r
		}
	}
	return nil
}

// accounts lists every account that a principal or a role belongs to.
func (s *Server) accounts() []string {
	all := make(map[string]bool)
	for _, p := range s.opts.Principals {
		all[p.Account] = true
		for _, other := range p.Accounts {
			all[other] = true
		}
	}
	for _, r := range s.opts.Roles {
		all[accountOf(r.ARN)] = true
	}
	return slices.Sorted(maps.Keys(all))
}

func accountOf(arn string) string {
	parts := strings.Split(arn, ":")
	if len(parts) < 6 {
		return ""
	}
	return parts[4]
}

func (s *Server) scheme() string {
	if s.tls != nil {
		return "https"
	}
	return "http"
}

// quiet keeps handshakes that clients refuse out of the output of tests.
var quiet = log.New(io.Discard, "", 0)

// listen serves a handler on a loopback port and returns its address.
func (s *Server) listen(h http.Handler) (string, error) {
	port := 0
	if s.opts.BasePort > 0 {
		port = s.opts.BasePort + len(s.servers)
	}
	l, err := (&net.ListenConfig{}).Listen(s.ctx, "tcp4", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		return "", err
	}
	srv := &http.Server{Handler: h, ReadHeaderTimeout: time.Minute, TLSConfig: s.tls.Clone(), ErrorLog: quiet}
	s.servers = append(s.servers, srv)
	s.wait.Go(func() {
		if s.tls != nil {
			_ = srv.ServeTLS(l, "", "")
			return
		}
		_ = srv.Serve(l)
	})
	return l.Addr().String(), nil
}

// Close ends everything. It waits until no goroutine is left.
func (s *Server) Close() error {
	errs := make([]error, 0, len(s.servers)+len(s.registries))
	for _, srv := range s.servers {
		errs = append(errs, srv.Close())
	}
	s.wait.Wait()
	if s.proxy != nil {
		s.proxy.closeAll()
	}
	for _, r := range s.registries {
		errs = append(errs, r.close())
	}
	s.cancel()
	return errors.Join(errs...)
}

// Registry returns the registry of an account in a region; nil if there is none.
func (s *Server) Registry(account, region string) *Registry {
	return s.registries[account+"/"+region]
}

// Registries returns all of them, ordered by account and region.
func (s *Server) Registries() []*Registry {
	all := make([]*Registry, 0, len(s.registries))
	for _, key := range slices.Sorted(maps.Keys(s.registries)) {
		all = append(all, s.registries[key])
	}
	return all
}
