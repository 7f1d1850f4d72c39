package harbortest

import "slices"

// Request is one request that the server answered.
type Request struct {
	Method string
	Path   string // as it was sent, escaped
	Query  string
	User   string // login name; "" for nobody
	Status int
}

func (s *Server) record(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
}

// Requests returns what was asked so far, in the order in which it was answered.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Forget empties what Requests and Pulls return.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = nil
	clear(s.pulls)
}

// Pulls returns how often the manifest of an artifact was fetched: what
// retention rules go by. HEAD does not count. The reference is a tag or a digest.
func (s *Server) Pulls(repository, reference string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, r := s.findRepository(repository); r != nil {
		if a := r.find(reference); a != nil {
			return s.pulls[repository+"@"+a.digest]
		}
	}
	return 0
}

// TotalPulls returns how many pulls there were of all artifacts.
func (s *Server) TotalPulls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, pulls := range s.pulls {
		n += pulls
	}
	return n
}

// pulled counts; it must be called with the lock held.
func (s *Server) pulled(repository string, a *artifact, tag string) {
	now := s.opts.Now()
	s.pulls[repository+"@"+a.digest]++
	a.pulled = now
	if _, r := s.findRepository(repository); r != nil {
		r.pulls++
		if t := r.tags[tag]; t != nil {
			t.pulled = now
		}
	}
}
