package faultproxy

import (
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"regexp"
	"strconv"
)

// Rule puts faults of one kind at exact positions.
type Rule struct {
	Kind   Kind
	Method string         // empty: any
	Path   *regexp.Regexp // nil: any
	First  int            // the first matching request that gets it, from 1; 0 means 1
	Times  int            // how many from there on; 0 means 1, negative all
}

func (r *Rule) matches(req *http.Request) bool {
	return (r.Method == "" || r.Method == req.Method) && (r.Path == nil || r.Path.MatchString(req.URL.Path))
}

// hits tells whether the nth matching request gets the fault.
func (r *Rule) hits(n int) bool {
	first, times := max(r.First, 1), r.Times
	if times == 0 {
		times = 1
	}
	return n >= first && (times < 0 || n < first+times)
}

// choose decides about a request, and notes what it decided.
func (s *Server) choose(r *http.Request) (Kind, bool) {
	what := r.Method + " " + plain(r.URL.Path)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.seen[what]++
	s.asked[r.Method]++
	n := s.seen[what]
	kind, found := s.byRule(r)
	if !found {
		kind, found = s.byChance(r, what, n)
	}
	if found {
		s.faults = append(s.faults, Fault{Kind: kind, On: what, Nth: n})
	}
	return kind, found
}

// byRule counts a request for every rule that it matches. The caller holds the lock.
func (s *Server) byRule(r *http.Request) (kind Kind, found bool) {
	for i := range s.opts.Rules {
		rule := &s.opts.Rules[i]
		if !rule.matches(r) || !rule.Kind.Applies(r) {
			continue
		}
		s.fired[i]++
		if !found && rule.hits(s.fired[i]) {
			kind, found = rule.Kind, true
		}
	}
	return kind, found
}

func (s *Server) byChance(r *http.Request, what string, n int) (Kind, bool) {
	if s.opts.Rate <= 0 {
		return "", false
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(what + " " + strconv.Itoa(n))) // a hash takes everything
	rng := rand.New(rand.NewPCG(s.opts.Seed, h.Sum64()))
	if rng.Float64() >= s.opts.Rate {
		return "", false
	}
	fit := make([]Kind, 0, len(s.opts.Kinds))
	for _, k := range s.opts.Kinds {
		if k.Applies(r) {
			fit = append(fit, k)
		}
	}
	if len(fit) == 0 {
		return "", false
	}
	return fit[rng.IntN(len(fit))], true
}

var session = regexp.MustCompile(`(/blobs/uploads/).+`)

// plain is a path without the name of an upload session, which differs in each run.
func plain(path string) string { return session.ReplaceAllString(path, "$1…") }
