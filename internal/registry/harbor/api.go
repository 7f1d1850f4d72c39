package harbor

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

const (
	apiRoot = "/api/v2.0/"
	// maxReply bounds what is read of a reply of the API: an artifact comes with
	// the annotations of its manifest, which has at most 4 MiB.
	maxReply = 8 << 20
)

// call asks the API, again where that may help, and returns the body of the
// reply. Any status but 2xx is a *transport.StatusError, 401 a
// *transport.LoginError. path is what follows /api/v2.0/, escaped as far as
// the API wants it escaped before the address as a whole is.
func (r *Registry) call(ctx context.Context, method, path string, query url.Values, body any) (reply []byte, err error) {
	req := transport.Request{Method: method, URL: r.client.URL(apiRoot+path, query), Header: http.Header{"Accept": {"application/json"}}}
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Content-Type", "application/json")
		req.Size = int64(len(b))
		req.Body = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(b)), nil }
	}
	err = r.client.Retry(ctx, func(ctx context.Context) (err error) {
		reply, err = r.send(ctx, req)
		return err
	})
	return reply, err
}

func (r *Registry) send(ctx context.Context, req transport.Request) ([]byte, error) {
	resp, err := r.client.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = resp.Body.Close() }() // only read from
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return nil, r.client.StatusError(resp)
	}
	b, err := io.ReadAll(io.LimitReader(resp.Body, maxReply+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxReply {
		return nil, fmt.Errorf("%w: the API's reply is larger than %d bytes", registry.ErrCorrupt, maxReply)
	}
	return b, nil
}

// status returns the reply behind an error; nil where there was none.
func status(err error) *transport.StatusError {
	var s *transport.StatusError
	if errors.As(err, &s) {
		return s
	}
	return nil
}

// says tells whether a reply holds a text of Harbor.
func says(s *transport.StatusError, text string) bool {
	return s != nil && strings.Contains(s.Message(), text)
}
