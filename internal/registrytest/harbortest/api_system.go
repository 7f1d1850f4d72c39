package harbortest

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
)

// configuration is what the API changes of the whole server.
type configuration struct {
	ReadOnly          bool
	Restriction       string // project_creation_restriction: everyone or adminonly
	StoragePerProject int64  // bytes; -1 for no limit
}

// apiSystemInfo answers everybody; the version only to those who are logged in.
func (s *Server) apiSystemInfo(w http.ResponseWriter, q *request) {
	s.mu.Lock()
	doc := map[string]any{"auth_mode": "db_auth", "primary_auth_mode": false, "self_registration": false}
	if q.authenticated {
		doc["harbor_version"] = version
		doc["external_url"] = s.opts.ExternalURL
		doc["registry_url"] = s.Host
		doc["read_only"] = s.config.ReadOnly
		doc["project_creation_restriction"] = s.config.Restriction
	}
	s.mu.Unlock()
	writeJSON(w, http.StatusOK, doc)
}

func (s *Server) apiConfigurations(w http.ResponseWriter, q *request) error {
	if !q.who.admin {
		return forbidden("forbidden")
	}
	switch q.Method {
	case http.MethodGet:
		s.mu.Lock()
		c := s.config
		s.mu.Unlock()
		setting := func(v any) map[string]any { return map[string]any{"editable": true, "value": v} }
		writeJSON(w, http.StatusOK, map[string]any{
			"read_only": setting(c.ReadOnly), "project_creation_restriction": setting(c.Restriction),
			"storage_per_project": setting(c.StoragePerProject),
		})
		return nil
	case http.MethodPut:
		return s.putConfigurations(w, q)
	}
	return errNoRoute
}

func (s *Server) putConfigurations(w http.ResponseWriter, q *request) error {
	var change struct {
		ReadOnly          *bool   `json:"read_only"`
		Restriction       *string `json:"project_creation_restriction"`
		StoragePerProject *int64  `json:"storage_per_project"`
	}
	if err := readJSON(w, q, &change); err != nil {
		return err
	}
	if r := change.Restriction; r != nil && *r != "everyone" && *r != "adminonly" {
		return badRequest("invalid project_creation_restriction: " + *r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if change.ReadOnly != nil {
		s.config.ReadOnly = *change.ReadOnly
	}
	if change.Restriction != nil {
		s.config.Restriction = *change.Restriction
	}
	if change.StoragePerProject != nil {
		s.config.StoragePerProject = *change.StoragePerProject
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// apiQuotas lists and changes storage limits. A quota has the ID of its project.
func (s *Server) apiQuotas(w http.ResponseWriter, q *request, path []string) error {
	if !q.who.admin {
		return forbidden("forbidden")
	}
	switch {
	case len(path) == 0 && q.Method == http.MethodGet:
		return s.listQuotas(w, q)
	case len(path) == 1 && q.Method == http.MethodPut:
		return s.putQuota(w, q, path[0])
	}
	return errNoRoute
}

func (s *Server) listQuotas(w http.ResponseWriter, q *request) error {
	wanted := q.URL.Query().Get("reference_id")
	s.mu.Lock()
	all := []map[string]any{}
	for _, p := range s.projects {
		if wanted == "" || wanted == strconv.Itoa(p.id) {
			all = append(all, map[string]any{
				"id": p.id, "ref": map[string]any{"id": p.id, "name": p.name, "owner_name": p.owner},
				"hard": map[string]int64{"storage": p.storageLimit}, "used": map[string]int64{"storage": p.used()},
			})
		}
	}
	s.mu.Unlock()
	slices.SortFunc(all, func(a, b map[string]any) int { return cmp.Compare(a["id"].(int), b["id"].(int)) })
	return writePage(w, q, all)
}

func (s *Server) putQuota(w http.ResponseWriter, q *request, id string) error {
	var change struct {
		Hard map[string]int64 `json:"hard"`
	}
	if err := readJSON(w, q, &change); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	p := s.byNameOrID(id)
	if p == nil {
		return notFound("quota " + id + " not found")
	}
	if limit, ok := change.Hard["storage"]; ok {
		p.storageLimit = limit
	}
	w.WriteHeader(http.StatusOK)
	return nil
}
