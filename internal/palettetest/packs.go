package palettetest

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// page cuts the part of a list out that a request asks for. Only the token
// leads on; an offset is not looked at.
func (s *Server) page(q *request, all []any) map[string]any {
	query := q.URL.Query()
	limit, err := strconv.Atoi(query.Get("limit"))
	if err != nil || limit < 1 || limit > 50 {
		limit = 50
	}
	if s.opts.PageSize > 0 {
		limit = s.opts.PageSize
	}
	start := 0
	if rest, ok := strings.CutPrefix(query.Get("continue"), "token-"); ok {
		start, _ = strconv.Atoi(rest)
	}
	start = min(max(start, 0), len(all))
	end, next := min(start+limit, len(all)), ""
	if end < len(all) {
		next = "token-" + strconv.Itoa(end)
	}
	return map[string]any{
		"listmeta": map[string]any{"continue": next, "count": len(all), "limit": limit, "offset": start},
		"items":    slices.Concat([]any{}, all[start:end]),
	}
}

// catch lets the syncs go on that nobody asks about. The caller holds the lock.
func (s *Server) catch() {
	for _, r := range slices.Clone(s.registries) {
		s.step(r)
	}
}

func (s *Server) serveSearch(q *request) {
	var filter struct {
		Filter struct {
			RegistryUID []string `json:"registryUid"`
		} `json:"filter"`
	}
	if json.Unmarshal(q.body, &filter) != nil {
		q.refuse(http.StatusBadRequest, "InvalidRequestBody", "the body cannot be read")
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catch()
	var items []any
	at := make(map[string]int)
	for _, r := range s.registries {
		if want := filter.Filter.RegistryUID; len(want) > 0 && !slices.Contains(want, r.uid) {
			continue
		}
		for _, p := range newest(r.packs) {
			in := map[string]any{
				"uid": r.uid, "name": r.name, "scope": r.scope, "latestVersion": p.version, "latestPackUid": p.uid, "annotations": p.annotations,
			}
			if i, ok := at[p.name]; ok {
				spec := items[i].(map[string]any)["spec"].(map[string]any)
				spec["registries"] = append(spec["registries"].([]any), in)
				continue
			}
			at[p.name] = len(items)
			items = append(items, map[string]any{
				"apiVersion": "v1", "kind": "pack", "metadata": nil, "status": nil,
				"spec": map[string]any{"name": p.name, "displayName": p.displayName, "layer": p.layer, "type": "spectro", "registries": []any{in}},
			})
		}
	}
	q.reply(http.StatusOK, s.page(q, items))
}

// newest is the last version of each name.
func newest(packs []*pack) []*pack {
	var out []*pack
	for _, p := range packs {
		i := slices.IndexFunc(out, func(o *pack) bool { return o.name == p.name })
		if i < 0 {
			out = append(out, p)
		} else {
			out[i] = p
		}
	}
	return out
}

func (s *Server) servePack(q *request, name, uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.catch()
	r := s.find(uid, "")
	if r == nil {
		q.notFound()
		return
	}
	packs := slices.DeleteFunc(slices.Clone(r.packs), func(p *pack) bool { return p.name != name })
	if len(packs) == 0 {
		q.notFound()
		return
	}
	valued := packs
	if s.opts.LatestOnly {
		valued = newest(packs)
	}
	q.reply(http.StatusOK, s.entity(r, packs, valued))
}

func (s *Server) servePackUID(q *request, uid string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.registries {
		for _, p := range r.packs {
			if p.uid == uid {
				q.reply(http.StatusOK, s.entity(r, []*pack{p}, []*pack{p}))
				return
			}
		}
	}
	q.notFound()
}

// entity is what Palette tells of versions of one pack.
func (s *Server) entity(r *record, packs, valued []*pack) map[string]any {
	tags, values := make([]any, 1, 1+len(packs)), make([]any, 0, len(valued))
	for _, p := range packs {
		tag := map[string]any{"packUid": p.uid, "version": p.version, "tag": p.version, "group": "", "parentTags": nil}
		switch {
		case s.opts.TagOnly:
			tag["version"] = ""
		case s.opts.VersionTag:
			tag["tag"], _, _ = strings.Cut(p.version, ".")
		}
		tags = append(tags, tag)
	}
	for _, p := range valued {
		values = append(values, map[string]any{
			"packUid": p.uid, "values": p.values, "readme": p.readme, "annotations": p.annotations, "presets": p.presets, "schema": p.schema, "dependencies": nil, "template": nil,
		})
	}
	return map[string]any{
		"name": packs[0].name, "displayName": packs[0].displayName, "layer": packs[0].layer, "registryUid": r.uid, "tags": tags, "packValues": values,
	}
}

// Spoil changes what Palette has of the values of a pack, as if it had read
// something else.
func (s *Server) Spoil(name, version, values string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.registries {
		for _, p := range r.packs {
			if p.name == name && p.version == version {
				p.values = values
			}
		}
	}
}
