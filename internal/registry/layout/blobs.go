package layout

import (
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

func openBlob(repo *os.Root, desc ocispec.Descriptor) (*os.File, error) {
	name, err := blobPath(desc.Digest)
	if err != nil {
		return nil, err
	}
	f, err := repo.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%w: blob %s is missing", registry.ErrCorrupt, desc.Digest)
	}
	return f, err
}

// readBlob reads a small blob and checks it.
func readBlob(repo *os.Root, desc ocispec.Descriptor) ([]byte, error) {
	f, err := openBlob(repo, desc)
	if err != nil {
		return nil, err
	}
	v := newVerifier(f, desc)
	raw, err := io.ReadAll(v)
	return raw, errors.Join(err, v.Close())
}

// readLimited reads a small file.
func readLimited(repo *os.Root, name string, limit int64) (raw []byte, err error) {
	f, err := repo.Open(name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	raw, err = io.ReadAll(io.LimitReader(f, limit+1))
	if err == nil && int64(len(raw)) > limit {
		err = fmt.Errorf("%w: %s has more than %d bytes", registry.ErrCorrupt, name, limit)
	}
	return raw, err
}

// verifier fails at the end where size or digest differ from a descriptor.
type verifier struct {
	f    *os.File
	desc ocispec.Descriptor
	hash hash.Hash
	n    int64
}

func newVerifier(f *os.File, desc ocispec.Descriptor) *verifier {
	return &verifier{f: f, desc: desc, hash: desc.Digest.Algorithm().Hash()}
}

// Read reads from the blob.
func (v *verifier) Read(p []byte) (int, error) {
	n, err := v.f.Read(p)
	v.n += int64(n)
	v.hash.Write(p[:n])
	switch {
	case v.n > v.desc.Size:
		return n, v.wrong(fmt.Sprintf("has more than %d bytes", v.desc.Size))
	case !errors.Is(err, io.EOF):
		return n, err
	case v.n < v.desc.Size:
		return n, v.wrong(fmt.Sprintf("has %d bytes instead of %d", v.n, v.desc.Size))
	}
	if got := digest.NewDigest(v.desc.Digest.Algorithm(), v.hash); got != v.desc.Digest {
		return n, v.wrong("holds " + got.String())
	}
	return n, io.EOF
}

func (v *verifier) wrong(how string) error {
	return fmt.Errorf("%w: %w: blob %s %s", registry.ErrCorrupt, registry.ErrDigest, v.desc.Digest, how)
}

// Close closes the blob.
func (v *verifier) Close() error { return v.f.Close() }
