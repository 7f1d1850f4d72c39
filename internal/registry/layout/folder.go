package layout

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"syscall"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

const (
	// lockFile stays in a layout for good: to remove it would let two writers in.
	lockFile = ".packs.lock"
	// tempFile is one name for all: the lock lets only one writer have one in a layout.
	tempFile = ".packs.tmp"
	// maxMarker is the largest file oci-layout that is read, in bytes.
	maxMarker = 64 << 10
)

// errNotLayout says that a folder holds something else.
var errNotLayout = errors.New("not an OCI image layout")

// folder is the layout of one repository, open.
type folder struct {
	files source
	root  *os.Root // to write; nil in a bundle
}

// source is the files of a layout, to read. Names are as in package fs.
type source interface {
	Open(name string) (fs.File, error)
	Stat(name string) (fs.FileInfo, error)
	Close() error
}

// onDisk are the files of a folder; links do not lead out of it.
type onDisk struct{ *os.Root }

func (d onDisk) Open(name string) (fs.File, error) {
	f, err := d.Root.Open(name)
	if err != nil {
		return nil, err
	}
	return f, nil
}

func (f *folder) close() { closeRead(f.files) }

// closeRead closes what was only read from.
func closeRead(c io.Closer) { _ = c.Close() }

// openBase opens the registry's folder. A missing one is fs.ErrNotExist.
func (r *Registry) openBase() (*os.Root, error) {
	info, err := os.Stat(r.path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: r.path, Err: syscall.ENOTDIR}
	}
	return os.OpenRoot(r.path)
}

// open opens a repository for reading.
func (r *Registry) open(repository string) (*folder, error) {
	f, err := r.openFiles(repository)
	if err != nil {
		return nil, err
	}
	exists, err := f.isLayout()
	if err == nil && !exists || errors.Is(err, errNotLayout) && !r.isPlaceOf(repository, f) {
		err = errNoRepository
	}
	if err != nil {
		f.close()
		return nil, err
	}
	return f, nil
}

// isPlaceOf tells whether an open folder is still the repository's: one that is
// being deleted has another name, and looks like something else for a moment.
func (r *Registry) isPlaceOf(repository string, f *folder) bool {
	held, err := f.root.Stat(".")
	if err != nil {
		return false
	}
	there, err := os.Stat(r.folder(repository))
	return err == nil && os.SameFile(held, there)
}

func (r *Registry) openFiles(repository string) (*folder, error) {
	if r.tar != nil {
		if info, err := r.tar.Stat(repository); err != nil || !info.IsDir() {
			return nil, errNoRepository
		}
		return &folder{files: inTar{r.tar, repository}}, nil
	}
	base, err := r.openBase()
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoRepository
	}
	if err != nil {
		return nil, err
	}
	defer closeRead(base)
	f, err := openFolder(base, repository)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errNoRepository
	}
	return f, err
}

var errNoRepository = fmt.Errorf("%w: %w", registry.ErrNotFound, registry.ErrNoRepository)

func openFolder(base *os.Root, repository string) (*folder, error) {
	info, err := base.Stat(repository)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: repository, Err: syscall.ENOTDIR}
	}
	root, err := base.OpenRoot(repository)
	if err != nil {
		return nil, err
	}
	return &folder{files: onDisk{root}, root: root}, nil
}

// isLayout tells whether the folder is an image layout. One that is empty, or
// that a killed process has not finished, is none yet; any other is errNotLayout.
func (f *folder) isLayout() (bool, error) {
	raw, err := f.readSmall(ocispec.ImageLayoutFile, maxMarker)
	if errors.Is(err, fs.ErrNotExist) {
		foreign := f.checkUnfinished()
		if foreign == nil {
			return false, nil
		}
		// Not foreign where another process has just finished the layout.
		if raw, err = f.readSmall(ocispec.ImageLayoutFile, maxMarker); errors.Is(err, fs.ErrNotExist) {
			return false, foreign
		}
	}
	if err != nil {
		return false, err
	}
	var l ocispec.ImageLayout
	if err := json.Unmarshal(raw, &l); err != nil {
		return false, fmt.Errorf("%w: %w: the file oci-layout is not valid JSON: %w", registry.ErrCorrupt, errNotLayout, err)
	}
	if l.Version != ocispec.ImageLayoutVersion {
		return false, fmt.Errorf("%w that packs knows: the file oci-layout says version %q, not %s", errNotLayout, l.Version, ocispec.ImageLayoutVersion)
	}
	return true, nil
}

