package pack

import (
	"archive/tar"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/klauspost/compress/gzip"
)

// level is the one compression level of all archives: another gives other
// bytes, and with them another digest for every pack that was ever published.
const level = 6

var compressors = sync.Pool{New: func() any {
	z, err := gzip.NewWriterLevel(io.Discard, level)
	if err != nil {
		panic(err) // a constant level that exists
	}
	return z
}}

// Build writes the archive NAME-VERSION.tar.gz of a pack folder to w and takes
// stock of what it wrote, in one pass over the bytes. The same pack gives the
// same archive on every machine: see docs/specs/archive.md.
func Build(ctx context.Context, w io.Writer, dir string, m Meta) (*Inventory, error) {
	f, err := openFolder(ctx, dir)
	if err != nil {
		return nil, err
	}
	slices.SortFunc(f.files, func(a, b File) int { return strings.Compare(a.Path, b.Path) })
	z := compressors.Get().(*gzip.Writer) //nolint:forcetypeassert // the pool holds nothing else
	defer compressors.Put(z)
	z.Reset(w)
	a := archiver{tar: tar.NewWriter(z), top: top(m), made: make(map[string]bool)}
	err = a.all(ctx, f)
	if err == nil {
		err = errors.Join(a.tar.Close(), z.Close())
	}
	if err = errors.Join(err, f.Close()); err != nil {
		return nil, err
	}
	return newInventory(f.files), nil
}

type archiver struct {
	tar  *tar.Writer
	top  string
	made map[string]bool // folders that have an entry
}

func (a *archiver) all(ctx context.Context, f *folder) error {
	for i := range f.files {
		file := &f.files[i]
		if err := a.folders(path.Join(a.top, file.Path)); err != nil {
			return err
		}
		if file.Kind == Link {
			if err := a.link(file); err != nil {
				return err
			}
			continue
		}
		if err := f.copy(ctx, file, a.regular); err != nil {
			return err
		}
	}
	return nil
}

// epoch is the time of every entry.
var epoch = time.Unix(0, 0)

// folders writes the entries of the folders above a path that have none yet.
func (a *archiver) folders(p string) error {
	for i := range len(p) {
		if p[i] != '/' || a.made[p[:i]] {
			continue
		}
		a.made[p[:i]] = true
		h := &tar.Header{Typeflag: tar.TypeDir, Name: p[:i+1], Mode: 0o755, ModTime: epoch}
		if err := a.tar.WriteHeader(h); err != nil {
			return fmt.Errorf("%s: %w", p[:i], err)
		}
	}
	return nil
}

func (a *archiver) regular(file *File) (io.Writer, error) {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: path.Join(a.top, file.Path), Size: file.Size, Mode: 0o644, ModTime: epoch}
	if file.Executable {
		h.Mode = 0o755
	}
	if err := a.tar.WriteHeader(h); err != nil {
		return nil, fmt.Errorf("%s: %w", file.Path, err)
	}
	return a.tar, nil
}

func (a *archiver) link(file *File) error {
	h := &tar.Header{Typeflag: tar.TypeSymlink, Name: path.Join(a.top, file.Path), Linkname: file.Target, Mode: 0o777, ModTime: epoch}
	if err := a.tar.WriteHeader(h); err != nil {
		return fmt.Errorf("%s: %w", file.Path, err)
	}
	return nil
}
