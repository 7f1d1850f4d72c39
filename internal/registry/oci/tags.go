package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
)

// Limits on lists of tags, which are hostile input.
const (
	tagsPage    = "1000"   // what is asked for; ECR refuses more
	maxTagsBody = 32 << 20 // bytes of one page: docker-registry 2 sends all tags at once
	maxTagPages = 2000
)

// Tags lists the tags of a repository. See registry.Registry.
func (r *Registry) Tags(ctx context.Context, repository string) ([]string, error) {
	const op = "list tags"
	var all []string
	next := r.url(repository, "/tags/list", url.Values{"n": {tagsPage}})
	seen := make(map[string]bool)
	for next != nil {
		if len(seen) >= maxTagPages || seen[next.RawQuery] {
			return nil, r.fail(op, repository, "", fmt.Errorf("%w: its pages do not end", registry.ErrCorrupt))
		}
		seen[next.RawQuery] = true
		tags, following, err := r.tagsPage(ctx, repository, next)
		if err != nil {
			if errors.Is(classify(err), registry.ErrNotFound) {
				return all, nil
			}
			return nil, r.fail(op, repository, "", err)
		}
		all = append(all, tags...)
		next = following
	}
	return all, nil
}

// tagsPage reads one page and returns where the next one is, or nil.
func (r *Registry) tagsPage(ctx context.Context, repository string, page *url.URL) (tags []string, next *url.URL, err error) {
	req := r.request(http.MethodGet, repository, "")
	req.URL = page
	err = r.client.Retry(ctx, func(ctx context.Context) error {
		resp, err := r.client.Do(ctx, req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }() // only read from
		if resp.StatusCode != http.StatusOK {
			return r.client.StatusError(resp)
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, maxTagsBody+1))
		if err != nil {
			return err
		}
		if tags, err = parseTags(body); err != nil {
			return err
		}
		next, err = nextPage(page, resp.Header.Values("Link"))
		return err
	})
	return tags, next, err
}

func parseTags(body []byte) ([]string, error) {
	if len(body) > maxTagsBody {
		return nil, fmt.Errorf("%w: the list of tags is longer than %d bytes", registry.ErrCorrupt, maxTagsBody)
	}
	var list struct {
		Tags []string `json:"tags"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("%w: the list of tags is not valid JSON: %w", registry.ErrCorrupt, err)
	}
	return list.Tags, nil
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
			return nil, fmt.Errorf("%w: the next page of tags cannot be read from %.200q", registry.ErrCorrupt, target)
		}
		if !sameAddress(page, u) {
			return nil, fmt.Errorf("%w: the next page of tags is on another host: %s", registry.ErrCorrupt, u.Host)
		}
		out := *page
		out.Path, out.RawPath = u.Path, u.RawPath
		out.RawQuery = strings.ReplaceAll(u.RawQuery, "+", "%2B") // zot does not escape the tag: "+" would be a space
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
