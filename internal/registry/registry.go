// Package registry says what packs asks of a registry. Each kind of registry
// has a sub-package that answers; what only some can do is a small interface
// of its own, found by type assertion.
package registry

import (
	"context"
	"errors"
	"io"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
)

// Registry reads and writes artifacts. A repository is named without host:
// team/spectro-packs/archive/nginx. All methods may be called at once from
// many goroutines; each is one whole operation that may be called again.
type Registry interface {
	// Manifest returns the manifest that reference (a tag or a digest) names, its
	// bytes checked against its digest and at most artifact.MaxManifest long.
	// A missing one is ErrNotFound; where the registry tells that the repository
	// itself is missing, also ErrNoRepository.
	Manifest(ctx context.Context, repository, reference string) (ocispec.Descriptor, []byte, error)

	// Blob opens a blob. The reader fails at the end where size or digest
	// differ from the descriptor.
	Blob(ctx context.Context, repository string, desc ocispec.Descriptor) (io.ReadCloser, error)

	// Push uploads the blobs and then the manifest under the tag, or by its
	// digest where tag is empty. It returns the bytes that were sent. A tag never
	// points to missing content, whenever it is stopped.
	Push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint Hint) (sent int64, err error)

	// Tags lists the tags of a repository in the order of the registry. A missing
	// repository, or one without tags, has none.
	Tags(ctx context.Context, repository string) ([]string, error)

	// Close frees connections and files.
	Close() error
}

// Hint is what an earlier observation of the repository lets a push leave out.
type Hint struct {
	// HasConfig says that the repository holds a manifest that names the same
	// config blob, so that it need not be uploaded again.
	HasConfig bool
	// MayExist says that the layer may be there already, so that it is asked for
	// before it is sent. Without it a push is taken for one of new content.
	MayExist bool
	// From is a repository of the same registry that holds the blobs, to mount them
	// from; "" where none is known.
	From string
	// Progress, where set, is called with the number of bytes sent since the last call.
	Progress func(n int64)
	// BeforeTag, where set, is called when every blob is there, right before the
	// manifest is written. Its error stops the push and is returned as it is.
	BeforeTag func(ctx context.Context) error
}

// BasePather is a registry in which the repository at the base path itself can
// be seen and made by pushing the empty artifact.
type BasePather interface {
	// HasBasePath tells whether the base path repository holds the empty artifact.
	HasBasePath(ctx context.Context, repository string) (bool, error)
	// CreateBasePath pushes the empty artifact by digest.
	CreateBasePath(ctx context.Context, repository string) error
}

// Causes that callers test for with errors.Is.
var (
	ErrNotFound     = errors.New("not found")            // no such tag, digest or blob
	ErrNoRepository = errors.New("repository not found") // comes together with ErrNotFound
	ErrUnauthorized = errors.New("login refused")        // 401: no or wrong credentials
	ErrDenied       = errors.New("access denied")        // 403: not for these credentials
	ErrImmutable    = errors.New("tag is immutable")
	ErrUnreachable  = errors.New("registry cannot be reached")
	ErrCertificate  = errors.New("certificate is not trusted")
	ErrDigest       = errors.New("content differs from its digest")
	ErrCorrupt      = errors.New("registry content is corrupt")
)

// Error is a failure of one operation at a registry, in words for a person.
type Error struct {
	Op   string // what was asked: "read manifest", "upload layer", …
	Ref  string // HOST/REPOSITORY[:TAG|@DIGEST]
	Err  error  // the cause
	Hint string // what to do; may be empty
}

// Error returns OP REF: CAUSE.
func (e *Error) Error() string { return e.Op + " " + e.Ref + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }
