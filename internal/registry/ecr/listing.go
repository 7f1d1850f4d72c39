package ecr

import (
	"context"
	"errors"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ecr"
	"github.com/aws/aws-sdk-go-v2/service/ecr/types"

	"github.com/packs-cli/packs/internal/registry"
)

// Repositories lists the repositories below a base path. See registry.Lister.
func (r *Registry) Repositories(ctx context.Context, below string) ([]string, error) {
	all, err := r.listing.get(ctx, r)
	if errors.Is(err, registry.ErrDenied) {
		hint := ""
		var e *registry.Error
		if errors.As(err, &e) {
			hint = e.Hint
		}
		return nil, registry.NotListed(r.spec.Address()+"/"+below, err, hint)
	}
	if err != nil {
		return nil, err
	}
	return registry.DirectlyBelow(slices.Collect(maps.Keys(all)), below), nil
}

// Immutable tells whether a tag, if it is there, cannot be written again.
func (r *Registry) Immutable(ctx context.Context, repository, tag string) (bool, error) {
	all, err := r.listing.get(ctx, r)
	if err != nil {
		return false, err
	}
	held, there := all[repository]
	if !there {
		return false, nil
	}
	excluded := slices.ContainsFunc(filterTexts(&held), func(f string) bool { return matchFilter(f, tag) })
	switch held.ImageTagMutability {
	case types.ImageTagMutabilityImmutable:
		return true, nil
	case types.ImageTagMutabilityImmutableWithExclusion:
		return !excluded, nil
	case types.ImageTagMutabilityMutableWithExclusion:
		return excluded, nil
	case types.ImageTagMutabilityMutable:
	}
	return false, nil
}

// matchFilter matches a filter of the kind WILDCARD: * stands for any text.
func matchFilter(filter, tag string) bool {
	parts := strings.Split(filter, "*")
	if len(parts) == 1 {
		return filter == tag
	}
	rest, ok := strings.CutPrefix(tag, parts[0])
	if !ok {
		return false
	}
	last := len(parts) - 1
	for _, p := range parts[1:last] {
		_, after, found := strings.Cut(rest, p)
		if !found {
			return false
		}
		rest = after
	}
	return strings.HasSuffix(rest, parts[last])
}

// listing is every repository of a registry, asked for once.
type listing struct {
	mu  sync.Mutex
	all map[string]types.Repository
}

const maxPage = 1000

// get lists the repositories without naming them: a call that names some fails
// as a whole when one of them is missing.
func (l *listing) get(ctx context.Context, r *Registry) (map[string]types.Repository, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all != nil {
		return l.all, nil
	}
	h, err := r.connect(ctx)
	if err != nil {
		return nil, err
	}
	all := make(map[string]types.Repository)
	err = r.session.call(ctx, "list the repositories of", r.ref(h, ""), func(ctx context.Context, c *ecr.Client) error {
		clear(all)
		pages := ecr.NewDescribeRepositoriesPaginator(c, &ecr.DescribeRepositoriesInput{RegistryId: r.registryID(), MaxResults: aws.Int32(maxPage)})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return err
			}
			for i := range page.Repositories {
				all[aws.ToString(page.Repositories[i].RepositoryName)] = page.Repositories[i]
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	l.all = all
	return l.all, nil
}

// forget makes the next get ask again.
func (l *listing) forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.all = nil
}
