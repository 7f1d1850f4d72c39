package harbortest

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/opencontainers/go-digest"
	"github.com/opencontainers/image-spec/specs-go"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

// serveTags lists tags, sorted, in pages of n where that is asked.
func (s *Server) serveTags(w http.ResponseWriter, t *target) {
	s.mu.Lock()
	_, r := s.findRepository(t.repository)
	var names []string
	if r != nil {
		names = slices.Sorted(maps.Keys(r.tags))
	}
	s.mu.Unlock()
	if r == nil {
		writeFailure(w, notFound("repository "+t.repository+" not found"))
		return
	}
	page, next := cut(names, t.URL.Query())
	if next != "" {
		w.Header().Set("Link", fmt.Sprintf(`<%s?%s>; rel="next"`, t.URL.Path, next))
	}
	writeJSON(w, http.StatusOK, map[string]any{"name": t.repository, "tags": page})
}

// serveCatalog lists the repositories that have a tag, to administrators only.
func (s *Server) serveCatalog(w http.ResponseWriter, q *request) {
	if !q.who.admin {
		s.challenge(w, q, nil, "unauthorized to list catalog")
		return
	}
	s.mu.Lock()
	var names []string
	for _, p := range s.projects {
		for _, r := range p.repositories {
			if len(r.tags) > 0 {
				names = append(names, r.name)
			}
		}
	}
	s.mu.Unlock()
	slices.Sort(names)
	page, next := cut(names, q.URL.Query())
	if next != "" {
		w.Header().Set("Link", fmt.Sprintf(`</v2/_catalog?%s>; rel="next"`, next))
	}
	writeJSON(w, http.StatusOK, map[string]any{"repositories": page})
}

// cut returns the page that n and last ask for, and the query of the next one.
func cut(names []string, query url.Values) (page []string, next string) {
	start, found := slices.BinarySearch(names, query.Get("last"))
	if found {
		start++
	}
	page = append([]string{}, names[start:]...)
	n, err := strconv.Atoi(query.Get("n"))
	if err != nil || n < 0 || n >= len(page) {
		return page, ""
	}
	page = page[:n]
	if n == 0 {
		return page, ""
	}
	return page, url.Values{"n": {strconv.Itoa(n)}, "last": {page[n-1]}}.Encode()
}

// serveReferrers lists the manifests that have a subject.
func (s *Server) serveReferrers(w http.ResponseWriter, t *target) {
	index := ocispec.Index{
		Versioned: specs.Versioned{SchemaVersion: 2}, MediaType: ocispec.MediaTypeImageIndex,
		Manifests: []ocispec.Descriptor{},
	}
	s.mu.Lock()
	if _, r := s.findRepository(t.repository); r != nil {
		for _, name := range slices.Sorted(maps.Keys(r.artifacts)) {
			if a := r.artifacts[name]; a.subject == t.reference {
				index.Manifests = append(index.Manifests, ocispec.Descriptor{
					MediaType: a.manifestType, ArtifactType: a.artifactType, Digest: digest.Digest(a.digest),
					Size: a.length, Annotations: a.annotations,
				})
			}
		}
	}
	s.mu.Unlock()
	body, err := json.Marshal(index)
	if err != nil {
		writeFailure(w, err)
		return
	}
	w.Header().Set("Content-Type", ocispec.MediaTypeImageIndex)
	_, _ = w.Write(body) // the client may have gone
}
