package harbortest

import (
	"cmp"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// apiRepositories answers below /projects/P/repositories.
func (s *Server) apiRepositories(w http.ResponseWriter, q *request, project string, rest []string) error {
	if len(rest) == 0 && q.Method == http.MethodGet {
		return s.listRepositories(w, q, project)
	}
	if len(rest) == 0 || strings.Contains(rest[0], "/") { // escaped only once
		return errNoRoute
	}
	name, err := url.PathUnescape(rest[0])
	if err != nil {
		return errNoRoute
	}
	repository := project + "/" + name
	switch {
	case len(rest) == 1 && q.Method == http.MethodGet:
		return s.getRepository(w, q, project, repository)
	case len(rest) == 1 && q.Method == http.MethodDelete:
		return s.deleteRepository(w, q, project, repository)
	case len(rest) == 2 && rest[1] == "artifacts" && q.Method == http.MethodGet:
		return s.listArtifacts(w, q, project, repository)
	case len(rest) == 3 && rest[1] == "artifacts" && q.Method == http.MethodGet:
		return s.getArtifact(w, q, project, repository, rest[2])
	case len(rest) == 3 && rest[1] == "artifacts" && q.Method == http.MethodDelete:
		return s.apiDeleteArtifact(w, q, project, repository, rest[2])
	case len(rest) == 4 && rest[1] == "artifacts" && rest[3] == "tags" && q.Method == http.MethodGet:
		return s.listArtifactTags(w, q, project, repository, rest[2])
	case len(rest) == 5 && rest[1] == "artifacts" && rest[3] == "tags" && q.Method == http.MethodDelete:
		return s.deleteTag(w, q, project, repository, rest[2], rest[4])
	}
	return errNoRoute
}

func (s *Server) listRepositories(w http.ResponseWriter, q *request, name string) error {
	p, err := s.allowedIn(q, name, actList, resRepository)
	if err != nil {
		return err
	}
	s.mu.Lock()
	all := []map[string]any{}
	for _, r := range p.repositories {
		all = append(all, r.document(p))
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b map[string]any) int { return cmp.Compare(a["name"].(string), b["name"].(string)) })
	return writePage(w, q, all)
}

func (r *repository) document(p *project) map[string]any {
	return map[string]any{
		"id": r.id, "project_id": p.id, "name": r.name, "artifact_count": len(r.artifacts), "pull_count": r.pulls,
		"creation_time": dateTime(r.created), "update_time": dateTime(r.updated),
	}
}

func (s *Server) getRepository(w http.ResponseWriter, q *request, project, repository string) error {
	p, err := s.allowedIn(q, project, actRead, resRepository)
	if err != nil {
		return err
	}
	s.mu.Lock()
	_, r := s.findRepository(repository)
	if r == nil {
		s.mu.Unlock()
		return notFound("repository " + repository + " not found")
	}
	doc := r.document(p)
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, doc)
	return nil
}

// deleteRepository deletes a repository with everything in it, unless a tag is immutable.
func (s *Server) deleteRepository(w http.ResponseWriter, q *request, project, repository string) error {
	p, err := s.allowedIn(q, project, actDelete, resRepository)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	_, r := s.findRepository(repository)
	if r == nil {
		return notFound("repository " + repository + " not found")
	}
	for name := range r.tags {
		if p.immutable(repository, name) {
			return failure(http.StatusPreconditionFailed, "PRECONDITION", "the tag "+name+" configured as immutable, cannot be deleted")
		}
	}
	for digest := range r.artifacts {
		delete(p.blobs, digest)
	}
	_, name := splitRepository(repository)
	delete(p.repositories, name)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) listArtifacts(w http.ResponseWriter, q *request, project, repository string) error {
	p, err := s.allowedIn(q, project, actList, resArtifact)
	if err != nil {
		return err
	}
	s.mu.Lock()
	_, r := s.findRepository(repository)
	var found []*artifact
	if r != nil {
		for _, a := range r.artifacts {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *artifact) int { return cmp.Compare(b.id, a.id) }) // the newest first
	all := []map[string]any{}
	for _, a := range found {
		all = append(all, a.document(p, r, q))
	}
	s.mu.Unlock()
	return writePage(w, q, all)
}

func (s *Server) getArtifact(w http.ResponseWriter, q *request, project, repository, reference string) error {
	p, err := s.allowedIn(q, project, actRead, resArtifact)
	if err != nil {
		return err
	}
	s.mu.Lock()
	r, a, err := s.lookup(repository, reference)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	doc := a.document(p, r, q)
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, doc)
	return nil
}

// document is an artifact as the API writes it.
func (a *artifact) document(p *project, r *repository, q *request) map[string]any {
	doc := map[string]any{
		"id": a.id, "type": "UNKNOWN", "digest": a.digest, "size": a.size, "icon": "", "labels": nil, "references": nil,
		"media_type": a.mediaType, "manifest_media_type": a.manifestType, "artifact_type": a.artifactType,
		"annotations": a.annotations, "extra_attrs": nil, "accessories": nil, "tags": nil,
		"project_id": p.id, "repository_id": r.id, "repository_name": r.name,
		"push_time": dateTime(a.pushed), "pull_time": timeOrNever(a.pulled),
	}
	if q.URL.Query().Get("with_tag") == "false" {
		return doc
	}
	if tags := r.tagDocuments(p, a, q); len(tags) > 0 {
		doc["tags"] = tags
	}
	return doc
}

// tagDocuments tells whether tags are immutable only to those who ask.
func (r *repository) tagDocuments(p *project, a *artifact, q *request) []map[string]any {
	asked := q.URL.Query().Get("with_immutable_status") == "true"
	tags := r.tagsOf(a.digest)
	docs := make([]map[string]any, 0, len(tags))
	for _, t := range tags {
		docs = append(docs, map[string]any{
			"id": t.id, "name": t.name, "artifact_id": a.id, "repository_id": r.id, "immutable": asked && p.immutable(r.name, t.name),
			"push_time": dateTime(t.pushed), "pull_time": timeOrNever(t.pulled),
		})
	}
	return docs
}

func (s *Server) apiDeleteArtifact(w http.ResponseWriter, q *request, project, repository, reference string) error {
	if _, err := s.allowedIn(q, project, actDelete, resArtifact); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.deleteArtifact(repository, reference); err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) listArtifactTags(w http.ResponseWriter, q *request, project, repository, reference string) error {
	p, err := s.allowedIn(q, project, actList, resTag)
	if err != nil {
		return err
	}
	s.mu.Lock()
	r, a, err := s.lookup(repository, reference)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	docs := r.tagDocuments(p, a, q)
	s.mu.Unlock()
	return writePage(w, q, docs)
}

func (s *Server) deleteTag(w http.ResponseWriter, q *request, project, repository, reference, name string) error {
	p, err := s.allowedIn(q, project, actDelete, resTag)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r, a, err := s.lookup(repository, reference)
	if err != nil {
		return err
	}
	if t := r.tags[name]; t == nil || t.digest != a.digest {
		return notFound("tag " + name + " attached to artifact " + reference + " not found")
	}
	if p.immutable(repository, name) {
		return failure(http.StatusPreconditionFailed, "PRECONDITION", "the tag "+name+" configured as immutable, cannot be deleted")
	}
	delete(r.tags, name)
	w.WriteHeader(http.StatusOK)
	return nil
}
