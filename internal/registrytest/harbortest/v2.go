package harbortest

import (
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strings"

	"github.com/opencontainers/go-digest"
)

var (
	repositoryPath = regexp.MustCompile(`^/v2/([a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*)/(manifests|blobs/uploads|blobs|tags|referrers)/([^/]*)$`)
	tagName        = regexp.MustCompile(`^\w[\w.-]{0,127}$`)
)

// target is what a request of the data plane is about.
type target struct {
	*request
	repository string
	kind       string // manifests, blobs, uploads, tags, referrers
	reference  string // tag, digest or upload session
	mountFrom  string // repository; for uploads
}

// right is a repository and what the request needs to be allowed there.
type right struct{ repository, action string }

func (t *target) rights() []right {
	action := actPull
	switch t.Method {
	case http.MethodPost, http.MethodPut, http.MethodPatch:
		action = actPush
	case http.MethodDelete:
		action = actDelete
	}
	all := []right{{t.repository, action}}
	if t.Method == http.MethodPost && t.mountFrom != "" {
		all = append(all, right{t.mountFrom, actPull})
	}
	return all
}

// serveV2 is the data plane.
func (s *Server) serveV2(w http.ResponseWriter, q *request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	switch q.URL.Path {
	case "/v2", "/v2/":
		if !q.authenticated {
			s.challenge(w, q, nil, "unauthorized")
			return
		}
		writeBody(w, http.StatusOK, "{}")
		return
	case "/v2/_catalog":
		s.serveCatalog(w, q)
		return
	}
	m := repositoryPath.FindStringSubmatch(q.URL.Path)
	if m == nil {
		s.challenge(w, q, nil, "un-recognized request")
		return
	}
	t := &target{request: q, repository: m[1], kind: strings.TrimPrefix(m[2], "blobs/"), reference: m[3]}
	if t.kind == "uploads" {
		t.mountFrom = q.URL.Query().Get("from")
	}
	if err := t.check(); err != nil {
		writeFailure(w, err)
		return
	}
	if !s.allowed(w, t) {
		return
	}
	s.dispatch(w, t)
}

// check refuses names that cannot be, before anybody is asked who they are.
func (t *target) check() error {
	for _, name := range []string{t.repository, t.mountFrom} {
		if name != "" && !strings.Contains(name, "/") {
			return badRequest("bad request: invalid repository name: " + name)
		}
	}
	if t.kind == "manifests" && !isDigest(t.reference) && !tagName.MatchString(t.reference) {
		return badRequest("bad request: invalid tag: " + t.reference)
	}
	return nil
}

func isDigest(reference string) bool { return digest.Digest(reference).Validate() == nil }

// allowed answers 401 where a right is missing: Harbor's data plane knows no 403 for that.
func (s *Server) allowed(w http.ResponseWriter, t *target) bool {
	for _, r := range t.rights() {
		if t.Method == http.MethodHead && t.Header.Get("Authorization") == "" {
			s.challenge(w, t.request, t.rights(), "authorize header needed to send HEAD to repository")
			return false
		}
		name, _ := splitRepository(r.repository)
		s.mu.Lock()
		p := s.projects[name]
		can := p != nil && t.who.can(r.action, resRepository, p)
		s.mu.Unlock()
		if p == nil {
			w.Header().Set("Www-Authenticate", "")
			unauthorized(w, "project "+name+" not found")
			return false
		}
		if !can {
			s.challenge(w, t.request, t.rights(), fmt.Sprintf("unauthorized to access repository: %s, action: %s", r.repository, r.action))
			return false
		}
	}
	return true
}

// challenge asks for a login: by token, or by name and password where those or
// a token were refused.
func (s *Server) challenge(w http.ResponseWriter, q *request, rights []right, message string) {
	header := `Basic realm="harbor"`
	if q.Header.Get("Authorization") == "" && q.URL.Path != "/v2/_catalog" {
		header = fmt.Sprintf(`Bearer realm="%s://%s/service/token",service="%s"`, s.external, q.Host, tokenService)
		if len(rights) > 0 {
			header += `,scope="` + scopes(rights) + `"`
		}
	}
	w.Header().Set("Www-Authenticate", header)
	unauthorized(w, message)
}

func scopes(rights []right) string {
	all := make([]string, len(rights))
	for i, r := range rights {
		action := r.action
		if action == actPush {
			action = "pull,push"
		}
		all[i] = "repository:" + r.repository + ":" + action
	}
	return strings.Join(all, " ")
}

// unauthorized says everything twice, as Harbor does.
func unauthorized(w http.ResponseWriter, message string) {
	writeError(w, http.StatusUnauthorized, "UNAUTHORIZED", message+": "+message)
}

func (s *Server) dispatch(w http.ResponseWriter, t *target) {
	read := t.Method == http.MethodGet || t.Method == http.MethodHead
	switch {
	case t.kind == "manifests" && read:
		s.getManifest(w, t)
	case t.kind == "manifests" && t.Method == http.MethodPut:
		s.putManifest(w, t)
	case t.kind == "manifests" && t.Method == http.MethodDelete:
		s.deleteManifest(w, t)
	case t.kind == "uploads" && t.Method == http.MethodPost:
		s.startUpload(w, t)
	case t.kind == "uploads" && (t.Method == http.MethodPatch || t.Method == http.MethodPut):
		s.continueUpload(w, t)
	case t.kind == "uploads" && t.Method == http.MethodDelete:
		writeError(w, http.StatusNotFound, "BLOB_UPLOAD_INVALID", "blob upload invalid")
	case t.kind == "blobs" && read, t.kind == "uploads" && read:
		s.forward(w, t.Request, nil)
	case t.kind == "tags" && read:
		s.serveTags(w, t)
	case t.kind == "referrers" && read:
		s.serveReferrers(w, t)
	default:
		writeError(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
	}
}

// discard swallows what a reverse proxy says of clients that went away.
var discard = log.New(nothing{}, "", 0)

type nothing struct{}

// Write does nothing.
func (nothing) Write(b []byte) (int, error) { return len(b), nil }

// forward passes a request on to the registry behind. change may alter the reply.
func (s *Server) forward(w http.ResponseWriter, r *http.Request, change func(*http.Response) error) {
	p := &httputil.ReverseProxy{
		Transport: s.behind,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: s.backend.Host})
			p.Out.Host = p.In.Host // absolute addresses in replies are made of it
			p.Out.Header.Set("X-Forwarded-Proto", s.scheme())
			p.Out.Header.Del("Authorization")
		},
		ModifyResponse: change,
		ErrorLog:       discard,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			writeError(w, http.StatusBadGateway, "UNKNOWN", err.Error())
		},
	}
	p.ServeHTTP(w, r)
}
