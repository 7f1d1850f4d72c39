package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Listing is what a pack's folder holds, whether or not it can be published.
type Listing struct {
	Entries   []Entry // files, links and folders in the order of the walk
	IgnoreErr error   // why .packsignore cannot be used; it then ignores nothing
}

// Entry is one thing in a pack's folder.
type Entry struct {
	Path       string      // relative to the pack, with slashes; what is no UTF-8 in it is replaced
	Mode       fs.FileMode // type and permissions
	Size       int64       // bytes of a regular file
	Executable bool        // a regular file that is published as executable
	Target     string      // of a link, with slashes
	Escapes    bool        // a link that leaves the pack or goes in circles
	Empty      bool        // a folder that holds nothing that is published, not even folders
	Err        error       // why the entry could not be looked at, or cannot be published
}

// maxListedDepth bounds how deep folders are listed: a file is opened folder by
// folder, so that the cost of a walk grows with the square of the depth.
const maxListedDepth = 200

// List walks a pack's folder as Read does, with the same files left out, and
// goes on where Read refuses: what cannot be published is in the listing, with
// the reason. It fails where the folder cannot be opened or holds more than most
// entries; then errors.Is(err, ErrTooLarge).
func List(ctx context.Context, dir string, most int) (l *Listing, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	w := lister{root: root, most: most, links: make(map[string]string)}
	w.ig, w.list.IgnoreErr = readIgnore(root)
	// Without an answer from git the bits of the file system have to do.
	w.modes, _ = modesFor(ctx, dir)
	if _, err := w.walk(ctx, "."); err != nil {
		return nil, err
	}
	for i := range w.list.Entries {
		if e := &w.list.Entries[i]; e.Mode&fs.ModeSymlink != 0 && e.Err == nil {
			e.Escapes = !staysInside(w.links, path.Dir(e.Path), e.Target)
		}
	}
	return &w.list, nil
}

type lister struct {
	root  *os.Root
	ig    *ignorer
	modes *indexModes
	most  int
	links map[string]string
	list  Listing
}

// walk lists one folder and tells how many entries of it can be published.
func (w *lister) walk(ctx context.Context, dir string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	entries, err := w.read(dir)
	if err != nil {
		if dir == "." {
			return 0, err
		}
		w.list.Entries[len(w.list.Entries)-1].Err = err
		return 1, nil
	}
	kept := 0
	for _, e := range entries {
		name := path.Join(dir, e.Name())
		if w.ig.excludes(name, e.IsDir()) {
			continue
		}
		kept++
		if len(w.list.Entries) == w.most {
			return 0, fmt.Errorf("%w of %d files and folders", ErrTooLarge, w.most)
		}
		if err := w.add(ctx, name, e); err != nil {
			return 0, err
		}
	}
	return kept, nil
}

func (w *lister) read(dir string) ([]fs.DirEntry, error) {
	d, err := w.root.Open(filepath.FromSlash(dir))
	if err != nil {
		return nil, err
	}
	entries, err := d.ReadDir(w.most + 1) // one more than allowed is enough to know
	if errors.Is(err, io.EOF) {
		err = nil
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return entries, errors.Join(err, d.Close())
}

func (w *lister) add(ctx context.Context, name string, d fs.DirEntry) error {
	e := Entry{Path: strings.ToValidUTF8(name, "\ufffd"), Mode: d.Type()}
	if !utf8.ValidString(name) {
		e.Err = fmt.Errorf("%w (its name is not UTF-8: rename it)", ErrUnsupported)
		w.list.Entries = append(w.list.Entries, e)
		return nil
	}
	info, err := d.Info()
	if err != nil {
		e.Err = err
		w.list.Entries = append(w.list.Entries, e)
		return nil
	}
	e.Mode = info.Mode()
	switch {
	case strings.Count(name, "/") > maxListedDepth:
		e.Err = fmt.Errorf("%w: it lies in more than %d folders", ErrTooLarge, maxListedDepth)
	case e.Mode.IsDir():
		i := len(w.list.Entries)
		w.list.Entries = append(w.list.Entries, e)
		n, err := w.walk(ctx, name)
		w.list.Entries[i].Empty = n == 0 && err == nil
		return err
	case e.Mode.IsRegular():
		e.Size, e.Executable = info.Size(), w.modes.executable(name, e.Mode)
	case e.Mode&fs.ModeSymlink != 0:
		e.Target, e.Err = w.root.Readlink(filepath.FromSlash(name))
		e.Target = filepath.ToSlash(e.Target)
		w.links[name] = e.Target
	default:
		e.Err = fmt.Errorf("%w (it is a %s: only files, folders and links can be published)", ErrUnsupported, kindName(e.Mode))
	}
	w.list.Entries = append(w.list.Entries, e)
	return nil
}
