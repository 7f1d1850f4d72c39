package harbortest

import (
	"fmt"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// mayPush refuses pushes into proxy caches.
func (s *Server) mayPush(t *target) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, _ := s.findRepository(t.repository); p.registry != 0 {
		return failure(http.StatusForbidden, "DENIED", "denied: can not push artifact to a proxy project: "+p.name)
	}
	return nil
}

// startUpload opens an upload session or mounts a blob.
func (s *Server) startUpload(w http.ResponseWriter, t *target) {
	if err := s.mayPush(t); err != nil {
		writeFailure(w, err)
		return
	}
	s.forward(w, t.Request, func(resp *http.Response) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch resp.StatusCode {
		case http.StatusCreated:
			s.mounted(t, resp.Header.Get("Docker-Content-Digest"))
		case http.StatusAccepted:
			location, err := resp.Location()
			if err != nil {
				return err
			}
			s.sessions[path.Base(location.Path)] = 0
		}
		return nil
	})
}

// mounted counts a blob in the project that has got it.
func (s *Server) mounted(t *target, digest string) {
	p, _ := s.findRepository(t.repository)
	if from, _ := s.findRepository(t.mountFrom); from != nil {
		p.blobs[digest] = from.blobs[digest]
	}
}

// continueUpload takes bytes. A PUT ends the session and counts against the quota.
func (s *Server) continueUpload(w http.ResponseWriter, t *target) {
	s.mu.Lock()
	received, known := s.sessions[t.reference]
	s.mu.Unlock()
	if !known {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	digest := t.URL.Query().Get("digest")
	size := max(t.ContentLength, 0) + received
	if t.Method == http.MethodPut {
		if err := s.reserveBlob(t, digest, size); err != nil {
			w.Header().Set("Connection", "close")
			writeFailure(w, err)
			return
		}
	}
	s.forward(w, t.Request, func(resp *http.Response) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		switch resp.StatusCode {
		case http.StatusCreated:
			p, _ := s.findRepository(t.repository)
			p.blobs[digest] = size
		case http.StatusAccepted:
			_, end, _ := strings.Cut(resp.Header.Get("Range"), "-")
			if last, err := strconv.ParseInt(end, 10, 64); err == nil {
				s.sessions[t.reference] = last + 1
			}
		}
		return nil
	})
}

func (s *Server) reserveBlob(t *target, digest string, size int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	p, _ := s.findRepository(t.repository)
	if _, there := p.blobs[digest]; there {
		return nil
	}
	return s.reserve(p, size)
}

// reserve refuses what would exceed the project's storage limit. It must be
// called with the lock held.
func (s *Server) reserve(p *project, size int64) error {
	used := p.used()
	if p.storageLimit < 0 || used+size <= p.storageLimit {
		return nil
	}
	return failure(http.StatusForbidden, "DENIED", fmt.Sprintf(
		"adding %s of storage resource, which when updated to current usage of %s will exceed the configured upper limit of %s.",
		displaySize(size), displaySize(used), displaySize(p.storageLimit)))
}

// displaySize writes bytes as Harbor does: 293.0 KiB.
func displaySize(n int64) string {
	const base = 1024
	if n < base {
		return fmt.Sprintf("%d B", n)
	}
	size, unit := float64(n)/base, 0
	for size >= base && unit < len("KMGTP")-1 {
		size /= base
		unit++
	}
	return fmt.Sprintf("%.1f %ciB", size, "KMGTP"[unit])
}
