package faultproxy

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const headerDigest = "Docker-Content-Digest"

func wrongDigest(_ *Server, _ http.ResponseWriter, resp *http.Response) {
	if resp.Header.Get(headerDigest) != "" {
		resp.Header.Set(headerDigest, "sha256:"+strings.Repeat("0", 64))
	}
}

func relativeLocation(_ *Server, _ http.ResponseWriter, resp *http.Response) {
	if u, err := url.Parse(resp.Header.Get("Location")); err == nil && u.Path != "" {
		u.Scheme, u.Host = "", ""
		resp.Header.Set("Location", u.String())
	}
}

func foreignLocation(s *Server, _ http.ResponseWriter, resp *http.Response) {
	if resp.Header.Get("Location") != "" {
		resp.Header.Set("Location", "http://"+s.Elsewhere+"/v2/upload?_state=canary")
	}
}

var errCut = errors.New("cut by faultproxy")

// truncate sends half of a body; ReverseProxy then cuts the connection.
func truncate(_ *Server, _ http.ResponseWriter, resp *http.Response) {
	resp.Body = &edited{rc: resp.Body, edit: func(p []byte, at int64) (int, error) {
		if half := max(resp.ContentLength, 2) / 2; at+int64(len(p)) > half {
			return int(max(half-at, 0)), errCut
		}
		return len(p), nil
	}}
}

// corrupt changes the last byte of what has a known length.
func corrupt(_ *Server, _ http.ResponseWriter, resp *http.Response) {
	last := resp.ContentLength - 1
	resp.Body = &edited{rc: resp.Body, edit: func(p []byte, at int64) (int, error) {
		if i := last - at; i >= 0 && i < int64(len(p)) {
			p[i] ^= 1
		}
		return len(p), nil
	}}
}

func slowBody(s *Server, r *http.Request) {
	r.Body = &edited{rc: r.Body, most: pieceOf(r.ContentLength), edit: s.dawdle(r.Context())}
}

func slowReply(s *Server, _ http.ResponseWriter, resp *http.Response) {
	resp.Body = &edited{rc: resp.Body, most: pieceOf(resp.ContentLength), edit: s.dawdle(resp.Request.Context())}
}

func stallReply(s *Server, _ http.ResponseWriter, resp *http.Response) {
	half := max(resp.ContentLength, 2) / 2
	resp.Body = &edited{rc: resp.Body, most: int(half), edit: func(p []byte, at int64) (int, error) {
		if at < half {
			return len(p), nil
		}
		s.hold(resp.Request)
		return 0, errCut
	}}
}

// pieces is into how many parts a slow body is cut.
const pieces = 8

func pieceOf(length int64) int { return int(max(length/pieces, 1)) }

// dawdle waits before each piece of a body.
func (s *Server) dawdle(ctx context.Context) func(p []byte, at int64) (int, error) {
	return func(p []byte, _ int64) (int, error) {
		t := time.NewTimer(s.opts.Pause)
		defer t.Stop()
		select {
		case <-t.C:
			return len(p), nil
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-s.end:
			return 0, errCut
		}
	}
}

// edited is a body that is changed on its way.
type edited struct {
	rc   io.ReadCloser
	most int // bytes in one piece; 0: as many as are asked for
	at   int64
	edit func(p []byte, at int64) (keep int, err error)
}

func (e *edited) Read(p []byte) (int, error) {
	if e.most > 0 && len(p) > e.most {
		p = p[:e.most]
	}
	n, err := e.rc.Read(p)
	if n > 0 {
		keep, editErr := e.edit(p[:n], e.at)
		e.at += int64(n)
		if editErr != nil {
			return keep, editErr
		}
	}
	return n, err
}

func (e *edited) Close() error { return e.rc.Close() }
