package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// folder is a pack on disk. Nothing outside of it is ever opened.
type folder struct {
	root     *os.Root
	checkout *checkout
	chosen   selection
	account  account
	files    []File // sorted; size, mode and digest of regular ones come with reading them
	// note is told of every file and link that is listed, unless it is nil.
	note func(path string, info fs.FileInfo)
}

// openFolder opens a pack without looking at what it holds.
func openFolder(dir string, l Limits) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, account: account{limits: l.withDefaults()}}
	if f.checkout, err = findCheckout(dir); err != nil {
		return nil, errors.Join(err, root.Close())
	}
	return f, nil
}

// listFolder opens a pack and lists the files that belong to it.
func listFolder(ctx context.Context, dir string, l Limits) (*folder, error) {
	f, err := openFolder(dir, l)
	if err != nil {
		return nil, err
	}
	if err := f.list(ctx); err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return f, nil
}

// Close frees the folder.
func (f *folder) Close() error { return f.root.Close() }

func (f *folder) list(ctx context.Context) error {
	text, err := f.ignoreFile()
	if err == nil {
		f.chosen.patterns, err = parseIgnore(text)
	}
	if err != nil {
		return err
	}
	if err := f.walk(ctx, ""); err != nil {
		return err
	}
	slices.SortFunc(f.files, byPath)
	return checkLinks(f.files)
}

// ignoreFile returns the text of the pack's .packsignore; none is the same as
// an empty one.
func (f *folder) ignoreFile() (string, error) {
	info, err := f.root.Lstat(IgnoreFile)
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", named(err, IgnoreFile)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("%s: %w: make it a regular file", IgnoreFile, ErrUnsupported)
	}
	return f.small(IgnoreFile, maxIgnore)
}

// small reads a file of at most so many bytes.
func (f *folder) small(path string, most int64) (text string, err error) {
	src, err := f.open(path)
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	data, err := io.ReadAll(io.LimitReader(src, most+1))
	if err != nil {
		return "", named(err, path)
	}
	if int64(len(data)) > most {
		return "", fmt.Errorf("%s: %w: more than %d bytes", show(path), ErrTooLarge, most)
	}
	return string(data), nil
}

func (f *folder) open(path string) (*os.File, error) {
	src, err := f.root.OpenFile(filepath.FromSlash(path), os.O_RDONLY|nonblock, 0)
	return src, named(err, path)
}

// atOnce is how many names are read from a folder at a time.
const atOnce = 256

// walk adds what lies below a folder: prefix is its path with "/" at its end,
// empty for the pack itself.
func (f *folder) walk(ctx context.Context, prefix string) error {
	d, err := f.open(cmp.Or(strings.TrimSuffix(prefix, "/"), "."))
	if err != nil {
		return err
	}
	folders, err := f.entries(ctx, d, prefix)
	if err = errors.Join(err, d.Close()); err != nil {
		return err
	}
	for _, path := range folders {
		if err := f.walk(ctx, path+"/"); err != nil {
			return err
		}
	}
	return nil
}

// entries adds the files of an open folder and returns its folders.
func (f *folder) entries(ctx context.Context, d *os.File, prefix string) (folders []string, err error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		entries, err := d.ReadDir(atOnce)
		for _, e := range entries {
			path := prefix + e.Name()
			if f.chosen.drops(path, e.IsDir()) {
				continue
			}
			if err := f.add(path, e.Type()); err != nil {
				return nil, err
			}
			if e.IsDir() {
				folders = append(folders, path)
				continue
			}
			if err := f.notice(path, e); err != nil {
				return nil, err
			}
		}
		if errors.Is(err, io.EOF) {
			return folders, f.chosen.err()
		}
		if err != nil {
			return nil, named(err, prefix)
		}
	}
}

func (f *folder) notice(path string, e fs.DirEntry) error {
	if f.note == nil {
		return nil
	}
	info, err := e.Info()
	if err != nil {
		return named(err, path)
	}
	f.note(path, info)
	return nil
}

// add takes in an entry of a folder.
func (f *folder) add(path string, kind fs.FileMode) error {
	if !utf8.ValidString(path) {
		return fmt.Errorf("%s: %w: the name is not UTF-8: rename it", show(path), ErrUnsupported)
	}
	if err := tooDeep(path); err != nil {
		return fmt.Errorf("%s: %w", show(path), err)
	}
	switch {
	case kind.IsDir():
		return f.account.name(path, "")
	case kind&fs.ModeSymlink != 0, kind.IsRegular() && f.checkout.link(path):
		target, err := f.target(path)
		if err != nil {
			return err
		}
		link, err := newLink(path, target)
		if err != nil {
			return err
		}
		f.files = append(f.files, link)
		return f.account.name(path, target)
	case kind.IsRegular():
		f.files = append(f.files, File{Path: path, Kind: Regular})
		return f.account.name(path, "")
	}
	return fmt.Errorf("%s: %w: %s is neither file, folder nor link: remove it, or name it in %s", show(path), ErrUnsupported, kindName(kind), IgnoreFile)
}

// maxTarget is the longest target that a link may have, in bytes.
const maxTarget = 4096

// target returns where a link leads.
func (f *folder) target(path string) (string, error) {
	if f.checkout.link(path) {
		return f.small(path, maxTarget)
	}
	target, err := f.root.Readlink(filepath.FromSlash(path))
	return filepath.ToSlash(target), named(err, path)
}

// newLink returns the file that a link is.
func newLink(path, target string) (File, error) {
	if !utf8.ValidString(target) {
		return File{}, fmt.Errorf("%s: %w: the target of the link, %s, is not UTF-8: remove the link, or name it in %s", show(path), ErrUnsupported, show(target), IgnoreFile)
	}
	return linkFile(path, target), nil
}

func kindName(m fs.FileMode) string {
	switch {
	case m&fs.ModeNamedPipe != 0:
		return "a named pipe"
	case m&fs.ModeSocket != 0:
		return "a socket"
	case m&fs.ModeDevice != 0:
		return "a device"
	}
	return "this"
}
