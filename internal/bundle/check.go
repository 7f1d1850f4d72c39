package bundle

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// List reads bundle.json. A tar file that packs did not make has none: that is
// fs.ErrNotExist.
func (b *Bundle) List() (*List, error) {
	f, err := b.Open(ListFile)
	if err != nil {
		return nil, err
	}
	var l List
	if err := decode(b.path+": "+ListFile, f, Kind, &l); err != nil {
		return nil, err
	}
	if err := l.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", b.path, err)
	}
	return &l, nil
}

// Check reads every byte of the bundle and compares it with bundle.json: no file
// is missing, none is left over, none differs. A tar file without bundle.json has
// nothing to compare with; its manifests and blobs are still checked by their
// digests when they are read.
func (b *Bundle) Check(ctx context.Context) error {
	l, err := b.List()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	files := 0
	for _, n := range b.nodes {
		if !n.folder {
			files++
		}
	}
	if files != len(l.Files)+1 {
		return fmt.Errorf("%s: %w: it holds %d files, %s lists %d", b.path, ErrBroken, files-1, ListFile, len(l.Files))
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	var failed atomic.Bool
	for i := range l.Files {
		if failed.Load() {
			break
		}
		g.Go(func() error {
			err := b.checkFile(ctx, &l.Files[i])
			if err != nil {
				failed.Store(true)
			}
			return err
		})
	}
	return g.Wait()
}

func (b *Bundle) checkFile(ctx context.Context, want *File) error {
	n := b.nodes[want.Path]
	if n == nil || n.folder || n.size != want.Size {
		return fmt.Errorf("%s: %w: %s is missing, or has another size than %s says", b.path, ErrBroken, want.Path, ListFile)
	}
	sum := sha256.New()
	r := &stoppable{ctx: ctx, r: io.NewSectionReader(b.parts, n.offset, n.size)}
	if _, err := io.Copy(sum, r); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("%s: %s: %w", b.parts.holding(n.offset), want.Path, err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != want.SHA256 {
		return fmt.Errorf("%s: %w: the bytes of %s have the SHA-256 %s, %s says %s", b.parts.holding(n.offset), ErrBroken, want.Path, got, ListFile, want.SHA256)
	}
	return nil
}

// stoppable ends a read when its context does.
type stoppable struct {
	ctx context.Context //nolint:containedctx // of the call that made it: io.Reader has no place for one
	r   io.Reader
}

func (s *stoppable) Read(p []byte) (int, error) {
	if s.ctx.Err() != nil {
		return 0, context.Cause(s.ctx)
	}
	return s.r.Read(p)
}
