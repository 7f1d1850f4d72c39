package layout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/rogpeppe/go-internal/lockedfile"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// lockFile is held by the one process and goroutine that writes to a layout.
const lockFile = ".packs.lock"

// tempPrefix begins the names of files that are being written.
const tempPrefix = ".packs-tmp-"

// Push writes the blobs, and then an index.json that holds the tag. Every file
// appears whole or not at all, and in that order, so that whenever this is
// stopped a tag points to content that is there.
func (r *Registry) Push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint registry.Hint) (int64, error) {
	dir := filepath.Join(r.path, filepath.FromSlash(repository))
	w := &writer{ctx: ctx, progress: hint.Progress}
	err := w.push(dir, tag, a, hint.BeforeTag)
	if err != nil {
		return w.sent, r.fail("push", repository, tag, err)
	}
	return w.sent, nil
}

type writer struct {
	ctx      context.Context //nolint:containedctx // lives only as long as the push
	repo     *os.Root
	progress func(int64)
	sent     int64
}

func (w *writer) push(dir, tag string, a *artifact.Artifact, beforeTag func(context.Context) error) (err error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // a registry is there to be read
		return err
	}
	unlock, err := lockedfile.MutexAt(filepath.Join(dir, lockFile)).Lock()
	if err != nil {
		return err
	}
	defer unlock()
	if w.repo, err = os.OpenRoot(dir); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.repo.Close()) }()
	if err := w.cleanUp(); err != nil {
		return err
	}
	blobs := []artifact.Blob{a.Config, artifact.Bytes(a.Manifest.MediaType, a.Bytes)}
	if a.Layer != nil {
		blobs = append([]artifact.Blob{*a.Layer}, blobs...)
	}
	for _, b := range blobs {
		if err := w.blob(b); err != nil {
			return err
		}
	}
	if beforeTag != nil {
		if err := beforeTag(w.ctx); err != nil {
			return err
		}
	}
	return w.tag(tag, a.Manifest)
}

// cleanUp removes what a killed process left behind. Nobody else writes now.
func (w *writer) cleanUp() error {
	for _, dir := range []string{".", filepath.Join(ocispec.ImageBlobsDir, digest.SHA256.String())} {
		if err := w.repo.MkdirAll(dir, 0o755); err != nil {
			return err
		}
		d, err := w.repo.Open(dir)
		if err != nil {
			return err
		}
		names, err := d.Readdirnames(-1)
		if err = errors.Join(err, d.Close()); err != nil {
			return err
		}
		for _, name := range names {
			if strings.HasPrefix(name, tempPrefix) {
				if err := w.repo.Remove(filepath.Join(dir, name)); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// blob writes a blob, unless the right one is there.
func (w *writer) blob(b artifact.Blob) error {
	if err := w.ctx.Err(); err != nil {
		return context.Cause(w.ctx)
	}
	if w.holds(b.Descriptor) {
		return nil
	}
	name, err := blobPath(b.Digest)
	if err != nil {
		return err
	}
	src, err := b.Open()
	if err != nil {
		return err
	}
	err = w.write(name, func(dst io.Writer) error {
		sum := b.Digest.Algorithm().Digester()
		n, err := io.Copy(io.MultiWriter(dst, sum.Hash(), (*progress)(w)), src)
		if err == nil && (n != b.Size || sum.Digest() != b.Digest) {
			err = fmt.Errorf("%w: %d bytes of %s, wanted %d of %s", registry.ErrDigest, n, sum.Digest(), b.Size, b.Digest)
		}
		return err
	})
	return errors.Join(err, src.Close())
}

// holds tells whether a blob is there, whole and right.
func (w *writer) holds(desc ocispec.Descriptor) bool {
	f, err := openBlob(w.repo, desc)
	if err != nil {
		return false
	}
	v := newVerifier(f, desc)
	_, err = io.Copy(io.Discard, v)
	return errors.Join(err, v.Close()) == nil
}

// progress counts what is written.
type progress writer

func (p *progress) Write(b []byte) (int, error) {
	p.sent += int64(len(b))
	if p.progress != nil {
		p.progress(int64(len(b)))
	}
	return len(b), p.ctx.Err()
}

func (w *writer) tag(tag string, desc ocispec.Descriptor) error {
	ix, err := readIndex(w.repo)
	if err != nil {
		return err
	}
	ix.set(tag, desc)
	raw, err := ix.encode()
	if err != nil {
		return err
	}
	marker, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return err
	}
	if held, err := readLimited(w.repo, ocispec.ImageLayoutFile, 4096); err != nil || !bytes.Equal(held, marker) {
		if err := w.bytes(ocispec.ImageLayoutFile, marker); err != nil {
			return err
		}
	}
	return w.bytes(ocispec.ImageIndexFile, raw)
}

func (w *writer) bytes(name string, content []byte) error {
	return w.write(name, func(dst io.Writer) error {
		_, err := dst.Write(content)
		return err
	})
}

// write makes a file appear at once and for good: temporary file, fsync,
// rename, fsync of the folder.
func (w *writer) write(name string, fill func(io.Writer) error) error {
	dir := filepath.Dir(name)
	temp := filepath.Join(dir, tempPrefix+filepath.Base(name))
	f, err := w.repo.OpenFile(temp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	err = fill(f)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = w.repo.Rename(temp, name)
	}
	if err != nil {
		return errors.Join(err, w.repo.Remove(temp))
	}
	return w.syncDir(dir)
}

func (w *writer) syncDir(dir string) error {
	if runtime.GOOS == "windows" {
		return nil // folders cannot be synced there; renames are journaled
	}
	d, err := w.repo.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
