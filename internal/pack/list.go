package pack

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
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

// List walks a pack's folder as Read does, with the same files left out, and
// goes on where Read refuses: what cannot be published is in the listing, with
// the reason. It fails where the folder cannot be opened or holds more than most
// entries; then errors.Is(err, ErrTooLarge).
func List(ctx context.Context, dir string, most int) (l *Listing, err error) {
	f, err := openFolder(dir, Limits{})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := lister{folder: f, most: most}
	text, err := f.ignoreFile()
	if err == nil {
		f.chosen.patterns, err = parseIgnore(text)
	}
	if w.list.IgnoreErr = err; err != nil {
		f.chosen.patterns = nil
	}
	if _, err := w.walk(ctx, ""); err != nil {
		return nil, err
	}
	if err := f.chosen.err(); err != nil {
		return nil, err
	}
	w.escapes()
	return &w.list, nil
}

type lister struct {
	folder *folder
	most   int
	list   Listing
}

// walk lists one folder and tells how many entries of it can be published.
func (w *lister) walk(ctx context.Context, prefix string) (int, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	entries, err := w.read(prefix)
	if err != nil {
		if prefix == "" {
			return 0, err
		}
		w.list.Entries[len(w.list.Entries)-1].Err = err
		return 1, nil
	}
	for _, e := range entries {
		if len(w.list.Entries) == w.most {
			return 0, fmt.Errorf("%w: more than %d files and folders", ErrTooLarge, w.most)
		}
		if err := w.add(ctx, prefix+e.Name(), e); err != nil {
			return 0, err
		}
	}
	return len(entries), nil
}

// read returns what is in a folder and not left out, sorted: all of it, or one
// more than allowed.
func (w *lister) read(prefix string) (kept []fs.DirEntry, err error) {
	d, err := w.folder.open(cmp.Or(strings.TrimSuffix(prefix, "/"), "."))
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, d.Close()) }()
	for len(kept) <= w.most {
		entries, err := d.ReadDir(atOnce)
		for _, e := range entries {
			if !w.folder.chosen.drops(prefix+e.Name(), e.IsDir()) {
				kept = append(kept, e)
			}
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, named(err, prefix)
		}
	}
	slices.SortFunc(kept, func(a, b fs.DirEntry) int { return cmp.Compare(a.Name(), b.Name()) })
	return kept, nil
}

func (w *lister) add(ctx context.Context, path string, d fs.DirEntry) error {
	i := len(w.list.Entries)
	w.list.Entries = append(w.list.Entries, w.look(path, d))
	if descend := w.list.Entries[i].Mode.IsDir() && w.list.Entries[i].Err == nil; !descend {
		return nil
	}
	n, err := w.walk(ctx, path+"/")
	w.list.Entries[i].Empty = n == 0 && err == nil
	return err
}

// look returns one entry, and what keeps it from being published.
func (w *lister) look(path string, d fs.DirEntry) Entry {
	e := Entry{Path: strings.ToValidUTF8(path, "\ufffd"), Mode: d.Type()}
	if !utf8.ValidString(path) {
		e.Err = fmt.Errorf("%w: the name is not UTF-8: rename it", ErrUnsupported)
		return e
	}
	if e.Err = tooDeep(path); e.Err != nil {
		return e
	}
	info, err := d.Info()
	if err != nil {
		e.Err = named(err, path)
		return e
	}
	e.Mode = info.Mode()
	switch {
	case e.Mode.IsDir():
	case e.Mode&fs.ModeSymlink != 0, e.Mode.IsRegular() && w.folder.checkout.link(path):
		e.Mode = fs.ModeSymlink | e.Mode.Perm()
		e.Target, e.Err = w.folder.target(path)
	case e.Mode.IsRegular():
		e.Size, e.Executable = info.Size(), w.folder.checkout.executable(path, e.Mode)
	default:
		e.Err = fmt.Errorf("%w: %s is neither file, folder nor link", ErrUnsupported, kindName(e.Mode))
	}
	return e
}

// escapes finds the links that lead out of the pack.
func (w *lister) escapes() {
	walk := linkWalk{links: make(map[string]string)}
	for i := range w.list.Entries {
		if e := &w.list.Entries[i]; e.Mode&fs.ModeSymlink != 0 && e.Err == nil {
			walk.links[e.Path] = e.Target
		}
	}
	for i := range w.list.Entries {
		e := &w.list.Entries[i]
		if target, ok := walk.links[e.Path]; ok {
			e.Escapes = walk.follow(&File{Path: e.Path, Target: target}) != nil
		}
	}
}
