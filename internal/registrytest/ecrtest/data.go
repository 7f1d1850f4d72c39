package ecrtest

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httputil"
	"net/url"
	"regexp"
	"strconv"
	"strings"
)

const maxTagsPage = 1000

// request is one request of the data plane, taken apart.
type request struct {
	*http.Request
	who        *identity
	repository string
	kind       string // manifests, blobs, uploads, tags, referrers
	reference  string // tag, digest or upload session
}

var dataPath = regexp.MustCompile(`^/v2/(.+)/(manifests|blobs/uploads|blobs|tags|referrers)/([^/]*)$`)

// ServeHTTP is the data plane of a registry.
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	who := r.login(w, req)
	if who == nil {
		return
	}
	if req.URL.Path == "/v2/" || req.URL.Path == "/v2" {
		w.WriteHeader(http.StatusOK)
		return
	}
	m := dataPath.FindStringSubmatch(req.URL.Path)
	if m == nil {
		http.Error(w, "404 page not found", http.StatusNotFound)
		return
	}
	q := &request{Request: req, who: who, repository: m[1], kind: strings.TrimPrefix(m[2], "blobs/"), reference: m[3]}
	action := q.action()
	r.server.record(Call{
		Operation: action, Account: r.Account, Region: r.Region, Repository: q.repository,
		Principal: who.arn, Method: req.Method, Path: req.URL.Path,
	})
	switch {
	case action == "":
		writeErrors(w, http.StatusMethodNotAllowed, "UNSUPPORTED", "The operation is unsupported.")
		return
	case r.refuse(w, q, action):
		return
	}
	r.serve(w, q)
}

// login finds out who sends a request. It answers where nobody may go on.
func (r *Registry) login(w http.ResponseWriter, req *http.Request) *identity {
	user, password, ok := req.BasicAuth()
	if ok && user == "AWS" {
		who, known, valid := r.server.useToken(password, r.Region)
		if valid {
			return who
		}
		if known {
			writeErrors(w, http.StatusForbidden, "DENIED", "Your authorization token has expired. Reauthenticate and try again.")
			return nil
		}
	}
	w.Header().Set("Www-Authenticate", fmt.Sprintf(`Basic realm="%s://%s/",service="ecr.amazonaws.com"`, r.server.scheme(), r.address()))
	http.Error(w, "Not Authorized", http.StatusUnauthorized)
	return nil
}

// action is the API action that a request needs the right to; "" for none that exists.
func (q *request) action() string {
	read := q.Method == http.MethodGet || q.Method == http.MethodHead
	switch {
	case q.kind == "manifests" && read:
		return "BatchGetImage"
	case q.kind == "manifests" && q.Method == http.MethodPut:
		return "PutImage"
	case q.kind == "blobs" && q.Method == http.MethodHead:
		return "BatchCheckLayerAvailability"
	case q.kind == "blobs" && q.Method == http.MethodGet:
		return "GetDownloadUrlForLayer"
	case q.kind == "uploads" && q.Method == http.MethodPost:
		return "InitiateLayerUpload"
	case q.kind == "uploads" && q.Method == http.MethodPatch:
		return "UploadLayerPart"
	case q.kind == "uploads" && q.Method == http.MethodPut:
		return "CompleteLayerUpload"
	case q.kind == "uploads" && read:
		return "UploadLayerPart"
	case q.kind == "tags" && read, q.kind == "referrers" && read:
		return "ListImages"
	}
	return ""
}

// refuse answers requests that must not get through.
func (r *Registry) refuse(w http.ResponseWriter, q *request, action string) bool {
	if f := r.server.fault(action); f != nil {
		writeErrors(w, f.Status, f.Code, f.Message)
		return true
	}
	needed := []string{action}
	if action == "CompleteLayerUpload" { // a PUT carries the bytes, too
		needed = append(needed, "UploadLayerPart")
	}
	for _, a := range needed {
		if e := q.who.authorize(a, r, q.repository); e != nil {
			writeErrors(w, http.StatusForbidden, "DENIED", e.Message)
			return true
		}
	}
	if _, there := r.Repository(q.repository); !there {
		writeErrors(w, http.StatusNotFound, "NAME_UNKNOWN",
			fmt.Sprintf("The repository with name '%s' does not exist in the registry with id '%s'", q.repository, r.Account))
		return true
	}
	return false
}

