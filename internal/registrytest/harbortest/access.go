package harbortest

import (
	"crypto/subtle"
	"net/http"
	"slices"
	"strings"
)

// account is somebody who sends requests: nobody, a user or a robot account.
type account struct {
	name     string
	password string
	admin    bool
	roles    map[string]Role // by project
	robot    *robot          // nil for users
	token    map[string][]string
}

// robot is a robot account.
type robot struct {
	ID          int          `json:"id"`
	Name        string       `json:"name"` // with robot$
	Level       string       `json:"level"`
	Duration    int64        `json:"duration"`
	Permissions []permission `json:"permissions"`
	project     string       // level project only
}

type permission struct {
	Kind      string   `json:"kind"`
	Namespace string   `json:"namespace"`
	Access    []access `json:"access"`
}

type access struct {
	Resource string `json:"resource"`
	Action   string `json:"action"`
}

// What may be done with what is below a project; the project itself is "".
const (
	resProject    = ""
	resRepository = "repository"
	resArtifact   = "artifact"
	resTag        = "tag"
	resImmutable  = "immutable-tag"
	resQuota      = "quota"
	resRobot      = "robot"

	actRead   = "read"
	actList   = "list"
	actPull   = "pull"
	actPush   = "push"
	actCreate = "create"
	actDelete = "delete"
	actUpdate = "update"
)

// everybody may do that in public projects.
var everybody = []access{
	{resProject, actRead},
	{resRepository, actPull},
	{resRepository, actList},
	{resRepository, actRead},
	{resArtifact, actRead},
	{resArtifact, actList},
	{resTag, actList},
}

var (
	guest     = append(slices.Clip(everybody), access{resQuota, actRead})
	developer = append(slices.Clip(guest),
		access{resRepository, actPush}, access{resArtifact, actCreate}, access{resTag, actCreate})
	maintainer = append(slices.Clip(developer),
		access{resRepository, actDelete}, access{resArtifact, actDelete}, access{resTag, actDelete},
		access{resImmutable, actList}, access{resImmutable, actCreate}, access{resImmutable, actDelete})
	projectAdmin = append(slices.Clip(maintainer),
		access{resRobot, actCreate}, access{resRobot, actList}, access{resRobot, actDelete})
)

var roleAccess = map[Role][]access{
	RoleProjectAdmin: projectAdmin, RoleMaintainer: maintainer, RoleDeveloper: developer, RoleGuest: guest,
}

// can tells whether an account may do something in a project. It must be
// called with the server's lock held.
func (a *account) can(action, resource string, p *project) bool {
	if a.token != nil { // a bearer token is good for the data plane only
		return resource == resRepository && slices.Contains(a.token[p.name], action)
	}
	want := access{resource, action}
	switch {
	case a.admin:
		return true
	case a.robot != nil:
		return a.robot.can(want, p.name)
	case slices.Contains(roleAccess[a.roles[p.name]], want):
		return true
	}
	return p.public && slices.Contains(everybody, want)
}

func (r *robot) can(want access, project string) bool {
	if want.Resource == resProject {
		want.Resource = "project"
	}
	for _, p := range r.Permissions {
		if p.Kind == "project" && (p.Namespace == "*" || p.Namespace == project) && slices.Contains(p.Access, want) {
			return true
		}
	}
	return false
}

// actions lists what an account may do with the repositories of a project, as
// tokens say it.
func (a *account) actions(p *project) []string {
	actions := []string{}
	for _, action := range []string{actPull, actPush, actDelete} {
		if a.can(action, resRepository, p) {
			actions = append(actions, action)
		}
	}
	if len(actions) == 3 {
		actions = append(actions, "*")
	}
	return actions
}

func (s *Server) addUsers() {
	s.accounts[AdminName] = &account{name: AdminName, password: AdminPassword, admin: true}
	for _, u := range s.opts.Users {
		roles := make(map[string]Role)
		for project, role := range u.Roles {
			roles[project] = role
		}
		s.accounts[u.Name] = &account{name: u.Name, password: u.Password, admin: u.Admin, roles: roles}
	}
}

// authenticate tells who sends a request. A wrong password or token is as good
// as none.
func (s *Server) authenticate(r *http.Request) (*account, bool) {
	nobody := &account{}
	if user, password, ok := r.BasicAuth(); ok {
		s.mu.Lock()
		defer s.mu.Unlock()
		who := s.accounts[user]
		if who == nil || subtle.ConstantTimeCompare([]byte(who.password), []byte(password)) != 1 {
			return nobody, false
		}
		return who, true
	}
	token, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if !ok || !strings.HasPrefix(r.URL.Path, "/v2") {
		return nobody, false
	}
	c, ok := s.signer.verify(token, s.opts.Now())
	if !ok {
		return nobody, false
	}
	return &account{name: c.Subject, token: c.byProject()}, true
}
