package pack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

// scratch is what reading files needs, one file after another.
type scratch struct {
	sum hash.Hash
	buf [128 << 10]byte
}

var scratches = sync.Pool{New: func() any { return &scratch{sum: sha256.New()} }}

func getScratch() *scratch  { return scratches.Get().(*scratch) } //nolint:forcetypeassert // the pool holds nothing else
func (s *scratch) release() { scratches.Put(s) }

// hash reads all regular files, some at once. Neither the result nor the error
// depends on which of them was read first: files are begun in their order, so
// the first that fails has been reached whenever a later one fails.
func (f *folder) hash(ctx context.Context, workers int) error {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	var g errgroup.Group
	q := queue{files: f.files, failed: len(f.files)}
	for range min(workers, len(f.files)) {
		g.Go(func() error {
			s, o := getScratch(), Opener{root: f.root}
			defer s.release()
			for i, ok := q.take(); ok; i, ok = q.take() {
				if f.files[i].Kind == Regular {
					q.done(i, f.read(ctx, &o, &f.files[i], s, nil))
				}
			}
			return o.Close()
		})
	}
	if err := g.Wait(); q.err != nil || err != nil {
		return cmp.Or(q.err, err)
	}
	for i := range f.files {
		if err := f.account.size(f.files[i].Path, f.files[i].Size); err != nil {
			return err
		}
	}
	return nil
}

// queue hands out files in their order until one has failed.
type queue struct {
	files []File

	mu     sync.Mutex
	next   int
	failed int // the first file that failed
	err    error
}

func (q *queue) take() (i int, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i = q.next
	q.next++
	return i, i < len(q.files) && q.err == nil
}

func (q *queue) done(i int, err error) {
	if err == nil {
		return
	}
	q.mu.Lock()
	defer q.mu.Unlock()
	if i < q.failed {
		q.failed, q.err = i, err
	}
}

// starter learns the size and mode of a file, and returns where its bytes go.
type starter func(*File) (io.Writer, error)

// read reads a regular file once. It fills in size, mode and digest, and
// passes the bytes on where start is not nil.
func (f *folder) read(ctx context.Context, o *Opener, file *File, s *scratch, start starter) error {
	src, err := o.Open(file.Path)
	if err != nil {
		if errors.Is(err, os.ErrNotExist) {
			err = fmt.Errorf("%w: %w", ErrChanged, err)
		}
		return err
	}
	return errors.Join(f.readOpen(ctx, src, file, s, start), src.Close())
}

func (f *folder) readOpen(ctx context.Context, src *os.File, file *File, s *scratch, start starter) error {
	before, err := src.Stat()
	if err != nil {
		return named(err, file.Path)
	}
	if !before.Mode().IsRegular() {
		return fmt.Errorf("%s: %w: it is no file any more", show(file.Path), ErrChanged)
	}
	file.Size, file.Executable = before.Size(), f.checkout.executable(file.Path, before.Mode())
	var dst io.Writer
	if start != nil {
		if dst, err = start(file); err != nil {
			return err
		}
	}
	if err := s.copy(ctx, dst, src, file); err != nil {
		return err
	}
	after, err := src.Stat()
	if err != nil {
		return named(err, file.Path)
	}
	if !after.ModTime().Equal(before.ModTime()) {
		return fmt.Errorf("%s: %w: somebody wrote to it", show(file.Path), ErrChanged)
	}
	return nil
}

// copy hashes as many bytes as the file has, and writes them to dst unless that is nil.
func (s *scratch) copy(ctx context.Context, dst io.Writer, src io.Reader, file *File) error {
	s.sum.Reset()
	for left := file.Size; ; {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := src.Read(s.buf[:])
		if left -= int64(n); left < 0 {
			return fmt.Errorf("%s: %w: it grew", show(file.Path), ErrChanged)
		}
		s.sum.Write(s.buf[:n])
		if dst != nil {
			if _, err := dst.Write(s.buf[:n]); err != nil {
				return fmt.Errorf("%s: %w", show(file.Path), err)
			}
		}
		if errors.Is(err, io.EOF) {
			if left > 0 {
				return fmt.Errorf("%s: %w: it shrank", show(file.Path), ErrChanged)
			}
			s.sum.Sum(file.Digest[:0])
			return nil
		}
		if err != nil {
			return named(err, file.Path)
		}
	}
}
