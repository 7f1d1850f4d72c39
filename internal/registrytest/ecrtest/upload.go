package ecrtest

import (
	"fmt"
	"io"
	"net/http"
	"path"
	"sync/atomic"
)

// upload is what is known of an upload session.
type upload struct {
	put       bool         // a PUT was seen: there is no second one
	received  atomic.Int64 // bytes
	lastRange string       // of the first PATCH: later ones do not move it
}

// serveUpload handles upload sessions: no mounts (unless enabled), one PUT a
// session, and a Range that stands still after the first PATCH.
func (r *Registry) serveUpload(w http.ResponseWriter, q *request, b *backend) {
	if q.Method == http.MethodPost {
		r.startUpload(w, q, b)
		return
	}
	r.mu.Lock()
	u := r.uploads[q.reference]
	used := u != nil && u.put
	if u != nil && q.Method == http.MethodPut {
		u.put = true
	}
	r.mu.Unlock()
	if u == nil {
		writeErrors(w, http.StatusNotFound, "BLOB_UPLOAD_UNKNOWN", "The upload with id '"+q.reference+"' does not exist")
		return
	}
	if used {
		writeErrors(w, http.StatusRequestedRangeNotSatisfiable, "BLOB_UPLOAD_INVALID",
			fmt.Sprintf("First byte of the layer part is 0 instead of %d", u.received.Load()))
		return
	}
	out := q.Clone(q.Context())
	out.Body = &counted{ReadCloser: q.Body, n: &u.received}
	r.forward(w, out, b, func(resp *http.Response) error {
		if q.Method == http.MethodPatch && resp.StatusCode == http.StatusAccepted {
			r.freezeRange(u, resp.Header)
		}
		return nil
	})
}

func (r *Registry) startUpload(w http.ResponseWriter, q *request, b *backend) {
	out := q.Clone(q.Context())
	query := out.URL.Query()
	if from := query.Get("from"); !r.server.opts.BlobMounting || q.who.authorize("GetDownloadUrlForLayer", r, from) != nil {
		query.Del("mount")
		query.Del("from")
		out.URL.RawQuery = query.Encode()
	}
	r.forward(w, out, b, func(resp *http.Response) error {
		if resp.StatusCode != http.StatusAccepted {
			return nil
		}
		location, err := resp.Location()
		if err != nil {
			return err
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		r.uploads[path.Base(location.Path)] = &upload{}
		return nil
	})
}

func (r *Registry) freezeRange(u *upload, header http.Header) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if u.lastRange == "" {
		u.lastRange = header.Get("Range")
	}
	header.Set("Range", u.lastRange)
}

// counted adds up what is read.
type counted struct {
	io.ReadCloser
	n *atomic.Int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.ReadCloser.Read(p)
	c.n.Add(int64(n))
	return n, err
}
