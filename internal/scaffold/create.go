package scaffold

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// file is a file to create.
type file struct {
	path string
	data []byte
}

// create writes files that must not exist: all of them, or none. Each appears
// whole or not at all.
func create(files ...file) error {
	for _, f := range files {
		if _, err := os.Lstat(f.path); err == nil {
			return fmt.Errorf("%s: %w", f.path, fs.ErrExist)
		}
	}
	for i, f := range files {
		if err := createOne(f); err != nil {
			for _, done := range files[:i] {
				err = errors.Join(err, os.Remove(done.path))
			}
			return err
		}
	}
	return nil
}

// createOne writes beside the file and gives it its name when everything is
// there. A link fails where the name is taken meanwhile, which a rename would not.
func createOne(f file) (err error) {
	tmp, err := os.CreateTemp(filepath.Dir(f.path), ".packs-*")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(tmp.Name())) }()
	_, err = tmp.Write(f.data)
	err = errors.Join(err, tmp.Chmod(0o644), tmp.Sync(), tmp.Close())
	if err != nil {
		return err
	}
	if err = os.Link(tmp.Name(), f.path); err == nil || errors.Is(err, fs.ErrExist) {
		return err
	}
	return copyTo(f) // a file system without links
}

func copyTo(f file) error {
	out, err := os.OpenFile(f.path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644) //nolint:gosec // as git checks files out
	if err != nil {
		return err
	}
	_, err = out.Write(f.data)
	return errors.Join(err, out.Sync(), out.Close())
}
