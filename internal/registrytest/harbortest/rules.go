package harbortest

import (
	"net/http"
	"strconv"

	"github.com/bmatcuk/doublestar/v4"
)

// immutableRule says which tags may not be changed once they are there.
type immutableRule struct {
	ID        int                   `json:"id"`
	ProjectID int                   `json:"project_id"`
	Disabled  bool                  `json:"disabled"`
	Action    string                `json:"action"`
	Template  string                `json:"template"`
	Tags      []selector            `json:"tag_selectors"`
	Scope     map[string][]selector `json:"scope_selectors"`
}

type selector struct {
	Kind       string `json:"kind"`
	Decoration string `json:"decoration"`
	Pattern    string `json:"pattern"`
}

func (s selector) selects(name string) bool {
	ok, err := doublestar.Match(s.Pattern, name)
	excludes := s.Decoration == "excludes" || s.Decoration == "repoExcludes"
	return err == nil && ok != excludes
}

func (r *immutableRule) covers(repository, tag string) bool {
	if r.Disabled {
		return false
	}
	for _, s := range r.Scope["repository"] {
		if !s.selects(repository) {
			return false
		}
	}
	for _, s := range r.Tags {
		if !s.selects(tag) {
			return false
		}
	}
	return true
}

// immutable tells whether a rule covers a tag of a repository (its full name).
func (p *project) immutable(repository, tag string) bool {
	_, name := splitRepository(repository)
	for _, r := range p.rules {
		if r.covers(name, tag) {
			return true
		}
	}
	return false
}

// apiRules answers below /projects/P/immutabletagrules.
func (s *Server) apiRules(w http.ResponseWriter, q *request, name string, rest []string) error {
	actions := map[string]string{http.MethodGet: actList, http.MethodPost: actCreate, http.MethodDelete: actDelete}
	p, err := s.allowedIn(q, name, actions[q.Method], resImmutable)
	if err != nil {
		return err
	}
	switch {
	case q.Method == http.MethodGet && len(rest) == 0:
		s.mu.Lock()
		rules := append([]*immutableRule{}, p.rules...)
		s.mu.Unlock()
		return writePage(w, q, rules)
	case q.Method == http.MethodPost && len(rest) == 0:
		return s.createRule(w, q, p)
	case q.Method == http.MethodDelete && len(rest) == 1:
		return s.deleteRule(p, rest[0])
	}
	return errNoRoute
}

func (s *Server) createRule(w http.ResponseWriter, q *request, p *project) error {
	r := &immutableRule{}
	if err := readJSON(w, q, r); err != nil {
		return err
	}
	s.mu.Lock()
	r.ID, r.ProjectID = s.newID(), p.id
	p.rules = append(p.rules, r)
	s.mu.Unlock()
	w.Header().Set("Location", q.URL.Path+"/"+strconv.Itoa(r.ID))
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (s *Server) deleteRule(p *project, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, r := range p.rules {
		if strconv.Itoa(r.ID) == id {
			p.rules = append(p.rules[:i:i], p.rules[i+1:]...)
			return nil
		}
	}
	return notFound("immutable rule " + id + " not found")
}
