package palettetest

import "net/http"

// Layer is one pack of a cluster profile.
type Layer struct{ Name, Version, RegistryUID string }

type profile struct {
	uid, name, project string
	layers             []Layer
}

// AddProfile adds a cluster profile: of a project, or of the tenant where
// project is empty.
func (s *Server) AddProfile(name, project string, layers ...Layer) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.profiles = append(s.profiles, &profile{uid: s.uid(), name: name, project: project, layers: layers})
}

func (s *Server) serveProfiles(q *request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var items []any
	for _, p := range s.profiles {
		if p.project != "" && p.project != q.Header.Get("ProjectUid") {
			continue
		}
		packs := []any{}
		for _, l := range p.layers {
			packs = append(packs, map[string]any{"name": l.Name, "tag": l.Version}) // whose registry it is, it does not tell
		}
		items = append(items, map[string]any{
			"metadata":    map[string]any{"uid": p.uid, "name": p.name},
			"specSummary": map[string]any{"published": map[string]any{"packs": packs}, "draft": nil}, "status": nil,
		})
	}
	q.reply(http.StatusOK, s.page(q, items))
}

func (s *Server) serveProfile(q *request, uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range s.profiles {
		if p.uid != uid {
			continue
		}
		packs := make([]any, 0, len(p.layers))
		for _, l := range p.layers {
			packs = append(packs, map[string]any{"name": l.Name, "tag": l.Version, "version": "", "registryUid": l.RegistryUID, "layer": "addon"})
		}
		q.reply(http.StatusOK, map[string]any{
			"metadata": map[string]any{"uid": p.uid, "name": p.name}, "spec": map[string]any{"published": map[string]any{"packs": packs}, "draft": nil},
		})
		return
	}
	q.notFound()
}
