package layout

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"syscall"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// What is published is no secret; the umask may take from these.
const (
	fileMode fs.FileMode = 0o644
	dirMode  fs.FileMode = 0o755
)

// writer writes to a layout whose lock is held.
type writer struct {
	*folder
	ctx      context.Context //nolint:containedctx // of one push, which is all the writer's life
	progress func(n int64)
	sent     int64
}

// blob writes a blob unless it is there already.
func (w *writer) blob(b *artifact.Blob) error {
	if err := b.Digest.Validate(); err != nil {
		return fmt.Errorf("digest %q: %w", b.Digest, err)
	}
	name := blobPath(b.Digest)
	there, err := w.has(name, b)
	if err != nil || there {
		return err
	}
	if err := mkdirAll(w.root, path.Dir(name)); err != nil {
		return err
	}
	return w.file(name, func(f io.Writer) error { return w.copyBlob(f, b) })
}

// has tells whether a blob is there with its size and its digest. Its bytes are
// read: a machine that lost power leaves files of the right size behind.
func (w *writer) has(name string, b *artifact.Blob) (bool, error) {
	info, err := w.root.Lstat(name)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if !info.Mode().IsRegular() || info.Size() != b.Size {
		return false, nil
	}
	file, err := w.root.Open(name)
	if err != nil {
		return false, err
	}
	defer closeRead(file)
	got, err := b.Digest.Algorithm().FromReader(&stoppable{w.ctx, file})
	if w.ctx.Err() != nil {
		return false, context.Cause(w.ctx)
	}
	return err == nil && got == b.Digest, nil // what cannot be read is written again
}

func (w *writer) copyBlob(dst io.Writer, b *artifact.Blob) (err error) {
	src, err := b.Open()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	hash := b.Digest.Algorithm().Digester()
	n, err := io.Copy(io.MultiWriter(dst, hash.Hash(), w), io.LimitReader(&stoppable{w.ctx, src}, b.Size+1))
	if err != nil {
		return err
	}
	if n != b.Size || hash.Digest() != b.Digest {
		return fmt.Errorf("%w: %d bytes of %s came out as %s with at least %d bytes: did the pack change meanwhile?",
			registry.ErrDigest, b.Size, b.Digest, hash.Digest(), n)
	}
	return nil
}

// bytes writes a manifest.
func (w *writer) bytes(d digest.Digest, raw []byte) error {
	b := artifact.Bytes("", raw)
	if b.Digest != d {
		return fmt.Errorf("%w: the manifest is %s, not %s", registry.ErrDigest, b.Digest, d)
	}
	return w.blob(&b)
}

// Write counts what is written.
func (w *writer) Write(p []byte) (int, error) {
	w.sent += int64(len(p))
	if w.progress != nil {
		w.progress(int64(len(p)))
	}
	return len(p), nil
}

// file writes a file whole or not at all. It is durable once the folder that it
// lies in is synced.
func (f *folder) file(name string, fill func(io.Writer) error) (err error) {
	file, err := f.root.OpenFile(tempFile, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, f.removeTemp())
		}
	}()
	if err := errors.Join(fill(file), file.Sync(), file.Close()); err != nil {
		return err
	}
	return f.root.Rename(tempFile, name)
}

// removeTemp removes what a failed or killed writer left behind.
func (f *folder) removeTemp() error {
	if err := f.root.Remove(tempFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// mkdirAll makes a folder and those above it, each durable.
func mkdirAll(root *os.Root, name string) error {
	for i := 0; i <= len(name); i++ {
		if i < len(name) && name[i] != '/' {
			continue
		}
		err := root.Mkdir(name[:i], dirMode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err == nil {
			err = syncDir(root, path.Dir(name[:i]))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// syncDir makes renames into a folder durable, where the system knows such a thing.
func syncDir(root *os.Root, name string) error {
	if runtime.GOOS == "windows" { // a folder cannot be flushed there
		return nil
	}
	dir, err := root.Open(name)
	if err != nil {
		return err
	}
	defer closeRead(dir)
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) && !errors.Is(err, errors.ErrUnsupported) {
		return err
	}
	return nil
}

// stoppable reads until a context ends.
type stoppable struct {
	ctx context.Context //nolint:containedctx // io.Reader has no place for one
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.r.Read(p)
}
