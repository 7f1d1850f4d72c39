package pack

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Opener opens files of a folder, one after another. It keeps the last file's
// folder open: to open each of its files from the pack's root would cost as
// many more system calls as it is deep. Not safe for concurrent use.
type Opener struct {
	root *os.Root
	path string   // of the folder that is open, "" for the root
	sub  *os.Root // nil for the root
}

// NewOpener returns an Opener of the files of a folder, which stays open.
func NewOpener(root *os.Root) *Opener { return &Opener{root: root} }

// Open opens a file by its path in the pack. A link must not lead out of the
// folder that it lies in.
func (o *Opener) Open(path string) (*os.File, error) {
	dir, name := "", path
	if i := strings.LastIndexByte(path, '/'); i >= 0 {
		dir, name = path[:i], path[i+1:]
	}
	if err := o.enter(dir); err != nil {
		return nil, named(err, path)
	}
	at := o.root
	if o.sub != nil {
		at = o.sub
	}
	f, err := at.OpenFile(name, os.O_RDONLY|nonblock, 0)
	return f, named(err, path)
}

func (o *Opener) enter(dir string) (err error) {
	if dir == o.path {
		return nil
	}
	if err := o.Close(); err != nil || dir == "" {
		return err
	}
	o.sub, err = o.root.OpenRoot(filepath.FromSlash(dir))
	if err == nil {
		o.path = dir
	}
	return err
}

// Close frees the folder that is open; the root stays open.
func (o *Opener) Close() error {
	if o.sub == nil {
		return nil
	}
	err := o.sub.Close()
	o.sub, o.path = nil, ""
	return err
}

// named makes an error of the file system name the file by its path in the pack.
func named(err error, path string) error {
	if err == nil {
		return nil
	}
	if pe := (*fs.PathError)(nil); errors.As(err, &pe) {
		return &fs.PathError{Op: "read", Path: show(path), Err: pe.Err}
	}
	return err
}
