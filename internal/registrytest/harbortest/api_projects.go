package harbortest

import (
	"cmp"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var projectName = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

const maxProjectName = 255

// newProject is the body of POST /projects.
type newProject struct {
	Name         string            `json:"project_name"`
	Public       *bool             `json:"public"`
	Metadata     map[string]string `json:"metadata"`
	StorageLimit *int64            `json:"storage_limit"`
	RegistryID   *int              `json:"registry_id"`
}

func (s *Server) apiProjects(w http.ResponseWriter, q *request, path []string) error {
	switch {
	case len(path) == 0 && q.Method == http.MethodPost:
		return s.createProject(w, q)
	case len(path) == 0 && q.Method == http.MethodHead:
		return s.headProject(w, q)
	case len(path) == 0 && q.Method == http.MethodGet:
		return s.listProjects(w, q)
	case len(path) == 1 && q.Method == http.MethodGet:
		return s.getProject(w, q, path[0])
	case len(path) == 2 && path[1] == "summary" && q.Method == http.MethodGet:
		return s.getSummary(w, q, path[0])
	case len(path) >= 2 && path[1] == "immutabletagrules":
		return s.apiRules(w, q, path[0], path[2:])
	case len(path) >= 2 && path[1] == "repositories":
		return s.apiRepositories(w, q, path[0], path[2:])
	}
	return errNoRoute
}

func (s *Server) createProject(w http.ResponseWriter, q *request) error {
	s.mu.Lock()
	restriction := s.config.Restriction
	s.mu.Unlock()
	switch {
	case q.who.robot != nil && q.who.robot.Level != "system":
		return forbidden("Only system level robot can create project")
	case restriction == "adminonly" && !q.who.admin:
		return forbidden("Only system admin can create project")
	}
	var n newProject
	if err := readJSON(w, q, &n); err != nil {
		return err
	}
	if n.RegistryID != nil && !q.who.admin {
		return forbidden("Only system admin can create proxy cache project")
	}
	p, err := s.addProject(q.who, &n)
	if err != nil {
		return err
	}
	w.Header().Set("Location", fmt.Sprintf("%sprojects/%d", apiRoot, p.id))
	w.WriteHeader(http.StatusCreated)
	return nil
}

func (n *newProject) check() (public bool, err error) {
	if !projectName.MatchString(n.Name) || len(n.Name) > maxProjectName {
		return false, badRequest("project name is not in lower case or contains illegal characters")
	}
	public = n.Public != nil && *n.Public
	switch text := n.Metadata["public"]; text {
	case "":
	case "true", "false":
		public = text == "true"
	default:
		return false, badRequest("metadata.public should only be 'true' or 'false', but got: '" + text + "'")
	}
	if n.StorageLimit != nil && *n.StorageLimit < -1 {
		return false, badRequest(fmt.Sprintf("bad request: invalid storage limit %d", *n.StorageLimit))
	}
	return public, nil
}

// addProject makes a project. Only an administrator's storage limit counts;
// others get the default without a word.
func (s *Server) addProject(who *account, n *newProject) (*project, error) {
	public, err := n.check()
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.projects[n.Name] != nil {
		return nil, conflict("The project named " + n.Name + " already exists")
	}
	p := &project{
		id: s.newID(), name: n.Name, owner: who.name, public: public, storageLimit: s.config.StoragePerProject,
		created: s.opts.Now(), repositories: make(map[string]*repository), blobs: make(map[string]int64),
	}
	if who.admin && n.StorageLimit != nil && *n.StorageLimit != 0 {
		p.storageLimit = *n.StorageLimit
	}
	if n.RegistryID != nil {
		p.registry = *n.RegistryID
	}
	if who.robot == nil && !who.admin {
		who.roles[p.name] = RoleProjectAdmin
	}
	s.projects[p.name] = p
	return p, nil
}

// headProject tells whether a project is there, to everybody who is logged in.
func (s *Server) headProject(w http.ResponseWriter, q *request) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	name := q.URL.Query().Get("project_name")
	p := s.projects[name]
	if p == nil {
		return notFound("project " + name + " not found")
	}
	if s.opts.StrictHead && !q.who.can(actRead, resProject, p) {
		return forbidden("forbidden")
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Server) listProjects(w http.ResponseWriter, q *request) error {
	s.mu.Lock()
	all := []map[string]any{}
	for _, p := range s.projects {
		if q.who.can(actRead, resProject, p) && strings.Contains(p.name, q.URL.Query().Get("name")) {
			all = append(all, p.document())
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b map[string]any) int { return cmp.Compare(a["name"].(string), b["name"].(string)) })
	return writePage(w, q, all)
}

func (s *Server) getProject(w http.ResponseWriter, q *request, name string) error {
	p, err := s.allowedIn(q, name, actRead, resProject)
	if err != nil {
		return err
	}
	s.mu.Lock()
	doc := p.document()
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, doc)
	return nil
}

// document is a project as the API writes it.
func (p *project) document() map[string]any {
	doc := map[string]any{
		"project_id": p.id, "name": p.name, "owner_name": p.owner, "repo_count": len(p.repositories),
		"creation_time": dateTime(p.created), "metadata": map[string]string{"public": strconv.FormatBool(p.public)},
	}
	if p.registry != 0 {
		doc["registry_id"] = p.registry
	}
	return doc
}

// getSummary tells the quota to those who may read it.
func (s *Server) getSummary(w http.ResponseWriter, q *request, name string) error {
	p, err := s.allowedIn(q, name, actRead, resProject)
	if err != nil {
		return err
	}
	s.mu.Lock()
	doc := map[string]any{"repo_count": len(p.repositories)}
	if q.who.can(actRead, resQuota, p) {
		doc["quota"] = map[string]any{
			"hard": map[string]int64{"storage": p.storageLimit}, "used": map[string]int64{"storage": p.used()},
		}
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, doc)
	return nil
}
