package harbortest

import (
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registrytest"
)

// idleConnections is as many as clients may have requests in flight.
const idleConnections = 64

// Server is a running Harbor.
type Server struct {
	URL  string // http[s]://127.0.0.1:PORT
	Host string // 127.0.0.1:PORT
	// CAFile and CA are the authority of the certificate, with Options.TLS.
	CAFile string
	CA     *registrytest.CA

	opts     Options
	dir      string
	backend  *registrytest.Server
	behind   *http.Transport // to the backend
	http     *http.Server
	wait     sync.WaitGroup
	signer   *signer
	external string // scheme of external_url

	mu       sync.Mutex
	ids      int // the last one given
	projects map[string]*project
	accounts map[string]*account // by login name
	sessions map[string]int64    // bytes received by upload session
	config   configuration
	requests []Request
	pulls    map[string]int // by REPOSITORY@DIGEST
}

// Start runs a server for the time of a test. Where the registry server is
// missing, the test is skipped, or fails where CI=true.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
	if o.Binary == "" {
		o.Binary = registrytest.Tool(tb, "registry")
	}
	s, err := New(o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// New runs a server until Close.
func New(o Options) (*Server, error) {
	o.setDefaults()
	s := &Server{
		opts: o, projects: make(map[string]*project), accounts: make(map[string]*account),
		sessions: make(map[string]int64), pulls: make(map[string]int),
		config: configuration{Restriction: "everyone", StoragePerProject: -1},
	}
	s.addUsers()
	if err := s.start(); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

func (s *Server) start() (err error) {
	if s.signer, err = newSigner(); err != nil {
		return err
	}
	if err := s.startBackend(); err != nil {
		return err
	}
	l, err := net.Listen("tcp", s.opts.Addr)
	if err != nil {
		return err
	}
	s.Host = l.Addr().String()
	s.URL = s.scheme() + "://" + s.Host
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	if err := errors.Join(s.setTLS(), s.setExternal()); err != nil {
		return errors.Join(err, l.Close())
	}
	s.wait.Go(func() {
		if s.opts.TLS {
			_ = s.http.ServeTLS(l, "", "") // always an error: that it was closed
			return
		}
		_ = s.http.Serve(l)
	})
	return nil
}

// startBackend starts the registry that holds the bytes.
func (s *Server) startBackend() (err error) {
	binary := s.opts.Binary
	if binary == "" {
		if binary, err = registrytest.FindTool("registry"); err != nil {
			return err
		}
	}
	if s.dir, err = os.MkdirTemp("", "harbortest-"); err != nil {
		return err
	}
	s.behind = &http.Transport{MaxIdleConnsPerHost: idleConnections}
	s.backend, err = registrytest.Run(binary, s.dir, registrytest.Options{})
	return err
}

func (s *Server) setTLS() error {
	if !s.opts.TLS {
		return nil
	}
	ca, err := registrytest.NewCA(s.dir, "harbortest CA")
	if err != nil {
		return err
	}
	pair, err := ca.Issue("harbortest server", registrytest.Leaf{Hosts: []string{"127.0.0.1", "localhost"}})
	if err != nil {
		return err
	}
	s.CA, s.CAFile = ca, ca.File
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair.TLS}, MinVersion: tls.VersionTLS12}
	return nil
}

func (s *Server) setExternal() error {
	if s.opts.ExternalURL == "" {
		s.opts.ExternalURL = s.URL
	}
	u, err := url.Parse(s.opts.ExternalURL)
	if err != nil {
		return err
	}
	s.external = u.Scheme
	return nil
}

// Close ends everything.
func (s *Server) Close() error {
	var errs []error
	if s.http != nil {
		errs = append(errs, s.http.Close())
	}
	s.wait.Wait()
	if s.backend != nil {
		s.behind.CloseIdleConnections()
		errs = append(errs, s.backend.Close())
	}
	if s.dir != "" {
		errs = append(errs, os.RemoveAll(s.dir))
	}
	return errors.Join(errs...)
}

// scheme is how clients reach the server.
func (s *Server) scheme() string {
	if s.opts.TLS {
		return "https"
	}
	return "http"
}

// ServeHTTP is the reverse proxy in front and Harbor behind it.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := &statusWriter{ResponseWriter: w}
	in := r.Clone(r.Context())
	if s.opts.LoseHost != "" {
		in.Host = s.opts.LoseHost
	}
	who, ok := s.authenticate(in)
	q := &request{Request: in, server: s, who: who, authenticated: ok}
	s.route(seen, q)
	s.record(Request{Method: r.Method, Path: r.URL.EscapedPath(), Query: r.URL.RawQuery, User: who.name, Status: seen.status})
}

func (s *Server) route(w http.ResponseWriter, q *request) {
	path := q.URL.Path
	switch {
	case s.refusedReadOnly(q):
		writeError(w, http.StatusForbidden, "DENIED", "The system is in read only mode. Any modification is prohibited.")
	case path == "/service/token":
		s.serveToken(w, q)
	case path == "/v2" || strings.HasPrefix(path, "/v2/"):
		s.serveV2(w, q)
	case strings.HasPrefix(path, "/api/"):
		s.serveAPI(w, q)
	default:
		http.NotFound(w, q.Request)
	}
}

// refusedReadOnly is asked before anything else, rights too. The switch itself
// stays open.
func (s *Server) refusedReadOnly(q *request) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	safe := q.Method == http.MethodGet || q.Method == http.MethodHead || q.Method == http.MethodOptions
	return s.config.ReadOnly && !safe && q.URL.Path != "/api/v2.0/configurations"
}

// request is one request with who sent it.
type request struct {
	*http.Request
	server        *Server
	who           *account
	authenticated bool
}

// statusWriter remembers the status of a reply.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader notes the status.
func (w *statusWriter) WriteHeader(status int) {
	w.status = status
	w.ResponseWriter.WriteHeader(status)
}

// Write notes the status that goes without saying.
func (w *statusWriter) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap gives http.ResponseController the writer below.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
