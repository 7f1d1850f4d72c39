package palettetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"
)

// record is a registry that Palette knows.
type record struct {
	uid, name   string
	class       string // oci, helm or pack
	kind        string // basic or ecr
	scope       string
	spec        map[string]any
	annotations map[string]any
	labels      map[string]any

	run    *run // of the sync that goes on
	status string
	why    string // message of the last sync
	ran    time.Time
	synced time.Time
	packs  []*pack
}

// AddRegistry adds a registry that nobody made by this API: of another class,
// or of the whole installation.
func (s *Server) AddRegistry(name, class, kind, scope string) (uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &record{uid: s.uid(), name: name, class: class, kind: kind, scope: scope, spec: map[string]any{"isSyncSupported": true}}
	s.registries = append(s.registries, r)
	return r.uid
}

// UID returns that of a registry, or "".
func (s *Server) UID(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.registries {
		if r.name == name {
			return r.uid
		}
	}
	return ""
}

// Spec returns what a registry was registered with, secrets and all.
func (s *Server) Spec(name string) map[string]any {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.registries {
		if r.name == name {
			return r.spec
		}
	}
	return nil
}

// find returns a registry of a kind. That of the other kind is not found. The
// caller holds the lock.
func (s *Server) find(uid, kind string) *record {
	i := slices.IndexFunc(s.registries, func(r *record) bool { return r.uid == uid && (kind == "" || r.kind == kind) })
	if i < 0 {
		return nil
	}
	return s.registries[i]
}

func (s *Server) serveMetadata(q *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := make([]any, 0, len(s.registries))
	for _, r := range s.registries {
		items = append(items, map[string]any{"uid": r.uid, "name": r.name, "kind": r.class, "scope": r.scope, "isDefault": false, "isPrivate": r.kind == "ecr"})
	}
	q.reply(http.StatusOK, map[string]any{"items": items})
}

func (s *Server) serveSummary(q *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	items := []any{}
	for _, r := range s.registries {
		if r.class != "oci" {
			continue
		}
		items = append(items, map[string]any{
			"metadata": map[string]any{"name": r.name, "uid": r.uid, "annotations": nil, "labels": nil},
			"spec": map[string]any{
				"endpoint": r.spec["endpoint"], "providerType": r.spec["providerType"], "registryType": r.kind, "isPrivate": r.kind == "ecr",
				"defaultRegion": r.spec["defaultRegion"], "containsSpectroManifest": false, "scope": r.scope,
			},
			"status": map[string]any{"sync": s.syncStatus(r)}, // elsewhere it is syncStatus
		})
	}
	q.reply(http.StatusOK, map[string]any{"items": items})
}

func (s *Server) serveFlat(q *request, uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(uid, "")
	if r == nil || r.class != "oci" {
		q.notFound()
		return
	}
	q.reply(http.StatusOK, map[string]any{
		"auth": mask(r.spec["auth"]), "endpoint": r.spec["endpoint"], "providerType": r.spec["providerType"], "scope": r.scope, "type": r.kind, "defaultRegion": r.spec["defaultRegion"],
	})
}

// body is a registry as it is sent.
type body struct {
	Metadata struct {
		Name        string         `json:"name"`
		Annotations map[string]any `json:"annotations"`
		Labels      map[string]any `json:"labels"`
	} `json:"metadata"`
	Spec map[string]any `json:"spec"`
}

func (q *request) registration(kind string) (*body, bool) {
	b := &body{}
	if err := json.Unmarshal(q.body, b); err != nil {
		q.refuse(http.StatusBadRequest, "InvalidRequestBody", "the body cannot be read")
		return nil, false
	}
	if message := missing(b.Spec, kind); message != "" || b.Metadata.Name == "" {
		q.refuse(http.StatusUnprocessableEntity, "ValidationError", message)
		return nil, false
	}
	return b, true
}

