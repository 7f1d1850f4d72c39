package layout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/registry"
)

var (
	_ registry.Deleter           = (*Registry)(nil)
	_ registry.RepositoryDeleter = (*Registry)(nil)
	_ registry.PushTimer         = (*Registry)(nil)
	_ registry.Sweeper           = (*Registry)(nil)
)

// Delete implements registry.Deleter: index.json without the tag, then the
// blobs that nothing names any more. A process that is killed in between leaves
// a list of them behind, which the next writer or Sweep works off.
func (r *Registry) Delete(ctx context.Context, d registry.Deletion) error {
	return r.fail("delete", d.Repository, d.Tag, r.delete(ctx, d))
}

func (r *Registry) delete(ctx context.Context, d registry.Deletion) (err error) {
	f, unlock, err := r.openToChange(ctx, d.Repository)
	if err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, unlock())
		f.close()
	}()
	x, _, err := f.readIndex()
	if err != nil {
		return err
	}
	desc, err := x.find(d.Tag)
	if err != nil {
		return err
	}
	if desc.Digest != d.Digest {
		return fmt.Errorf("%w: %s, not %s", registry.ErrMoved, desc.Digest, d.Digest)
	}
	dropped, err := f.drop(x, d)
	if err != nil {
		return err
	}
	garbage, err := f.garbage(x, dropped)
	if err != nil {
		return err
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return f.remove(x, garbage)
}

// drop takes a tag out of an index, and with the last tag of its manifest what
// belongs to it. It returns the manifests that lost an entry.
func (f *folder) drop(x *index, d registry.Deletion) ([]ocispec.Descriptor, error) {
	dropped := x.removeTag(d.Tag)
	if x.tagged(d.Digest) {
		return dropped, nil
	}
	for _, tag := range d.Sidecars {
		dropped = append(dropped, x.removeTag(tag)...)
	}
	dropped = append(dropped, x.removeUntagged(func(desc ocispec.Descriptor) bool { return desc.Digest == d.Digest })...)
	var failed error
	dropped = append(dropped, x.removeUntagged(func(desc ocispec.Descriptor) bool {
		named, err := f.named(desc)
		failed = errors.Join(failed, err)
		return named.subject == d.Digest
	})...)
	return dropped, failed
}

// remove writes an index and takes garbage away, so that a stop at any moment
// leaves a layout that is right, and loses no track of the garbage.
func (f *folder) remove(x *index, garbage []digest.Digest) error {
	raw, err := x.encode()
	if err != nil {
		return err
	}
	list, err := json.Marshal(garbage)
	if err != nil {
		return fmt.Errorf("write %s: %w", garbageFile, err)
	}
	if err := f.file(garbageFile, put(list)); err != nil {
		return err
	}
	if err := f.file(ocispec.ImageIndexFile, put(raw)); err != nil {
		return err
	}
	if err := syncDir(f.root, "."); err != nil {
		return err
	}
	return f.removeGarbage(garbage)
}

// openToChange opens the layout of a repository that is there, with its lock held.
func (r *Registry) openToChange(ctx context.Context, repository string) (*folder, func() error, error) {
	if ctx.Err() != nil {
		return nil, nil, context.Cause(ctx)
	}
	f, err := r.open(repository)
	if err != nil {
		return nil, nil, err
	}
	unlock, err := r.lock(ctx, repository, f)
	if errors.Is(err, errVanished) {
		err = errNoRepository
	}
	if err != nil {
		f.close()
		return nil, nil, err
	}
	if err := errors.Join(f.removeTemp(), f.finishDelete()); err != nil {
		err = errors.Join(err, unlock())
		f.close()
		return nil, nil, err
	}
	return f, unlock, nil
}

// PushTimes implements registry.PushTimer by the age of the files that hold the
// manifests. A copy of a layout may have younger ones.
func (r *Registry) PushTimes(ctx context.Context, repository string) (map[string]time.Time, error) {
	times, err := r.pushTimes(ctx, repository)
	if errors.Is(err, registry.ErrNoRepository) {
		return map[string]time.Time{}, nil
	}
	return times, r.fail("read push times", repository, "", err)
}

func (r *Registry) pushTimes(ctx context.Context, repository string) (map[string]time.Time, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	f, err := r.open(repository)
	if err != nil {
		return nil, err
	}
	defer f.close()
	x, _, err := f.readIndex()
	if err != nil {
		return nil, err
	}
	times := make(map[string]time.Time)
	for _, tag := range x.tags() {
		desc, err := x.find(tag)
		if err != nil {
			continue // who asks for the tag itself is told
		}
		info, err := f.stat(blobPath(desc.Digest))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		times[tag] = info.ModTime()
	}
	return times, nil
}

// removeTag takes the entries of a tag out and returns what they named.
func (x *index) removeTag(tag string) []ocispec.Descriptor {
	return x.removeIf(func(e *entry) bool { return tag != "" && e.tag == tag })
}

// removeUntagged takes entries without a tag out.
func (x *index) removeUntagged(which func(ocispec.Descriptor) bool) []ocispec.Descriptor {
	return x.removeIf(func(e *entry) bool { return e.tag == "" && e.err == nil && which(plain(e.desc)) })
}

func (x *index) removeIf(which func(*entry) bool) []ocispec.Descriptor {
	var removed []ocispec.Descriptor
	x.entries = slices.DeleteFunc(x.entries, func(e entry) bool {
		if !which(&e) {
			return false
		}
		if e.err == nil {
			removed = append(removed, plain(e.desc))
		}
		return true
	})
	return removed
}

// tagged tells whether any tag names a manifest.
func (x *index) tagged(d digest.Digest) bool {
	return slices.ContainsFunc(x.entries, func(e entry) bool { return e.tag != "" && e.err == nil && e.desc.Digest == d })
}
