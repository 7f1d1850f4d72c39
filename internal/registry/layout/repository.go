package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strings"

	"github.com/packs-cli/packs/internal/registry"
)

// gonePrefix begins the name of a repository's folder while it is removed. No
// pack can have such a name.
const gonePrefix = ".packs-gone-"

// DeleteRepository implements registry.RepositoryDeleter. The folder is gone at
// once, under another name; whoever waits for its lock begins anew.
func (r *Registry) DeleteRepository(ctx context.Context, repository string) error {
	err := r.deleteRepository(ctx, repository)
	if errors.Is(err, registry.ErrNoRepository) {
		return nil
	}
	return r.fail("delete repository", repository, "", err)
}

func (r *Registry) deleteRepository(ctx context.Context, repository string) (err error) {
	f, unlock, err := r.openToChange(ctx, repository)
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
	if n := len(x.entries); n > 0 {
		return fmt.Errorf("%w: index.json has %d entries", registry.ErrNotEmpty, n)
	}
	base, err := r.openBase()
	if err != nil {
		return err
	}
	defer closeRead(base)
	above, name := path.Split(repository)
	gone := above + gonePrefix + name
	if err := base.RemoveAll(gone); err != nil {
		return err
	}
	if err := base.Rename(repository, gone); err != nil {
		return err
	}
	if err := syncDir(base, path.Dir(repository)); err != nil {
		return err
	}
	return removeGone(base, gone)
}

// removeGone removes a folder in which others, who saw it under its old name,
// may still be making a file.
func removeGone(base *os.Root, gone string) error {
	const tries = 10
	for try := 1; ; try++ {
		err := base.RemoveAll(gone)
		if err == nil || try == tries {
			return err
		}
	}
}

// Sweep implements registry.Sweeper.
func (r *Registry) Sweep(ctx context.Context) error {
	base := r.spec.Base()
	return r.fail("clear up", base, "", r.sweep(ctx, base))
}

func (r *Registry) sweep(ctx context.Context, base string) error {
	root, err := r.openBase()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer closeRead(root)
	entries, err := fs.ReadDir(root.FS(), base)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var errs []error
	for _, e := range entries {
		name := path.Join(base, e.Name())
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case strings.HasPrefix(e.Name(), gonePrefix):
			errs = append(errs, removeGone(root, name))
		default:
			errs = append(errs, r.sweepRepository(ctx, root, name))
		}
	}
	return errors.Join(errs...)
}

// sweepRepository opens the layout of a repository only where a delete was cut
// short in it: that is where its list of garbage still lies.
func (r *Registry) sweepRepository(ctx context.Context, root *os.Root, repository string) error {
	if _, err := root.Lstat(path.Join(repository, garbageFile)); err != nil {
		return nil //nolint:nilerr // there is no list, or it is no folder
	}
	f, unlock, err := r.openToChange(ctx, repository)
	if errors.Is(err, registry.ErrNoRepository) {
		return nil
	}
	if err != nil {
		return err
	}
	f.close()
	return unlock()
}
