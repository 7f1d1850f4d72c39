package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/packs-cli/packs/internal/registry"
)

// tagsPage is how many tags are asked for at once; ECR refuses more.
const tagsPage = "1000"

// Tags lists the tags of a repository. See registry.Registry.
func (r *Registry) Tags(ctx context.Context, repository string) ([]string, error) {
	var all []string
	req := r.request(http.MethodGet, repository, "")
	req.URL = r.url(repository, "/tags/list", url.Values{"n": {tagsPage}})
	err := r.pages(ctx, req, func(body []byte) error {
		tags, err := parseTags(body)
		all = append(all, tags...)
		return err
	})
	if err != nil && !errors.Is(classify(err), registry.ErrNotFound) {
		return nil, r.fail("list tags", repository, "", err)
	}
	return all, nil
}

func parseTags(body []byte) ([]string, error) {
	var list struct {
		Tags []string `json:"tags"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("%w: the list of tags is not valid JSON: %w", registry.ErrCorrupt, err)
	}
	return list.Tags, nil
}
