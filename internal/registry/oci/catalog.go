package oci

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

const (
	catalogPage = "1000" // distribution refuses more than its own limit, which is 1000 unless set
	// maxRepositories bounds what is kept of a catalog below one base path.
	maxRepositories = 1 << 20
)

// codePage is what distribution says where a page of that length is too long.
const codePage = "PAGINATION_NUMBER_INVALID"

// Repositories lists the repositories below a base path by the catalog API,
// which tells of all repositories of the registry. See registry.Lister.
func (r *Registry) Repositories(ctx context.Context, below string) ([]string, error) {
	names, err := r.catalog(ctx, below, url.Values{"n": {catalogPage}})
	if s := asStatus(err); s != nil && s.Has(codePage) {
		names, err = r.catalog(ctx, below, nil)
	}
	switch {
	case err == nil:
		return registry.DirectlyBelow(names, below), nil
	case isNotListed(err):
		return nil, registry.NotListed(r.ref(below, ""), classify(err), catalogHint)
	}
	return nil, r.fail("list repositories", below, "", err)
}

const catalogHint = "many registries show their catalog (/v2/_catalog) to administrators only, or to nobody: use a login that may read it, or name each pack"

// catalog reads all pages and keeps what lies directly below a base path.
func (r *Registry) catalog(ctx context.Context, below string, query url.Values) ([]string, error) {
	req := transport.Request{
		Method: http.MethodGet, URL: r.client.URL("/v2/_catalog", query), Header: http.Header{}, Scope: "registry:catalog:*",
	}
	var all []string
	err := r.pages(ctx, req, func(body []byte) error {
		names, err := parseCatalog(body, below)
		if err != nil {
			return err
		}
		if all = append(all, names...); len(all) > maxRepositories {
			return fmt.Errorf("%w: more than %d repositories", registry.ErrCorrupt, maxRepositories)
		}
		return nil
	})
	return all, err
}

// parseCatalog reads a page of the catalog, as far as it lies directly below a
// base path.
func parseCatalog(body []byte, below string) ([]string, error) {
	var list struct {
		Repositories []string `json:"repositories"`
	}
	if err := json.Unmarshal(body, &list); err != nil {
		return nil, fmt.Errorf("%w: the catalog is not valid JSON: %w", registry.ErrCorrupt, err)
	}
	return registry.DirectlyBelow(list.Repositories, below), nil
}

// isNotListed tells whether a registry refuses the catalog, or has none.
func isNotListed(err error) bool {
	var login *transport.LoginError
	if errors.As(err, &login) {
		return true
	}
	switch statusOf(err) {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusNotFound, http.StatusMethodNotAllowed, http.StatusNotImplemented:
		return true
	case 0:
		return false
	}
	return asStatus(err).Has("UNSUPPORTED")
}
