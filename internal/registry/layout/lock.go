package layout

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/rogpeppe/go-internal/lockedfile"
	"golang.org/x/sync/errgroup"
)

var (
	// errNoLocks says that files cannot be locked where a layout lies.
	errNoLocks = errors.New("the file system offers no locks")
	// errVanished says that the repository was deleted before its lock was had.
	errVanished = errors.New("the repository was deleted meanwhile")
)

// lock waits until this call is the only writer of a repository, in this
// process and among all. The folder must exist.
func (r *Registry) lock(ctx context.Context, repository string, f *folder) (unlock func() error, err error) {
	turn := r.turn(repository)
	select {
	case turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() {
		if err != nil {
			<-turn
		}
	}()
	// By the root first: the file that is locked by its path lies in the layout.
	if err := f.touch(lockFile); err != nil {
		return nil, vanished(err)
	}
	name := r.folder(repository) + string(os.PathSeparator) + lockFile
	file, err := awaitFile(ctx, name)
	if err != nil {
		return nil, vanished(err)
	}
	if err := sameFile(file, name); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return func() error {
		err := file.Close()
		<-turn
		return err
	}, nil
}

// sameFile makes sure that the file which is locked is the one that others lock:
// a repository that is deleted takes its file along.
func sameFile(file *lockedfile.File, name string) error {
	held, err := file.Stat()
	if err != nil {
		return err
	}
	there, err := os.Stat(name)
	if err != nil {
		return vanished(err)
	}
	if !os.SameFile(held, there) {
		return errVanished
	}
	return nil
}

func vanished(err error) error {
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%w: %w", errVanished, err)
	}
	return err
}

func (r *Registry) turn(repository string) chan struct{} {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.turns[repository] == nil {
		r.turns[repository] = make(chan struct{}, 1)
	}
	return r.turns[repository]
}

// touch makes sure that a regular file exists.
func (f *folder) touch(name string) error {
	file, err := f.root.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, fileMode)
	if errors.Is(err, os.ErrExist) {
		_, err = f.stat(name)
		return err
	}
	if err != nil {
		return err
	}
	return file.Close()
}

// awaitFile locks a file. The system call that waits cannot be stopped, so a
// caller who does not want to wait any more leaves it behind; it gives the lock
// back as soon as it has it.
func awaitFile(ctx context.Context, name string) (*lockedfile.File, error) {
	type result struct {
		file *lockedfile.File
		err  error
	}
	results := make(chan result)
	var g errgroup.Group
	g.Go(func() error {
		file, err := lockedfile.OpenFile(name, os.O_RDWR, fileMode)
		select {
		case results <- result{file, err}:
		case <-ctx.Done():
			if err == nil {
				err = file.Close()
			}
		}
		return err
	})
	select {
	case r := <-results:
		if errors.Is(r.err, errors.ErrUnsupported) {
			r.err = fmt.Errorf("%w: %w", errNoLocks, r.err)
		}
		return r.file, r.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}
