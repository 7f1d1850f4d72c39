package faultproxy

import (
	"bytes"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"time"
)

// The forms of a Retry-After.
func noWait(time.Duration) string      { return "" }
func inSeconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// asDate counts from the next full second, as the form has no parts of one.
func asDate(d time.Duration) string {
	return time.Now().Add(d + time.Second - 1).UTC().Format(http.TimeFormat)
}

// status answers with an error of the distribution specification.
func status(code int, name string, wait func(time.Duration) string) func(*Server, http.ResponseWriter, *http.Request) {
	return func(s *Server, w http.ResponseWriter, _ *http.Request) {
		if v := wait(s.opts.RetryAfter); v != "" {
			w.Header().Set("Retry-After", v)
		}
		say(w, code, name, "made by faultproxy")
	}
}

func say(w http.ResponseWriter, code int, name, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, name, message) // the client may be gone
}

// page answers as proxies before a registry do.
func page(code int) func(*Server, http.ResponseWriter, *http.Request) {
	return func(_ *Server, w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(code)
		_, _ = fmt.Fprintf(w, "<html><head><title>%d</title></head><body><h1>%s</h1></body></html>\n", code, http.StatusText(code))
	}
}

// cut ends a connection with a reset; of HTTP/2, only the stream.
func cut(w http.ResponseWriter) { disconnect(w, true) }

// hangUp ends a connection in good order.
func hangUp(w http.ResponseWriter) { disconnect(w, false) }

func disconnect(w http.ResponseWriter, reset bool) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // how a handler ends a stream of HTTP/2
	}
	under := conn
	if t, ok := conn.(*tls.Conn); ok {
		under = t.NetConn()
	}
	if t, ok := under.(*net.TCPConn); ok && reset {
		_ = t.SetLinger(0)
	}
	_ = under.Close() // it is to be broken
}

func cutInBody(_ *Server, w http.ResponseWriter, r *http.Request) {
	_, _ = io.CopyN(io.Discard, r.Body, (r.ContentLength+1)/2)
	cut(w)
}

func cutAfterBody(_ *Server, w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body)
	cut(w)
}

// pass lets the registry do what was asked, and returns its reply.
func (s *Server) pass(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.proxy.ServeHTTP(w, r)
	return w
}

func (s *Server) loseReply(w http.ResponseWriter, r *http.Request) {
	s.pass(r)
	hangUp(w)
}

func (s *Server) failAfter(w http.ResponseWriter, r *http.Request) {
	s.pass(r)
	say(w, http.StatusServiceUnavailable, "UNAVAILABLE", "made by faultproxy")
}

// stall holds a request until somebody gives up.
func (s *Server) stall(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // the server sees that a client is gone only after the body
	s.hold(r)
	cut(w)
}

func (s *Server) stallUpload(w http.ResponseWriter, r *http.Request) {
	_, _ = io.CopyN(io.Discard, r.Body, r.ContentLength/2)
	s.hold(r)
	cut(w)
}

func (s *Server) hold(r *http.Request) {
	t := time.NewTimer(s.opts.Hang)
	defer t.Stop()
	select {
	case <-r.Context().Done():
	case <-s.end:
	case <-t.C:
	}
}

// refuseType answers as registries do that do not know artifactType.
func refuseType(s *Server, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var m struct{ ArtifactType string }
	if err == nil && json.Unmarshal(body, &m) == nil && m.ArtifactType != "" {
		say(w, http.StatusBadRequest, "MANIFEST_INVALID", "manifest invalid: unknown field artifactType")
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	s.proxy.ServeHTTP(w, r)
}

// redirect puts what was asked for on the other host, as registries do whose
// blobs lie in a storage service, and leads there.
func (s *Server) redirect(w http.ResponseWriter, r *http.Request) {
	got := s.pass(r)
	if got.Code != http.StatusOK {
		w.WriteHeader(got.Code)
		return
	}
	s.mu.Lock()
	name := fmt.Sprintf("/bucket/%d", len(s.kept))
	s.kept[name] = got.Body.Bytes()
	s.mu.Unlock()
	http.Redirect(w, r, "http://"+s.Elsewhere+name+"?signature=canary", http.StatusTemporaryRedirect)
}

// serveElsewhere is the other host. It must never be sent a login.
func (s *Server) serveElsewhere(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if auth := r.Header.Get("Authorization"); auth != "" {
		s.leaks = append(s.leaks, auth)
	}
	body, ok := s.kept[r.URL.Path]
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	_, _ = w.Write(body) // the client may be gone
}
