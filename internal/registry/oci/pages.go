package oci

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// Limits on lists, which are hostile input.
const (
	maxPageBody = 32 << 20 // bytes of one page: docker-registry 2 sends all tags at once
	maxPages    = 2000
)

// pages asks for a list page by page, the first one by req, and hands each to add.
func (r *Registry) pages(ctx context.Context, req transport.Request, add func(body []byte) error) error {
	seen := make(map[string]bool)
	for next := req.URL; next != nil; {
		if len(seen) >= maxPages || seen[next.RawQuery] {
			return fmt.Errorf("%w: its pages do not end", registry.ErrCorrupt)
		}
		seen[next.RawQuery] = true
		req.URL = next
		body, following, err := r.page(ctx, req)
		if err != nil {
			return err
		}
		if err := add(body); err != nil {
			return err
		}
		next = following
	}
	return nil
}

// page reads one page and returns where the next one is, or nil.
func (r *Registry) page(ctx context.Context, req transport.Request) (body []byte, next *url.URL, err error) {
	err = r.client.Retry(ctx, func(ctx context.Context) error {
		resp, err := r.client.Do(ctx, req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // only read from
		if resp.StatusCode != http.StatusOK {
			return r.client.StatusError(resp)
		}
		if body, err = io.ReadAll(io.LimitReader(resp.Body, maxPageBody+1)); err != nil {
			return err
		}
		if len(body) > maxPageBody {
			return fmt.Errorf("%w: a page of the list is longer than %d bytes", registry.ErrCorrupt, maxPageBody)
		}
		next, err = nextPage(req.URL, resp.Header.Values("Link"))
		return err
	})
	return body, next, err
}

// nextPage returns the address of the next page from Link fields, or nil. Only
// path and query are taken from it: scheme and host stay.
func nextPage(page *url.URL, links []string) (*url.URL, error) {
	for _, line := range links {
		target, ok := parseNext(line)
		if !ok {
			continue
		}
		u, err := page.Parse(target)
		if err != nil {
			return nil, fmt.Errorf("%w: the next page cannot be read from %.200q", registry.ErrCorrupt, target)
		}
		if !sameAddress(page, u) {
			return nil, fmt.Errorf("%w: the next page is on another host: %s", registry.ErrCorrupt, u.Host)
		}
		out := *page
		out.Path, out.RawPath = u.Path, u.RawPath
		out.RawQuery = strings.ReplaceAll(u.RawQuery, "+", "%2B") // zot does not escape tags: "+" would be a space
		return &out, nil
	}
	return nil, nil //nolint:nilnil // the last page has no next one
}

const maxLink = 16 << 10 // bytes of a Link field

// parseNext returns the target of the first link with the relation "next"
// (RFC 8288, 3).
func parseNext(line string) (target string, ok bool) {
	rest := line[:min(len(line), maxLink)]
	for {
		_, after, found := strings.Cut(rest, "<")
		if !found {
			return "", false
		}
		uri, params, found := strings.Cut(after, ">")
		if !found {
			return "", false
		}
		params, rest = untilComma(params)
		if hasNext(params) {
			return strings.TrimSpace(uri), true
		}
	}
}

// untilComma cuts at the first comma outside of quotes.
func untilComma(s string) (before, after string) {
	quoted := false
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quoted:
			i++
		case s[i] == '"':
			quoted = !quoted
		case s[i] == ',' && !quoted:
			return s[:i], s[i+1:]
		}
	}
	return s, ""
}

// hasNext tells whether parameters of a link hold rel=next.
func hasNext(params string) bool {
	for _, param := range strings.Split(params, ";") {
		name, value, _ := strings.Cut(param, "=")
		if !strings.EqualFold(strings.TrimSpace(name), "rel") {
			continue
		}
		for _, rel := range strings.Fields(strings.Trim(strings.TrimSpace(value), `"`)) {
			if strings.EqualFold(rel, "next") {
				return true
			}
		}
	}
	return false
}
