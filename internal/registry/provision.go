package registry

import "context"

// RepositoryCreator is a registry in which a repository must be created before
// anything can be pushed to it.
type RepositoryCreator interface {
	// HasRepository tells whether a repository exists, even an empty one.
	HasRepository(ctx context.Context, repository string) (bool, error)
	// CreateRepository creates a repository with the settings of packs.yaml. One
	// that exists already is left as it is and no error.
	CreateRepository(ctx context.Context, repository string) error
}

// RepositorySettler is a registry whose repositories have settings.
type RepositorySettler interface {
	// Differences tells for each of the repositories that exists in what its
	// settings differ from packs.yaml. It asks for nothing where packs.yaml wishes
	// nothing. Repositories without differences are not in the result.
	Differences(ctx context.Context, repositories []string) (map[string][]Difference, error)
	// UpdateRepository gives an existing repository the settings of packs.yaml, but
	// for those that cannot be changed.
	UpdateRepository(ctx context.Context, repository string) error
}

// Difference is one setting of a repository that is not as packs.yaml wishes.
type Difference struct {
	Setting string // as packs.yaml calls it: "tagMutability"
	Have    string // "" where there is none
	Want    string
	Fixed   bool // cannot be changed once the repository exists
}

// TagGuard is a registry that can forbid that a tag is written again.
type TagGuard interface {
	// Immutable tells whether an existing tag of a repository cannot be moved.
	Immutable(ctx context.Context, repository, tag string) (bool, error)
}

// Addresser is a registry whose host is known for sure only once it was asked.
type Addresser interface {
	// Address returns HOST[:PORT], as references begin.
	Address(ctx context.Context) (string, error)
}
