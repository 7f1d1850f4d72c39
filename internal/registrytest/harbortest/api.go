package harbortest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

const (
	apiRoot         = "/api/v2.0/"
	defaultPageSize = 10
	maxPageSize     = 100
	version         = "v2.16.0"
)

// errNoRoute tells that the API has no such path or method.
var errNoRoute = errors.New("no such path")

// serveAPI is the API of version 2.0.
func (s *Server) serveAPI(w http.ResponseWriter, q *request) {
	w.Header().Set("X-Request-Id", rand.Text())
	if err := sessionCookie(w, q); err != nil {
		writeFailure(w, err)
		return
	}
	path, ok := strings.CutPrefix(q.URL.EscapedPath(), apiRoot)
	segments, err := unescape(path)
	if !ok || err != nil {
		writeNoRoute(w, q)
		return
	}
	switch err := s.serveResource(w, q, segments); {
	case errors.Is(err, errNoRoute):
		writeNoRoute(w, q)
	case err != nil:
		writeFailure(w, err)
	}
}

// sessionCookie gives every client a session. One that sends the cookie back
// is taken for a browser: it cannot change anything without the token against
// request forgery.
func sessionCookie(w http.ResponseWriter, q *request) error {
	_, err := q.Cookie("sid")
	if err == nil && q.Method != http.MethodGet && q.Method != http.MethodHead && q.Header.Get("X-Harbor-CSRF-Token") == "" {
		return forbidden("CSRF token not found in request")
	}
	http.SetCookie(w, &http.Cookie{Name: "sid", Value: rand.Text(), Path: "/", HttpOnly: true})
	w.Header().Set("X-Harbor-CSRF-Token", rand.Text())
	return nil
}

func unescape(path string) ([]string, error) {
	segments := strings.Split(path, "/")
	for i, s := range segments {
		var err error
		if segments[i], err = url.PathUnescape(s); err != nil {
			return nil, err
		}
	}
	return segments, nil
}

func writeNoRoute(w http.ResponseWriter, q *request) {
	writeError(w, http.StatusNotFound, "NOT_FOUND", "path "+q.URL.Path+" was not found")
}

func (s *Server) serveResource(w http.ResponseWriter, q *request, path []string) error {
	switch path[0] {
	case "ping":
		w.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_, _ = w.Write([]byte("Pong")) // the client may have gone
		return nil
	case "systeminfo":
		s.apiSystemInfo(w, q)
		return nil
	}
	if !q.authenticated && !s.anonymousMay(q, path) {
		return failure(http.StatusUnauthorized, "UNAUTHORIZED", "unauthorized")
	}
	switch {
	case path[0] == "projects":
		return s.apiProjects(w, q, path[1:])
	case path[0] == "robots":
		return s.apiRobots(w, q, path[1:])
	case path[0] == "quotas":
		return s.apiQuotas(w, q, path[1:])
	case path[0] == "configurations" && len(path) == 1:
		return s.apiConfigurations(w, q)
	case path[0] == "users" && len(path) == 2 && path[1] == "current":
		writeJSON(w, http.StatusOK, map[string]any{"username": q.who.name, "sysadmin_flag": q.who.admin})
		return nil
	}
	return errNoRoute
}

// anonymousMay lets everybody read public projects.
func (s *Server) anonymousMay(q *request, path []string) bool {
	if q.Method != http.MethodGet || len(path) < 2 || path[0] != "projects" {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.projects[path[1]]
	return p != nil && p.public
}

// allowedIn returns a project in which the sender of a request may do something.
func (s *Server) allowedIn(q *request, name, action, resource string) (*project, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byNameOrID(name)
	if p == nil {
		return nil, notFound("project " + name + " not found")
	}
	if !q.who.can(action, resource, p) {
		return nil, forbidden("forbidden")
	}
	return p, nil
}

// byNameOrID must be called with the lock held.
func (s *Server) byNameOrID(name string) *project {
	if p := s.projects[name]; p != nil {
		return p
	}
	for _, p := range s.projects {
		if strconv.Itoa(p.id) == name {
			return p
		}
	}
	return nil
}

// writePage answers with the page of a list that page and page_size ask for.
func writePage[T any](w http.ResponseWriter, q *request, all []T) error {
	page, size, err := paging(q.URL.Query())
	if err != nil {
		return err
	}
	var links []string
	link := func(page int, rel string) {
		u := *q.URL
		query := u.Query()
		query.Set("page", strconv.Itoa(page))
		query.Set("page_size", strconv.Itoa(size))
		u.RawQuery = query.Encode()
		links = append(links, fmt.Sprintf(`<%s>; rel="%s"`, u.RequestURI(), rel))
	}
	if page > 1 && (page-1)*size < len(all) {
		link(page-1, "prev")
	}
	if page*size < len(all) {
		link(page+1, "next")
	}
	if len(links) > 0 {
		w.Header().Set("Link", strings.Join(links, " , "))
	}
	w.Header().Set("X-Total-Count", strconv.Itoa(len(all)))
	start := min((page-1)*size, len(all))
	writeJSON(w, http.StatusOK, all[start:min(start+size, len(all))])
	return nil
}

func paging(query url.Values) (page, size int, err error) {
	page, size = 1, defaultPageSize
	for name, value := range map[string]*int{"page": &page, "page_size": &size} {
		text := query.Get(name)
		if text == "" {
			continue
		}
		if *value, err = strconv.Atoi(text); err != nil || *value < 1 {
			return 0, 0, failure(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY", name+" in query should be greater than or equal to 1")
		}
	}
	if size > maxPageSize {
		return 0, 0, failure(http.StatusUnprocessableEntity, "UNPROCESSABLE_ENTITY",
			"page_size in query should be less than or equal to "+strconv.Itoa(maxPageSize))
	}
	return page, size, nil
}
