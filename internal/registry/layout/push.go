package layout

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

// Push implements registry.Registry. Blobs that are there already are read, not
// written; what the hint says of them is not needed. What the tag pointed to
// before stays in the layout, and can be read by its digest.
func (r *Registry) Push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint registry.Hint) (sent int64, err error) {
	reference := tag
	if tag == "" {
		reference = a.Manifest.Digest.String()
	}
	sent, err = r.push(ctx, repository, tag, a, hint)
	var hook hookError
	if errors.As(err, &hook) {
		return sent, hook.error
	}
	return sent, r.fail("push", repository, reference, err)
}

// hookError is what Hint.BeforeTag returned.
type hookError struct{ error }

func (r *Registry) push(ctx context.Context, repository, tag string, a *artifact.Artifact, hint registry.Hint) (sent int64, err error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	if tag != "" && !tagPattern.MatchString(tag) {
		return 0, fmt.Errorf("tag %q is none: want letters, digits, dots, dashes and underscores, at most 128", tag)
	}
	f, unlock, err := r.openToWrite(ctx, repository)
	if err != nil {
		return 0, err
	}
	defer func() {
		err = errors.Join(err, unlock())
		f.close()
	}()
	w := &writer{folder: f, ctx: ctx, progress: hint.Progress}
	return w.push(tag, a, hint.BeforeTag)
}

// push keeps the order that makes every stop harmless: blobs, manifest, index.
func (w *writer) push(tag string, a *artifact.Artifact, beforeTag func(context.Context) error) (int64, error) {
	blobs := append(make([]*artifact.Blob, 0, 2+len(a.Others)), a.Layer, &a.Config)
	for i := range a.Others {
		blobs = append(blobs, &a.Others[i])
	}
	for _, b := range blobs {
		if b == nil || b.Digest == "" { // an index has no config
			continue
		}
		if err := w.blob(b); err != nil {
			return w.sent, err
		}
	}
	if beforeTag != nil {
		if err := beforeTag(w.ctx); err != nil {
			return w.sent, hookError{err}
		}
	}
	if w.ctx.Err() != nil {
		return w.sent, context.Cause(w.ctx)
	}
	if err := w.bytes(a.Manifest.Digest, a.Bytes); err != nil {
		return w.sent, err
	}
	return w.sent, w.list(tag, a)
}

// list writes index.json, once all that it will name is on the disk.
func (w *writer) list(tag string, a *artifact.Artifact) error {
	x, old, err := w.indexToChange()
	if err != nil {
		return err
	}
	if err := x.set(tag, a.Manifest); err != nil {
		return err
	}
	raw, err := x.encode()
	if err != nil || bytes.Equal(raw, old) {
		return err
	}
	if err := syncDir(w.root, path.Dir(blobPath(a.Manifest.Digest))); err != nil {
		return err
	}
	if err := w.file(ocispec.ImageIndexFile, put(raw)); err != nil {
		return err
	}
	return syncDir(w.root, ".")
}

// maxVanished is how often a repository may be deleted by others while it is
// being opened.
const maxVanished = 100

// openToWrite opens the layout of a repository with its lock held, and makes
// it where it is missing.
func (r *Registry) openToWrite(ctx context.Context, repository string) (*folder, func() error, error) {
	for try := 1; ; try++ {
		f, unlock, err := r.tryToWrite(ctx, repository)
		if !errors.Is(err, errVanished) || try >= maxVanished {
			return f, unlock, err
		}
	}
}

func (r *Registry) tryToWrite(ctx context.Context, repository string) (_ *folder, _ func() error, err error) {
	if err := os.MkdirAll(r.path, dirMode); err != nil {
		return nil, nil, err
	}
	base, err := r.openBase()
	if err != nil {
		return nil, nil, err
	}
	defer closeRead(base)
	if err := mkdirAll(base, repository); err != nil {
		return nil, nil, vanished(err)
	}
	f, err := openFolder(base, repository)
	if err != nil {
		return nil, nil, vanished(err)
	}
	defer func() {
		if err != nil {
			f.close()
		}
	}()
	if _, err := f.isLayout(); err != nil { // before anything of ours is in the folder
		if !r.isPlaceOf(repository, f) {
			err = fmt.Errorf("%w: %w", errVanished, err)
		}
		return nil, nil, err
	}
	unlock, err := r.lock(ctx, repository, f)
	if err != nil {
		return nil, nil, err
	}
	if err := f.prepare(); err != nil {
		return nil, nil, errors.Join(err, unlock())
	}
	return f, unlock, nil
}

// prepare removes what a killed writer left and makes a new layout complete.
func (f *folder) prepare() error {
	if err := f.removeTemp(); err != nil {
		return err
	}
	exists, err := f.isLayout()
	if err != nil || exists {
		return err
	}
	if err := mkdirAll(f.root, ocispec.ImageBlobsDir+"/sha256"); err != nil {
		return err
	}
	raw, err := json.Marshal(ocispec.ImageLayout{Version: ocispec.ImageLayoutVersion})
	if err != nil {
		return fmt.Errorf("write oci-layout: %w", err)
	}
	return f.file(ocispec.ImageLayoutFile, put(raw))
}

// put writes bytes.
func put(raw []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	}
}
