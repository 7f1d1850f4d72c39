package ecrtest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
)

const maxManifest = 4 << 20

// putManifest writes a manifest unless the rate is exceeded or the tag is immutable.
func (r *Registry) putManifest(w http.ResponseWriter, q *request, b *backend) {
	body, err := io.ReadAll(http.MaxBytesReader(w, q.Body, maxManifest))
	if err != nil {
		writeErrors(w, http.StatusBadRequest, "MANIFEST_INVALID", err.Error())
		return
	}
	if !r.put.AllowN(r.server.opts.Now(), 1) {
		writeErrors(w, http.StatusTooManyRequests, "TOOMANYREQUESTS", "Rate exceeded")
		return
	}
	r.tagging.Lock()
	defer r.tagging.Unlock()
	tag := q.reference
	if strings.Contains(tag, ":") {
		tag = ""
	}
	if r.taken(q.repository, tag) {
		writeErrors(w, http.StatusBadRequest, "TAG_INVALID",
			fmt.Sprintf("The image tag '%s' already exists in the '%s' repository and cannot be overwritten because the tag is immutable.", tag, q.repository))
		return
	}
	header := http.Header{"Content-Type": q.Header["Content-Type"], "X-Forwarded-Proto": {r.server.scheme()}}
	resp, err := b.do(q.Context(), http.MethodPut, q.URL.Path, header, bytes.NewReader(body))
	if err != nil {
		writeErrors(w, http.StatusBadGateway, "UNKNOWN", err.Error())
		return
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode == http.StatusCreated {
		r.remember(q.repository, tag, resp.Header.Get("Docker-Content-Digest"), body)
		resp.Header.Set("Location", "/v2/"+q.repository+"/manifests/"+resp.Header.Get("Docker-Content-Digest"))
	}
	pass(w, resp)
}

// taken tells whether a tag is there and must stay as it is.
func (r *Registry) taken(repository, tag string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	repo := r.repositories[repository]
	return repo != nil && tag != "" && repo.immutable(tag) && repo.tagged(tag) != nil
}

func (r *Registry) remember(repository, tag, digest string, body []byte) {
	var m struct {
		MediaType string
		Config    struct {
			MediaType string
			Size      int64
		}
		Layers  []struct{ Size int64 }
		Subject struct{ Digest string }
	}
	_ = json.Unmarshal(body, &m) // the server behind took it
	i := image{
		digest: digest, mediaType: m.MediaType, config: m.Config.MediaType,
		size: int64(len(body)) + m.Config.Size, pushedAt: r.server.opts.Now(), subject: m.Subject.Digest, length: int64(len(body)),
	}
	for _, l := range m.Layers {
		i.size += l.Size
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if repo := r.repositories[repository]; repo != nil {
		repo.add(i, tag)
	}
}
