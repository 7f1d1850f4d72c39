package harbortest

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
)

// Admin sends the API a request of the administrator, past the network and
// past what Requests tells: path is what follows /api/v2.0/, body is JSON or
// empty. The reply is decoded into reply unless that is nil.
func (s *Server) Admin(ctx context.Context, method, path, body string, reply any) error {
	r := httptest.NewRequestWithContext(ctx, method, apiRoot+path, strings.NewReader(body))
	r.SetBasicAuth(AdminName, AdminPassword)
	w := httptest.NewRecorder()
	who, ok := s.authenticate(r)
	s.serveAPI(w, &request{Request: r, server: s, who: who, authenticated: ok})
	if w.Code >= http.StatusBadRequest {
		return fmt.Errorf("%s %s: %d %s", method, path, w.Code, strings.TrimSpace(w.Body.String()))
	}
	if reply == nil {
		return nil
	}
	return json.Unmarshal(w.Body.Bytes(), reply)
}

// AddProject creates a project with the settings of a new one that the API
// knows: {"storage_limit":…}, or "" for none.
func (s *Server) AddProject(ctx context.Context, name, settings string) error {
	if settings == "" {
		settings = "{}"
	}
	var body map[string]any
	if err := json.Unmarshal([]byte(settings), &body); err != nil {
		return err
	}
	body["project_name"] = name
	b, err := json.Marshal(body)
	if err != nil {
		return err
	}
	return s.Admin(ctx, http.MethodPost, "projects", string(b), nil)
}

// AddRobot creates a robot account and returns its login. Level is system or
// project; access is a list of RESOURCE:ACTION.
func (s *Server) AddRobot(ctx context.Context, level, project, name string, rights ...string) (user, password string, err error) {
	r := robot{Name: name, Level: level, Duration: -1}
	p := permission{Kind: "project", Namespace: project}
	for _, right := range rights {
		resource, action, _ := strings.Cut(right, ":")
		p.Access = append(p.Access, access{resource, action})
	}
	r.Permissions = []permission{p}
	b, err := json.Marshal(r)
	if err != nil {
		return "", "", err
	}
	var created struct{ Name, Secret string }
	err = s.Admin(ctx, http.MethodPost, "robots", string(b), &created)
	return created.Name, created.Secret, err
}

// AddImmutableRule makes every tag of a project immutable once it is there.
func (s *Server) AddImmutableRule(ctx context.Context, project string) error {
	return s.Admin(ctx, http.MethodPost, "projects/"+project+"/immutabletagrules", `{"disabled":false,"action":"immutable",
		"template":"immutable_template","tag_selectors":[{"kind":"doublestar","decoration":"matches","pattern":"**"}],
		"scope_selectors":{"repository":[{"kind":"doublestar","decoration":"repoMatches","pattern":"**"}]}}`, nil)
}

// RemoveImmutableRules takes away what makes tags of a project immutable.
func (s *Server) RemoveImmutableRules(ctx context.Context, project string) error {
	path := "projects/" + project + "/immutabletagrules"
	var rules []immutableRule
	if err := s.Admin(ctx, http.MethodGet, path, "", &rules); err != nil {
		return err
	}
	for _, r := range rules {
		if err := s.Admin(ctx, http.MethodDelete, fmt.Sprintf("%s/%d", path, r.ID), "", nil); err != nil {
			return err
		}
	}
	return nil
}

// SetReadOnly turns the read-only mode on or off.
func (s *Server) SetReadOnly(ctx context.Context, on bool) error {
	return s.Admin(ctx, http.MethodPut, "configurations", fmt.Sprintf(`{"read_only":%t}`, on), nil)
}
