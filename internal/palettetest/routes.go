package palettetest

import (
	"net/http"
	"strings"
)

// dispatch finds what a path means. Palette's paths have no prefix but /v1.
func (s *Server) dispatch(q *request) {
	parts := strings.Split(strings.Trim(q.URL.Path, "/"), "/")
	if parts[0] != "v1" || len(parts) < 2 {
		q.notFound()
		return
	}
	is := func(pattern string) bool { return matches(q.Method, parts[1:], pattern) }
	switch {
	case is("GET registries metadata"):
		s.serveMetadata(q)
	case is("GET registries oci summary"):
		q.onlyAdmin(func() { s.serveSummary(q) })
	case is("GET registries oci"):
		q.w.Header().Set("Allow", http.MethodDelete)
		q.refuse(http.StatusMethodNotAllowed, "MethodNotAllowed", "method GET is not allowed")
	case is("POST registries oci *"):
		q.onlyAdmin(func() { s.serveCreate(q, parts[3]) })
	case is("POST registries oci * validate"):
		q.onlyAdmin(func() { s.serveValidate(q, parts[3]) })
	case is("GET registries oci *"):
		s.serveFlat(q, parts[3])
	case is("GET registries oci * *"), is("PUT registries oci * *"), is("DELETE registries oci * *"):
		q.onlyAdmin(func() { s.serveRegistry(q, parts[3], parts[4]) })
	case is("POST registries oci * * sync"):
		q.onlyAdmin(func() { s.serveSync(q, parts[3], parts[4]) })
	case is("GET registries oci * * sync status"):
		s.serveSyncStatus(q, parts[3], parts[4])
	case is("POST packs search"):
		s.serveSearch(q)
	case is("GET packs * registries *"):
		s.servePack(q, parts[2], parts[4])
	case is("GET packs *"):
		s.servePackUID(q, parts[2])
	case is("POST dashboard clusterprofiles"):
		s.serveProfiles(q)
	case is("GET clusterprofiles *"):
		s.serveProfile(q, parts[2])
	default:
		q.notFound()
	}
}

// matches tells whether a request fits "METHOD part part": * is any part.
func matches(method string, parts []string, pattern string) bool {
	want := strings.Fields(pattern)
	if want[0] != method || len(want)-1 != len(parts) {
		return false
	}
	for i, p := range parts {
		if want[i+1] != "*" && want[i+1] != p {
			return false
		}
	}
	return true
}
