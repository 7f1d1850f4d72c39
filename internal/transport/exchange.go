package transport

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"time"
)

// prepared is a request whose body is open, ready to be sent once.
type prepared struct {
	req    *http.Request
	parent context.Context //nolint:containedctx // told apart from the request's own, which the watch cancels
	watch  *watch
}

// prepare opens the body before a slot is taken, so that a body which comes
// from another registry cannot wait for a slot while it holds one.
func (c *Client) prepare(ctx context.Context, r *Request, authorization string) (*prepared, error) {
	own, cancel := context.WithCancelCause(ctx)
	w := newWatch(c.cfg.Timeouts, cancel)
	req, err := http.NewRequestWithContext(own, r.Method, r.URL.String(), nil)
	if err != nil {
		cancel(nil)
		return nil, &ConnError{Host: r.URL.Host, Kind: KindOther, Err: withoutURL(err)}
	}
	if r.Header != nil {
		req.Header = r.Header.Clone()
	}
	req.Header.Set("User-Agent", c.cfg.UserAgent)
	if authorization != "" {
		req.Header.Set("Authorization", authorization)
	}
	if err := setBody(req, r, w); err != nil {
		cancel(nil)
		return nil, err
	}
	return &prepared{req: req, parent: ctx, watch: w}, nil
}

func setBody(req *http.Request, r *Request, w *watch) error {
	if r.Body == nil || r.Size == 0 {
		return nil // net/http sends Content-Length: 0 where the method wants one
	}
	open := func() (io.ReadCloser, error) {
		rc, err := r.Body()
		if err != nil {
			return nil, &BodyError{Err: err}
		}
		return &sentBody{rc: rc, left: r.Size, watch: w}, nil
	}
	body, err := open()
	if err != nil {
		return err
	}
	req.Body, req.GetBody, req.ContentLength = body, open, r.Size
	return nil
}

// discard frees what prepare opened where the request is not sent.
func (p *prepared) discard() {
	if p.req.Body != nil {
		_ = p.req.Body.Close() // it was only read from
	}
	p.watch.end()
}

// exchange sends a request and waits for the head of the reply.
func (c *Client) exchange(p *prepared) (*http.Response, error) {
	start := c.cfg.Clock.Now()
	p.watch.begin()
	resp, err := c.http.Do(p.req)
	p.watch.pause()
	if err != nil {
		p.watch.end()
		err = c.explain(p.parent, p.req, err)
		c.trace(p, 0, start, err)
		return nil, err
	}
	c.trace(p, resp.StatusCode, start, nil)
	received := &receivedBody{rc: resp.Body, sent: p, client: c, length: resp.ContentLength}
	resp.Body = received
	if wantsTLS(resp) {
		_ = received.Close() // it was read as far as it matters
		return nil, &ConnError{Host: p.req.URL.Host, Kind: KindTLS}
	}
	return resp, nil
}

// trace logs a request without what may hold a secret: header fields, and the
// query, where storage services put signatures.
func (c *Client) trace(p *prepared, status int, start time.Time, err error) {
	if !c.log.Enabled(p.parent, slog.LevelDebug) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", p.req.Method), slog.String("url", plainURL(p.req.URL)),
		slog.Int64("size", p.req.ContentLength), slog.Duration("took", c.cfg.Clock.Now().Sub(start)),
	}
	if err != nil {
		attrs = append(attrs, slog.String("error", c.redact(err.Error())))
	} else {
		attrs = append(attrs, slog.Int("status", status))
	}
	c.log.LogAttrs(p.parent, slog.LevelDebug, "request", attrs...)
}

func plainURL(u *url.URL) string {
	s := u.Scheme + "://" + u.Host + u.EscapedPath()
	if u.RawQuery != "" {
		s += "?…"
	}
	return s
}

// sentBody is a body on its way out. It proves that the size is as announced
// and tells the watch that bytes move.
type sentBody struct {
	rc    io.ReadCloser
	left  int64
	watch *watch
}

func (b *sentBody) Read(p []byte) (int, error) {
	n, err := b.rc.Read(p)
	b.left -= int64(n)
	switch {
	case b.left < 0:
		return 0, &BodyError{Err: errors.New("it is longer than announced")}
	case errors.Is(err, io.EOF) && b.left > 0:
		return n, &BodyError{Err: errors.New("it is shorter than announced")}
	case err != nil && !errors.Is(err, io.EOF):
		return n, &BodyError{Err: err}
	}
	b.watch.moved(b.left == 0)
	return n, err
}

func (b *sentBody) Close() error { return b.rc.Close() }

// receivedBody is a body on its way in. Its errors are as those of Do.
type receivedBody struct {
	rc     io.ReadCloser
	sent   *prepared
	client *Client
	length int64 // as announced; -1: not
	ended  bool  // read to its end, or to an error
}

func (b *receivedBody) Read(p []byte) (int, error) {
	b.sent.watch.begin()
	n, err := b.rc.Read(p)
	b.sent.watch.pause()
	b.ended = b.ended || err != nil
	if err != nil && !errors.Is(err, io.EOF) {
		err = b.client.explain(b.sent.parent, b.sent.req, err)
	}
	return n, err
}

// maxRest is how much of a reply is read just to use its connection again.
const maxRest = 4 << 10

// Close frees the request. What little is left of the body is read first: a
// connection with an unread rest cannot be used again.
func (b *receivedBody) Close() error {
	if !b.ended && b.length <= maxRest {
		_, _ = io.Copy(io.Discard, io.LimitReader(b, maxRest))
	}
	err := b.rc.Close()
	b.sent.watch.end()
	return err
}