func (r *Registry) serve(w http.ResponseWriter, q *request) {
	b, err := r.backend()
	if err != nil {
		writeErrors(w, http.StatusInternalServerError, "UNKNOWN", err.Error())
		return
	}
	switch {
	case q.kind == "manifests" && q.Method == http.MethodPut:
		r.putManifest(w, q, b)
	case q.kind == "uploads":
		r.serveUpload(w, q, b)
	case q.kind == "blobs" && q.Method == http.MethodGet:
		r.redirect(w, q, b)
	case q.kind == "tags":
		r.serveTags(w, q, b)
	case q.kind == "referrers":
		r.serveReferrers(w, q)
	default:
		r.forward(w, q.Request, b, q.notFound)
	}
}

// forward passes a request on. change may alter the reply.
func (r *Registry) forward(w http.ResponseWriter, req *http.Request, b *backend, change func(*http.Response) error) {
	p := &httputil.ReverseProxy{
		Transport: b.client.Transport,
		Rewrite: func(p *httputil.ProxyRequest) {
			p.SetURL(&url.URL{Scheme: "http", Host: "registry"})
			p.Out.Host = p.In.Host // absolute addresses in replies are made of it
			p.Out.Header.Set("X-Forwarded-Proto", r.server.scheme())
			p.Out.Header.Del("Authorization")
		},
		ModifyResponse: change,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			writeErrors(w, http.StatusBadGateway, "UNKNOWN", err.Error())
		},
	}
	p.ServeHTTP(w, req)
}

// notFound says it as ECR does where a manifest or a blob is missing.
func (q *request) notFound(resp *http.Response) error {
	if resp.StatusCode != http.StatusNotFound {
		return nil
	}
	code, message := "MANIFEST_UNKNOWN", "Requested image not found"
	if q.kind == "blobs" {
		code, message = "BLOB_UNKNOWN", "The layer with digest '"+q.reference+"' does not exist in the repository with name '"+q.repository+"'"
	}
	body := errorBody(code, message)
	if err := resp.Body.Close(); err != nil {
		return err
	}
	resp.Body = io.NopCloser(strings.NewReader(body))
	resp.ContentLength = int64(len(body))
	resp.Header.Set("Content-Length", strconv.Itoa(len(body)))
	return nil
}

// serveTags lists tags in pages of at most 1000.
func (r *Registry) serveTags(w http.ResponseWriter, q *request, b *backend) {
	query := q.URL.Query()
	n := maxTagsPage
	if text := query.Get("n"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < 1 || n > maxTagsPage {
			writeErrors(w, http.StatusBadRequest, "UNSUPPORTED",
				"Invalid parameter at 'maxResults' failed to satisfy constraint: 'Member must have value less than or equal to 1000'")
			return
		}
	}
	if limit := r.server.opts.TagsPageSize; limit > 0 {
		n = min(n, limit)
	}
	if len(r.ImageTags(q.repository)) == 0 { // the server behind answers 404
		writeBody(w, http.StatusOK, fmt.Sprintf(`{"name":%q,"tags":[]}`, q.repository))
		return
	}
	query.Set("n", strconv.Itoa(n))
	out := q.Clone(q.Context())
	out.URL.RawQuery = query.Encode()
	r.forward(w, out, b, nil)
}

// serveReferrers lists the images whose subject is asked for.
func (r *Registry) serveReferrers(w http.ResponseWriter, q *request) {
	type descriptor struct {
		MediaType string `json:"mediaType"`
		Digest    string `json:"digest"`
		Size      int64  `json:"size"`
	}
	index := map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json"}
	list := []descriptor{}
	r.mu.Lock()
	if repo := r.repositories[q.repository]; repo != nil {
		for _, digest := range repo.list(imageFilter{}) {
			if i := repo.images[digest]; i.subject == q.reference {
				list = append(list, descriptor{i.mediaType, digest, i.length})
			}
		}
	}
	r.mu.Unlock()
	index["manifests"] = list
	w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
	_ = json.NewEncoder(w).Encode(index) // the client may have gone
}

func errorBody(code, message string) string {
	type one struct {
		Code    string `json:"code"`
		Message string `json:"message"`
	}
	b, _ := json.Marshal(map[string][]one{"errors": {{code, message}}}) // strings only: cannot fail
	return string(b) + "\n"
}

func writeErrors(w http.ResponseWriter, status int, code, message string) {
	writeBody(w, status, errorBody(code, message))
}

func writeBody(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = io.WriteString(w, body) // the client may have gone
}

// pass copies a reply of the server behind.
func pass(w http.ResponseWriter, resp *http.Response) {
	maps.Copy(w.Header(), resp.Header)
	w.WriteHeader(resp.StatusCode)
	_, _ = io.Copy(w, resp.Body) // the client may have gone
}
