package ecrtest

import (
	"io"
	"net/http"
	"net/url"
)

// layer is a blob that a signed address gives access to.
type layer struct {
	registry           *Registry
	repository, digest string
}

// redirect answers a GET of a blob with an address at the layer storage.
func (r *Registry) redirect(w http.ResponseWriter, q *request, b *backend) {
	resp, err := b.do(q.Context(), http.MethodHead, q.URL.Path, nil, nil)
	if err != nil {
		writeErrors(w, http.StatusBadGateway, "UNKNOWN", err.Error())
		return
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		r.forward(w, q.Request, b, q.notFound)
		return
	}
	signature := randomHex(32)
	s := r.server
	s.mu.Lock()
	s.layers[signature] = layer{registry: r, repository: q.repository, digest: q.reference}
	s.mu.Unlock()
	base := s.layersURL
	if s.opts.TLS {
		base = "https://" + layersHost(r.Region)
	}
	query := url.Values{"X-Amz-Algorithm": {"AWS4-HMAC-SHA256"}, "X-Amz-Signature": {signature}}
	w.Header().Set("Location", base+"/"+r.Account+"/"+q.reference+"?"+query.Encode())
	w.WriteHeader(http.StatusTemporaryRedirect)
}

// serveLayer is the layer storage. It refuses an Authorization header, as
// object storage does where the address is signed already.
func (s *Server) serveLayer(w http.ResponseWriter, r *http.Request) {
	s.record(Call{Operation: "GetLayer", Method: r.Method, Path: r.URL.Path})
	if r.Header.Get("Authorization") != "" {
		writeStorageError(w, http.StatusBadRequest, "InvalidArgument",
			"Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified")
		return
	}
	s.mu.Lock()
	l, ok := s.layers[r.URL.Query().Get("X-Amz-Signature")]
	s.mu.Unlock()
	if !ok {
		writeStorageError(w, http.StatusForbidden, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided.")
		return
	}
	b, err := l.registry.backend()
	if err != nil {
		writeStorageError(w, http.StatusInternalServerError, "InternalError", err.Error())
		return
	}
	header := http.Header{}
	if ranges := r.Header.Values("Range"); len(ranges) > 0 {
		header["Range"] = ranges
	}
	resp, err := b.do(r.Context(), r.Method, "/v2/"+l.repository+"/blobs/"+l.digest, header, nil)
	if err != nil {
		writeStorageError(w, http.StatusBadGateway, "InternalError", err.Error())
		return
	}
	defer func() { _ = resp.Body.Close() }()
	resp.Header.Del("Docker-Content-Digest")
	resp.Header.Del("Docker-Distribution-Api-Version")
	pass(w, resp)
}

func writeStorageError(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>"+code+"</Code><Message>"+message+"</Message></Error>")
}
