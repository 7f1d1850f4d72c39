package harbortest

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
)

// RobotPrefix begins the login name of every robot account.
const RobotPrefix = "robot$"

var robotName = regexp.MustCompile(`^[a-z0-9]+(?:[._-][a-z0-9]+)*$`)

func (s *Server) apiRobots(w http.ResponseWriter, q *request, path []string) error {
	switch {
	case len(path) == 0 && q.Method == http.MethodPost:
		return s.createRobot(w, q)
	case len(path) == 0 && q.Method == http.MethodGet:
		return s.listRobots(w, q)
	case len(path) == 1 && q.Method == http.MethodDelete:
		return s.deleteRobot(w, q, path[0])
	}
	return errNoRoute
}

func (r *robot) check() error {
	switch {
	case !robotName.MatchString(r.Name):
		return badRequest("robot name is not in lower case or contains illegal characters")
	case r.Duration == 0 || r.Duration < -1:
		return badRequest(fmt.Sprintf("bad request error duration input: %d", r.Duration))
	case r.Level != "system" && r.Level != "project":
		return badRequest("bad request error level input: " + r.Level)
	case len(r.Permissions) == 0:
		return badRequest("bad request empty permission")
	case r.Level == "project" && len(r.Permissions) > 1:
		return badRequest("bad request permission")
	}
	for _, p := range r.Permissions {
		if len(p.Access) == 0 {
			return badRequest("bad request empty access")
		}
	}
	return nil
}

// mayRobots tells whether the sender may manage robot accounts of a project,
// or of the system where project is "".
func (s *Server) mayRobots(q *request, project, action string) error {
	if project != "" {
		_, err := s.allowedIn(q, project, action, resRobot)
		return err
	}
	if !q.who.admin {
		return forbidden("forbidden")
	}
	return nil
}

func (s *Server) createRobot(w http.ResponseWriter, q *request) error {
	r := &robot{}
	if err := readJSON(w, q, r); err != nil {
		return err
	}
	if err := r.check(); err != nil {
		return err
	}
	name := RobotPrefix + r.Name
	if r.Level == "project" {
		r.project = r.Permissions[0].Namespace
		name = RobotPrefix + r.project + "+" + r.Name
	}
	if err := s.mayRobots(q, r.project, actCreate); err != nil {
		return err
	}
	r.Name = name
	secret := rand.Text()
	s.mu.Lock()
	if s.accounts[name] != nil {
		s.mu.Unlock()
		return conflict("The robot account named " + name + " already exists")
	}
	r.ID = s.newID()
	s.accounts[name] = &account{name: name, password: secret, robot: r}
	s.mu.Unlock()
	w.Header().Set("Location", fmt.Sprintf("%srobots/%d", apiRoot, r.ID))
	writeJSON(w, http.StatusCreated, map[string]any{
		"id": r.ID, "name": name, "secret": secret, "creation_time": dateTime(s.opts.Now()), "expires_at": -1,
	})
	return nil
}

func (s *Server) listRobots(w http.ResponseWriter, q *request) error {
	if err := s.mayRobots(q, "", actList); err != nil {
		return err
	}
	s.mu.Lock()
	all := []*robot{}
	for _, a := range s.accounts {
		if a.robot != nil {
			all = append(all, a.robot)
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b *robot) int { return cmp.Compare(a.ID, b.ID) })
	return writePage(w, q, all)
}

func (s *Server) deleteRobot(w http.ResponseWriter, q *request, id string) error {
	s.mu.Lock()
	var found *account
	for _, a := range s.accounts {
		if a.robot != nil && strconv.Itoa(a.robot.ID) == id {
			found = a
		}
	}
	s.mu.Unlock()
	if found == nil {
		return notFound("robot account " + id + " not found")
	}
	if err := s.mayRobots(q, found.robot.project, actDelete); err != nil {
		return err
	}
	s.mu.Lock()
	delete(s.accounts, found.name)
	s.mu.Unlock()
	w.WriteHeader(http.StatusOK)
	return nil
}