// checkUnfinished returns errNotLayout where a folder without the file
// oci-layout holds what neither packs nor oras writes before that file.
func (f *folder) checkUnfinished() error {
	file, err := f.files.Open(".")
	if err != nil {
		return err
	}
	defer closeRead(file)
	dir, ok := file.(fs.ReadDirFile)
	if !ok {
		return errNotLayout
	}
	entries, err := dir.ReadDir(16)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for _, e := range entries {
		name := e.Name()
		if !slices.Contains([]string{lockFile, tempFile, ocispec.ImageBlobsDir, "ingest"}, name) {
			return fmt.Errorf("%w: the folder holds %q, and no file oci-layout", errNotLayout, name)
		}
	}
	return nil
}

// readIndex returns index.json, parsed and as it is. A missing one, which a
// killed process leaves, is an empty one.
func (f *folder) readIndex() (*index, []byte, error) {
	raw, err := f.readSmall(ocispec.ImageIndexFile, maxIndex)
	if errors.Is(err, fs.ErrNotExist) {
		return newIndex(), nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	x, err := parseIndex(raw)
	return x, raw, err
}

// readManifest reads a manifest and checks it against its descriptor.
func (f *folder) readManifest(desc ocispec.Descriptor) ([]byte, error) {
	if desc.Size > artifact.MaxManifest {
		return nil, fmt.Errorf("%w: a manifest of %d bytes, at most %d are read", registry.ErrCorrupt, desc.Size, artifact.MaxManifest)
	}
	file, err := f.openBlob(desc)
	if err != nil {
		return nil, err
	}
	defer closeRead(file)
	raw, err := io.ReadAll(io.LimitReader(file, desc.Size+1))
	if err != nil {
		return nil, err
	}
	if got := desc.Digest.Algorithm().FromBytes(raw); got != desc.Digest {
		return nil, errDiffers(desc.Digest, got)
	}
	return raw, nil
}

// openBlob opens a blob whose file has the right size.
func (f *folder) openBlob(desc ocispec.Descriptor) (fs.File, error) {
	name := blobPath(desc.Digest)
	info, err := f.stat(name)
	if err != nil {
		return nil, err
	}
	if info.Size() != desc.Size {
		return nil, fmt.Errorf("%w: %w: %s has %d bytes, %d are expected", registry.ErrCorrupt, registry.ErrDigest, name, info.Size(), desc.Size)
	}
	return f.files.Open(name)
}

// readSmall reads a file of the layout that has at most limit bytes.
func (f *folder) readSmall(name string, limit int64) ([]byte, error) {
	if _, err := f.stat(name); err != nil {
		return nil, err
	}
	file, err := f.files.Open(name)
	if err != nil {
		return nil, err
	}
	defer closeRead(file)
	raw, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(raw)) > limit {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", registry.ErrCorrupt, name, limit)
	}
	return raw, nil
}

// stat returns a regular file. To open a pipe would wait for ever.
func (f *folder) stat(name string) (fs.FileInfo, error) {
	info, err := f.files.Stat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: %s is not a regular file", registry.ErrCorrupt, name)
	}
	return info, nil
}

// blobPath is where a layout keeps a blob. The digest must be valid.
func blobPath(d digest.Digest) string {
	return path.Join(ocispec.ImageBlobsDir, d.Algorithm().String(), d.Encoded())
}

func errDiffers(want, got digest.Digest) error {
	return fmt.Errorf("%w: %w: the bytes of %s have the digest %s", registry.ErrCorrupt, registry.ErrDigest, want, got)
}
