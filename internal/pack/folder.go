package pack

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/sync/errgroup"
)

// Options tunes Read.
type Options struct {
	Workers int // files that are hashed at once; 0 means GOMAXPROCS
}

// Read takes stock of a pack: it walks and hashes a folder, or reads an
// archive, with one pass over the bytes. Errors name the file.
func Read(ctx context.Context, path string, o Options) (*Inventory, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return readArchiveFile(ctx, path)
	}
	f, err := openFolder(ctx, path)
	if err != nil {
		return nil, err
	}
	inv, err := f.hash(ctx, o.Workers)
	return inv, errors.Join(err, f.Close())
}

func readArchiveFile(ctx context.Context, path string) (inv *Inventory, err error) {
	f, err := os.Open(path) //nolint:gosec // the user names the packs
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	return ReadArchive(ctx, f, Limits{})
}

// folder is a pack on disk. Nothing outside of it is ever opened.
type folder struct {
	root  *os.Root
	files []File            // regular files and links in the order of the walk; digests of regular ones are missing
	links map[string]string // path to target
	ig    *ignorer
	modes *indexModes // nil: the file system knows the executable bits
}

// openFolder lists the files of a pack.
func openFolder(ctx context.Context, dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, links: make(map[string]string)}
	if err := f.list(ctx, dir); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

func (f *folder) list(ctx context.Context, dir string) error {
	var err error
	if f.ig, err = readIgnore(f.root); err != nil {
		return err
	}
	if f.modes, err = modesFor(ctx, dir); err != nil {
		return err
	}
	if err := f.walk(ctx, "."); err != nil {
		return err
	}
	if err := checkLinks(f.links); err != nil {
		return err
	}
	return nil
}

// Close frees the folder.
func (f *folder) Close() error { return f.root.Close() }

func readIgnore(root *os.Root) (ig *ignorer, err error) {
	file, err := root.Open(IgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a nil ignorer ignores nothing
	}
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	data, err := io.ReadAll(io.LimitReader(file, maxIgnore+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxIgnore {
		return nil, fmt.Errorf("%s: %w of %d bytes", IgnoreFile, ErrTooLarge, maxIgnore)
	}
	return parseIgnore(data)
}

func (f *folder) walk(ctx context.Context, dir string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	d, err := f.root.Open(filepath.FromSlash(dir))
	if err != nil {
		return err
	}
	entries, err := d.ReadDir(-1)
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if f.ig.excludes(name, e.IsDir()) {
			continue
		}
		if err := f.add(ctx, name, e); err != nil {
			return err
		}
	}
	return nil
}

func (f *folder) add(ctx context.Context, name string, e fs.DirEntry) error {
	if !utf8.ValidString(name) {
		return fmt.Errorf("%q: %w (its name is not UTF-8: rename it)", name, ErrUnsupported)
	}
	switch e.Type() {
	case fs.ModeDir:
		return f.walk(ctx, name)
	case 0:
		f.files = append(f.files, File{Path: name, Kind: Regular})
		return nil
	case fs.ModeSymlink:
		target, err := f.root.Readlink(filepath.FromSlash(name))
		if err != nil {
			return err
		}
		target = filepath.ToSlash(target)
		f.links[name] = target
		f.files = append(f.files, linkFile(name, target))
		return nil
	}
	return fmt.Errorf("%s: %w (it is a %s: only files, folders and links can be published)", name, ErrUnsupported, kindName(e.Type()))
}

func kindName(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "named pipe"
	case m&fs.ModeSocket != 0:
		return "socket"
	case m&fs.ModeDevice != 0:
		return "device"
	}
	return "special file"
}

// hash digests all regular files, some at once.
func (f *folder) hash(ctx context.Context, workers int) (*Inventory, error) {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(workers)
	for i := range f.files {
		if f.files[i].Kind != Regular {
			continue
		}
		g.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			return f.copy(ctx, &f.files[i], nil)
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	return newInventory(f.files), nil
}

// head tells a file's size and executable bit before its bytes are copied.
type head func(file *File) (io.Writer, error)

// copy reads one regular file once: it fills in size, mode and digest, and
// writes the bytes to what start returns.
func (f *folder) copy(ctx context.Context, file *File, start head) (err error) {
	src, err := f.root.Open(filepath.FromSlash(file.Path))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s: %w: it is no file any more", file.Path, ErrChanged)
	}
	file.Size, file.Executable = info.Size(), f.modes.executable(file.Path, info.Mode())
	h := sha256.New()
	var w io.Writer = h
	if start != nil {
		dst, err := start(file)
		if err != nil {
			return err
		}
		w = io.MultiWriter(h, dst)
	}
	if err := copyExactly(ctx, w, src, file); err != nil {
		return err
	}
	h.Sum(file.Digest[:0])
	return nil
}

const bufferSize = 128 << 10

var buffers = sync.Pool{New: func() any { b := make([]byte, bufferSize); return &b }}

// copyExactly copies as many bytes as the file had when it was opened.
func copyExactly(ctx context.Context, w io.Writer, r io.Reader, file *File) error {
	b := buffers.Get().(*[]byte) //nolint:forcetypeassert // the pool holds nothing else
	defer buffers.Put(b)
	left := file.Size
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		n, err := r.Read(*b)
		if int64(n) > left {
			return fmt.Errorf("%s: %w: it grew", file.Path, ErrChanged)
		}
		left -= int64(n)
		if _, werr := w.Write((*b)[:n]); werr != nil {
			return werr
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%s: %w", file.Path, err)
		}
	}
	if left != 0 {
		return fmt.Errorf("%s: %w: it shrank", file.Path, ErrChanged)
	}
	return nil
}

// top is the one folder that an archive holds.
func top(m Meta) string { return strings.Join([]string{m.Name, m.Version}, "-") }
