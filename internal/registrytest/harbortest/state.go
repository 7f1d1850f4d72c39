package harbortest

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"
)

// project is a project with everything in it. Its fields are guarded by the
// server's lock.
type project struct {
	id           int
	name         string
	owner        string
	public       bool
	registry     int   // not 0: a proxy cache of that registry
	storageLimit int64 // bytes; -1 for no limit
	created      time.Time
	rules        []*immutableRule
	repositories map[string]*repository // by name without the project
	blobs        map[string]int64       // sizes by digest: what the quota counts
}

// repository came into being on a push.
type repository struct {
	id               int
	name             string // with the project
	pulls            int
	created, updated time.Time
	artifacts        map[string]*artifact // by digest
	tags             map[string]*tag
	tagging          sync.Mutex // held while a manifest is written; not guarded by the server's lock
}

type tag struct {
	id             int
	name, digest   string
	pushed, pulled time.Time
}

// artifact is what Harbor keeps of a manifest.
type artifact struct {
	id             int
	digest         string
	mediaType      string // of the config
	manifestType   string
	artifactType   string
	length         int64 // of the manifest
	size           int64 // manifest, config and layers
	annotations    map[string]string
	pushed, pulled time.Time
	subject        string   // digest
	names          []string // digests of manifests that an index names
}

// used is the storage that counts against the project's limit.
func (p *project) used() int64 {
	n := int64(0)
	for _, size := range p.blobs {
		n += size
	}
	return n
}

// find returns the artifact that a tag or digest names, or nil.
func (r *repository) find(reference string) *artifact {
	if t := r.tags[reference]; t != nil {
		return r.artifacts[t.digest]
	}
	return r.artifacts[reference]
}

// tagsOf returns the tags of an artifact by name.
func (r *repository) tagsOf(digest string) []*tag {
	var all []*tag
	for _, name := range slices.Sorted(maps.Keys(r.tags)) {
		if r.tags[name].digest == digest {
			all = append(all, r.tags[name])
		}
	}
	return all
}

// newID must be called with the lock held.
func (s *Server) newID() int {
	s.ids++
	return s.ids
}

// splitRepository takes the project from a repository's full name.
func splitRepository(repository string) (project, name string) {
	project, name, _ = strings.Cut(repository, "/")
	return project, name
}

// findRepository must be called with the lock held. Either may be nil.
func (s *Server) findRepository(repository string) (*project, *repository) {
	name, rest := splitRepository(repository)
	p := s.projects[name]
	if p == nil {
		return nil, nil
	}
	return p, p.repositories[rest]
}

// ensureRepository makes a repository on its first push. It must be called
// with the lock held, for a project that is there.
func (s *Server) ensureRepository(name string) *repository {
	p, r := s.findRepository(name)
	if r != nil {
		return r
	}
	_, rest := splitRepository(name)
	now := s.opts.Now()
	r = &repository{
		id: s.newID(), name: name, created: now, updated: now,
		artifacts: make(map[string]*artifact), tags: make(map[string]*tag),
	}
	p.repositories[rest] = r
	return r
}

// lookup finds an artifact; what is missing is named as Harbor does.
// It must be called with the lock held.
func (s *Server) lookup(repository, reference string) (*repository, *artifact, error) {
	_, r := s.findRepository(repository)
	if r == nil {
		return nil, nil, notFound("repository " + repository + " not found")
	}
	a := r.find(reference)
	if a == nil {
		separator := ":"
		if strings.Contains(reference, ":") {
			separator = "@"
		}
		return nil, nil, notFound("artifact " + repository + separator + reference + " not found")
	}
	return r, a, nil
}

// Repositories returns the full names of the repositories of a project, sorted.
func (s *Server) Repositories(project string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.projects[project]
	if p == nil {
		return nil
	}
	var names []string
	for _, r := range p.repositories {
		names = append(names, r.name)
	}
	slices.Sort(names)
	return names
}