// missing names what the specification requires and a spec lacks.
func missing(spec map[string]any, kind string) string {
	required := []string{"endpoint", "auth"}
	if kind == "ecr" {
		required = []string{"endpoint", "isPrivate"}
	}
	for _, key := range required {
		if spec[key] == nil {
			return "spec." + key + " in body is required"
		}
	}
	endpoint, _ := spec["endpoint"].(string)
	if hasScheme := strings.Contains(endpoint, "://"); hasScheme != (kind == "basic") {
		return "spec.endpoint in body has the wrong form"
	}
	if spec["isSyncSupported"] == true && spec["baseContentPath"] == nil {
		return "spec.baseContentPath in body is required for synchronization"
	}
	return ""
}

func (s *Server) serveCreate(q *request, kind string) {
	if kind != "basic" && kind != "ecr" {
		q.notFound()
		return
	}
	b, ok := q.registration(kind)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if slices.ContainsFunc(s.registries, func(r *record) bool { return r.class == "oci" && r.name == b.Metadata.Name }) {
		q.refuse(http.StatusConflict, "DuplicateResourceName", "a registry of this name exists")
		return
	}
	r := &record{
		uid: s.uid(), name: b.Metadata.Name, class: "oci", kind: kind, scope: "tenant",
		spec: b.Spec, annotations: b.Metadata.Annotations, labels: b.Metadata.Labels,
	}
	s.registries = append(s.registries, r)
	if q.URL.Query().Get("skipPackSync") != "true" {
		s.begin(r)
	}
	q.reply(http.StatusCreated, map[string]any{"uid": r.uid})
}

func (s *Server) serveValidate(q *request, kind string) {
	if s.opts.NoValidate {
		q.notFound()
		return
	}
	var spec map[string]any // bare, not a registry
	if err := json.Unmarshal(q.body, &spec); err != nil {
		q.refuse(http.StatusBadRequest, "InvalidRequestBody", "the body cannot be read")
		return
	}
	if message := missing(spec, kind); message != "" {
		q.refuse(http.StatusUnprocessableEntity, "ValidationError", message)
		return
	}
	if err := s.reader(kind, spec).try(q.Context()); err != nil {
		q.refuse(http.StatusBadRequest, "RegistryValidationFailed", err.Error())
		return
	}
	q.reply(http.StatusNoContent, nil)
}

func (s *Server) serveRegistry(q *request, uid, kind string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.find(uid, kind)
	if r == nil {
		q.notFound()
		return
	}
	switch q.Method {
	case http.MethodGet:
		q.reply(http.StatusOK, s.shown(r))
	case http.MethodDelete:
		s.registries = slices.DeleteFunc(s.registries, func(o *record) bool { return o == r })
		q.reply(http.StatusNoContent, nil)
	default:
		b, ok := q.registration(kind)
		if !ok {
			return
		}
		r.name, r.spec, r.annotations, r.labels = b.Metadata.Name, b.Spec, b.Metadata.Annotations, b.Metadata.Labels
		q.reply(http.StatusNoContent, nil)
	}
}

// shown is a registry as Palette tells it: secrets masked, null for what is
// not there.
func (s *Server) shown(r *record) map[string]any {
	spec, _ := mask(r.spec).(map[string]any)
	if spec["credentials"] == nil && r.kind == "ecr" {
		spec["credentials"] = nil
	}
	if s.opts.HideTLS {
		delete(spec, "tls")
		if auth, ok := spec["auth"].(map[string]any); ok {
			auth["tls"] = nil
		}
	}
	return map[string]any{
		"kind": nil, "metadata": map[string]any{"name": r.name, "uid": r.uid, "annotations": r.annotations, "labels": r.labels, "deletionTimestamp": nil},
		"spec": spec, "status": map[string]any{"syncStatus": s.syncStatus(r)},
	}
}

// mask copies a value without the secrets in it.
func mask(v any) any {
	m, ok := v.(map[string]any)
	if !ok {
		return v
	}
	out := make(map[string]any, len(m))
	for key, value := range m {
		switch key {
		case "password", "token", "secretKey":
			if text, ok := value.(string); ok && text != "" {
				value = "********"
			}
		}
		out[key] = mask(value)
	}
	return out
}
