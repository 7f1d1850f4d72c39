package registry

import (
	"context"
	"errors"
	"time"

	"github.com/opencontainers/go-digest"
)

// Deletion is a version to take away, as it was seen.
type Deletion struct {
	Repository string // without host
	Tag        string
	Digest     digest.Digest // of the manifest that the tag named
	// Sidecars are the tags that belong to that manifest, as signatures do. They
	// go along with its last tag.
	Sidecars []string
	// Doomed are the other tags of the repository that go in the same run: a
	// registry that deletes only by digest may take them along.
	Doomed []string
}

// Deleter is a registry from which versions can be taken away.
type Deleter interface {
	// Delete takes a tag away. Other tags of the same manifest stay; with its last
	// tag goes what belongs to the manifest: sidecars and referrers. A tag that is
	// not there is ErrNotFound; one that names another manifest by now is ErrMoved,
	// and nothing is deleted. It may be called again after it was cut short. One
	// call at a time for each repository.
	Delete(ctx context.Context, d Deletion) error
}

// RepositoryDeleter is a registry from which a repository can be taken away.
type RepositoryDeleter interface {
	// DeleteRepository deletes a repository that holds nothing. One that holds
	// anything, be it without a tag, is ErrNotEmpty; a missing one is no error.
	DeleteRepository(ctx context.Context, repository string) error
}

// PushTimer is a registry that tells when its tags were pushed.
type PushTimer interface {
	// PushTimes returns when the tags of a repository were pushed. Tags of which
	// that is not known are missing from it. A missing repository has none.
	PushTimes(ctx context.Context, repository string) (map[string]time.Time, error)
}

// Sweeper is a registry in which a delete that was cut short leaves something
// behind that a later one has to clear up.
type Sweeper interface {
	// Sweep clears up after deletes that were cut short, and does nothing else.
	Sweep(ctx context.Context) error
}

// Causes of deletes that fail; callers test for them with errors.Is.
var (
	ErrMoved      = errors.New("the tag names another manifest by now")
	ErrShared     = errors.New("cannot be deleted without other tags of the same manifest")
	ErrReferenced = errors.New("named by another manifest")
	ErrNoDelete   = errors.New("takes no deletes") // from nobody
	ErrNotEmpty   = errors.New("repository is not empty")
)
