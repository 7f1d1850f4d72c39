package palettetest

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registrytest"
)

// Server is a running Palette.
type Server struct {
	URL    string // http[s]://127.0.0.1:PORT
	Host   string
	CAFile string // with Options.TLS

	opts Options
	dir  string
	http *http.Server
	wait sync.WaitGroup

	mu         sync.Mutex
	ids        int
	registries []*record
	profiles   []*profile
	faults     []*Fault
	requests   []Request
	hanging    bool
}

// Request is one that the server was asked.
type Request struct {
	Method, Path, Query string
	Key, Project        string
	Status              int
}

// Start runs a server for the time of a test.
func Start(tb testing.TB, o Options) *Server {
	tb.Helper()
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
	if o.Addr == "" {
		o.Addr = "127.0.0.1:0"
	}
	s := &Server{opts: o}
	l, err := net.Listen("tcp", o.Addr)
	if err != nil {
		return nil, err
	}
	s.Host = l.Addr().String()
	s.URL = "http://" + s.Host
	s.http = &http.Server{Handler: s, ReadHeaderTimeout: time.Minute, ErrorLog: log.New(io.Discard, "", 0)}
	if o.TLS {
		s.URL = "https://" + s.Host
		if err := s.certify(); err != nil {
			return nil, errors.Join(err, l.Close())
		}
	}
	s.wait.Go(func() {
		if o.TLS {
			_ = s.http.ServeTLS(l, "", "") // always an error: that it was closed
			return
		}
		_ = s.http.Serve(l)
	})
	return s, nil
}

func (s *Server) certify() (err error) {
	dir := s.opts.Dir
	if dir == "" {
		if s.dir, err = os.MkdirTemp("", "palettetest-"); err != nil {
			return err
		}
		dir = s.dir
	}
	ca, err := registrytest.NewCA(dir, "palettetest CA")
	if err != nil {
		return err
	}
	pair, err := ca.Issue("palettetest server", registrytest.Leaf{Hosts: []string{"127.0.0.1", "localhost"}})
	if err != nil {
		return err
	}
	s.CAFile = ca.File
	s.http.TLSConfig = &tls.Config{Certificates: []tls.Certificate{pair.TLS}, MinVersion: tls.VersionTLS12}
	return nil
}

// Close ends everything.
func (s *Server) Close() error {
	err := s.http.Close()
	s.wait.Wait()
	if s.dir != "" {
		err = errors.Join(err, os.RemoveAll(s.dir))
	}
	return err
}

// Requests returns what was asked so far.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Count tells how often a method was used on a path that ends so.
func (s *Server) Count(method, end string) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Method == method && strings.HasSuffix(r.Path, end) {
			n++
		}
	}
	return n
}

// uid makes one as Palette does: 24 lower-case hexadecimal digits. The caller
// holds the lock.
func (s *Server) uid() string {
	s.ids++
	return fmt.Sprintf("65f0a1b2c3d4e5f6%08x", s.ids)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	seen := &statusWriter{ResponseWriter: w}
	fault := s.fault(r)
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, Request{
			Method: r.Method, Path: r.URL.Path, Query: r.URL.RawQuery, Key: r.Header.Get("ApiKey"), Project: r.Header.Get("ProjectUid"), Status: seen.status,
		})
	}()
	if fault != nil && !fault.Done {
		fault.answer(seen)
		return
	}
	if fault != nil { // what was asked is done, but the answer gets lost
		s.route(&discard{header: make(http.Header)}, r)
		fault.answer(seen)
		return
	}
	s.route(seen, r)
}

func (s *Server) route(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(io.LimitReader(r.Body, 8<<20))
	if err != nil {
		return
	}
	q := &request{Request: r, w: w, body: body}
	switch key := r.Header.Get("ApiKey"); key {
	case TenantAdmin:
		q.admin = true
	case Viewer:
	default:
		q.refuse(http.StatusUnauthorized, "InvalidApiKey", "The API key is not valid") // never repeats it
		return
	}
	s.dispatch(q)
}

// request is one request and the way to answer it.
type request struct {
	*http.Request
	w     http.ResponseWriter
	body  []byte
	admin bool
}

func (q *request) reply(status int, value any) {
	if value == nil {
		q.w.Header().Set("AuditUid", "65f0a1b2c3d4e5f600000000")
		q.w.WriteHeader(status)
		return
	}
	q.w.Header().Set("Content-Type", "application/json")
	q.w.WriteHeader(status)
	_ = json.NewEncoder(q.w).Encode(value) // whoever asked went away
}

func (q *request) refuse(status int, code, message string) {
	q.reply(status, map[string]any{"code": code, "message": message, "details": nil, "ref": "7c9f1e0a"})
}

func (q *request) notFound() { q.refuse(http.StatusNotFound, "ResourceNotFound", "Resource not found") }

// onlyAdmin refuses everybody else.
func (q *request) onlyAdmin(do func()) {
	if !q.admin {
		q.refuse(http.StatusForbidden, "OperationNotPermitted", "Operation not permitted for the user")
		return
	}
	do()
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

// discard is where answers get lost.
type discard struct{ header http.Header }

// Header holds what nobody reads.
func (d *discard) Header() http.Header { return d.header }

// Write drops everything.
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }

// WriteHeader drops the status.
func (d *discard) WriteHeader(int) {}
