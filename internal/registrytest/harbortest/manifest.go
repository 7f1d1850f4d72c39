package harbortest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
)

const (
	maxManifest = 4 << 20
	// replicator is the User-Agent of Harbor's own replication, whose reads are no pulls.
	replicator = "harbor-registry-client"
)

// getManifest answers from what Harbor knows, and fetches the bytes by digest.
func (s *Server) getManifest(w http.ResponseWriter, t *target) {
	s.mu.Lock()
	_, a, err := s.lookup(t.repository, t.reference)
	s.mu.Unlock()
	if err != nil {
		writeFailure(w, err)
		return
	}
	if match := t.Header.Get("If-None-Match"); match == a.digest || match == `"`+a.digest+`"` {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	out := t.Clone(t.Context())
	out.URL.Path = strings.TrimSuffix(t.URL.Path, t.reference) + a.digest
	out.URL.RawPath = ""
	s.forward(w, out, func(resp *http.Response) error {
		if resp.StatusCode == http.StatusOK && t.Method == http.MethodGet && t.UserAgent() != replicator {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.pulled(t.repository, a, t.reference)
		}
		return nil
	})
}

// putManifest writes a manifest unless the project is a proxy cache, the tag
// may not change, or the quota is used up.
func (s *Server) putManifest(w http.ResponseWriter, t *target) {
	if err := s.mayPush(t); err != nil {
		writeFailure(w, err)
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, t.Body, maxManifest))
	if err != nil {
		writeError(w, http.StatusRequestEntityTooLarge, "MANIFEST_INVALID", err.Error())
		return
	}
	r, err := s.admit(t, body)
	if err != nil {
		writeFailure(w, err)
		return
	}
	r.tagging.Lock()
	defer r.tagging.Unlock()
	out := t.Clone(t.Context())
	out.Body = io.NopCloser(bytes.NewReader(body))
	s.forward(w, out, func(resp *http.Response) error {
		if resp.StatusCode != http.StatusCreated {
			return nil
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		if a := s.remember(r, t, resp.Header.Get("Docker-Content-Digest"), body); a.subject != "" {
			resp.Header.Set("OCI-Subject", a.subject)
		}
		return nil
	})
}

// admit is everything that Harbor checks before the registry behind sees a
// manifest. The repository is made even if the registry refuses it then.
func (s *Server) admit(t *target, body []byte) (*repository, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.immutable(t.repository, t.reference); err != nil {
		return nil, err
	}
	p, _ := s.findRepository(t.repository)
	if err := s.reserve(p, int64(len(body))); err != nil {
		return nil, err
	}
	return s.ensureRepository(t.repository), nil
}

// immutable refuses to write a tag that is there and falls under a rule, with
// the digest that it has, too. It must be called with the lock held.
func (s *Server) immutable(repository, reference string) error {
	p, r := s.findRepository(repository)
	if r == nil || r.tags[reference] == nil || !p.immutable(repository, reference) {
		return nil
	}
	_, name := splitRepository(repository)
	return failure(http.StatusPreconditionFailed, "PRECONDITION",
		fmt.Sprintf("Failed to process request due to '%s:%s' configured as immutable.", name, reference))
}

// remember records a manifest that the registry took. It must be called with the lock held.
func (s *Server) remember(r *repository, t *target, digest string, body []byte) *artifact {
	now := s.opts.Now()
	p, _ := s.findRepository(t.repository)
	p.blobs[digest] = int64(len(body))
	a := r.artifacts[digest]
	if a == nil {
		a = describe(body)
		a.id, a.digest, a.pushed = s.newID(), digest, now
		r.artifacts[digest] = a
	}
	if a.manifestType == "" {
		a.manifestType = t.Header.Get("Content-Type")
	}
	r.updated = now
	if isDigest(t.reference) {
		return a
	}
	old := r.tags[t.reference]
	if old == nil || old.digest != digest {
		r.tags[t.reference] = &tag{id: s.newID(), name: t.reference, digest: digest, pushed: now}
	}
	return a
}

// describe reads of a manifest what Harbor keeps.
func describe(body []byte) *artifact {
	var m struct {
		MediaType    string
		ArtifactType string
		Config       ocispec.Descriptor
		Layers       []ocispec.Descriptor
		Manifests    []ocispec.Descriptor
		Subject      *ocispec.Descriptor
		Annotations  map[string]string
	}
	_ = json.Unmarshal(body, &m) // the registry behind took it
	a := &artifact{
		mediaType: m.Config.MediaType, manifestType: m.MediaType, artifactType: m.ArtifactType,
		length: int64(len(body)), size: int64(len(body)) + m.Config.Size, annotations: m.Annotations,
	}
	if a.artifactType == "" {
		a.artifactType = m.Config.MediaType
	}
	if len(m.Manifests) > 0 {
		a.mediaType = m.MediaType
	}
	for _, l := range m.Layers {
		a.size += l.Size
	}
	for _, child := range m.Manifests {
		a.names = append(a.names, child.Digest.String())
	}
	if m.Subject != nil {
		a.subject = m.Subject.Digest.String()
	}
	return a
}

// deleteManifest forgets a manifest; the registry behind keeps the bytes until
// garbage is collected, as with Harbor.
func (s *Server) deleteManifest(w http.ResponseWriter, t *target) {
	if !isDigest(t.reference) {
		writeError(w, http.StatusBadRequest, "UNSUPPORTED", "unsupported digest "+t.reference+": invalid checksum digest format")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.deleteArtifact(t.repository, t.reference); err != nil {
		writeFailure(w, err)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

// deleteArtifact deletes an artifact with its tags, and its accessories: what has
// it as its subject. It must be called with the lock held.
func (s *Server) deleteArtifact(repository, reference string) error {
	r, a, err := s.lookup(repository, reference)
	if err != nil {
		return err
	}
	p, _ := s.findRepository(repository)
	for _, t := range r.tagsOf(a.digest) {
		if p.immutable(repository, t.name) {
			return failure(http.StatusPreconditionFailed, "PRECONDITION",
				"the tag "+t.name+" configured as immutable, cannot be deleted")
		}
	}
	for _, other := range r.artifacts {
		if slices.Contains(other.names, a.digest) {
			return failure(http.StatusPreconditionFailed, "PRECONDITION",
				"the deleting artifact "+a.digest+" is referenced by others")
		}
	}
	for _, t := range r.tagsOf(a.digest) {
		delete(r.tags, t.name)
	}
	delete(r.artifacts, a.digest)
	delete(p.blobs, a.digest)
	for _, other := range r.artifacts {
		if other.subject != a.digest {
			continue
		}
		for _, t := range r.tagsOf(other.digest) {
			delete(r.tags, t.name)
		}
		delete(r.artifacts, other.digest)
		delete(p.blobs, other.digest)
	}
	return nil
}

// timeOrNever is what the API writes for a pull that never was.
func timeOrNever(t time.Time) string {
	if t.IsZero() {
		return "0001-01-01T00:00:00.000Z"
	}
	return dateTime(t)
}
