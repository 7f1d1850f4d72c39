package harbor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/transport"
)

// Limits on the list of a project's repositories.
const (
	repositoriesPage = 100 // what Harbor gives at most
	maxRepositories  = 1 << 20
)

// Repositories lists the repositories below a base path by the API of the
// project: Harbor shows /v2/_catalog to administrators only, and without
// repositories that have no tag. See registry.Lister.
func (r *Registry) Repositories(ctx context.Context, below string) ([]string, error) {
	const op = "list repositories"
	if err := r.need(ctx, op, r.ref(below, "")); err != nil {
		if errors.Is(err, registry.ErrNotFound) {
			return nil, nil
		}
		return nil, err
	}
	var all []string
	for page := 1; ; page++ {
		names, err := r.repositoriesPage(ctx, page)
		if err != nil {
			return nil, r.listError(op, below, err)
		}
		all = append(all, registry.DirectlyBelow(names, below)...)
		if len(names) < repositoriesPage {
			return registry.DirectlyBelow(all, below), nil
		}
		if page*repositoriesPage >= maxRepositories {
			return nil, r.explain(op, r.ref(below, ""), fmt.Errorf("%w: its pages do not end", registry.ErrCorrupt))
		}
	}
}

func (r *Registry) repositoriesPage(ctx context.Context, page int) ([]string, error) {
	query := url.Values{"page": {strconv.Itoa(page)}, "page_size": {strconv.Itoa(repositoriesPage)}, "sort": {"name"}}
	reply, err := r.call(ctx, http.MethodGet, "projects/"+url.PathEscape(r.spec.Harbor.Project)+"/repositories", query, nil)
	if err != nil {
		return nil, err
	}
	var list []struct {
		Name string `json:"name"` // with the project
	}
	if err := json.Unmarshal(reply, &list); err != nil {
		return nil, fmt.Errorf("%w: the list of repositories is not valid JSON: %w", registry.ErrCorrupt, err)
	}
	names := make([]string, len(list))
	for i := range list {
		names[i] = list[i].Name
	}
	return names, nil
}

// listError tells refusals from failures.
func (r *Registry) listError(op, below string, err error) error {
	var login *transport.LoginError
	s := status(err)
	if errors.As(err, &login) || s != nil && !s.Temporary() && s.Status != http.StatusTooManyRequests {
		return registry.NotListed(r.ref(below, ""), r.explain(op, r.ref(below, ""), err),
			"give the account the right to list repositories (a robot account: repository, list), or name each pack")
	}
	return r.explain(op, r.ref(below, ""), err)
}
