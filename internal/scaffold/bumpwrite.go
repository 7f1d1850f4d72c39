package scaffold

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
)

// Apply carries a bump out. The new folder appears whole, and the old one goes
// away only then.
func (b *Bump) Apply() error {
	if b.To == filepath.Clean(b.From) {
		return b.inPlace()
	}
	tmp, err := os.MkdirTemp(filepath.Dir(b.To), ".packs-bump-")
	if err != nil {
		return err
	}
	if err := b.build(tmp); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, b.To); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if !b.Rename {
		return nil
	}
	return os.RemoveAll(b.From)
}

// build makes the new folder: all that the old one has, with the edits.
func (b *Bump) build(dir string) error {
	info, err := os.Stat(b.From)
	if err != nil {
		return err
	}
	if err := copyTree(b.From, dir); err != nil {
		return err
	}
	if err := b.write(dir); err != nil {
		return err
	}
	return os.Chmod(dir, info.Mode().Perm())
}

// copyTree copies files, links and folders, with their permissions.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil || rel == "." {
			return err
		}
		target := filepath.Join(to, rel)
		switch {
		case d.IsDir():
			return os.Mkdir(target, 0o755) //nolint:gosec // as git checks folders out
		case d.Type()&fs.ModeSymlink != 0:
			link, err := os.Readlink(path)
			if err != nil {
				return err
			}
			return os.Symlink(link, target) //nolint:gosec // below a folder that was just made
		case !d.Type().IsRegular():
			return &InvalidError{path + " is neither file, folder nor link", "take it away: it cannot be published"}
		}
		return copyFile(path, target)
	})
}

func copyFile(from, to string) (err error) {
	in, err := os.Open(from) //nolint:gosec // below the folder that the user names
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	out, err := os.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm()|0o200) //nolint:gosec // see above
	if err != nil {
		return err
	}
	_, err = out.ReadFrom(in)
	return errors.Join(err, out.Close())
}

// inPlace edits the files where they are.
func (b *Bump) inPlace() error { return b.write(b.From) }

// write replaces the edited files of a folder, each whole or not at all.
func (b *Bump) write(dir string) error {
	for _, e := range b.Edits {
		path := filepath.Join(dir, e.Path)
		info, err := os.Lstat(path)
		if err != nil {
			return err
		}
		if !info.Mode().IsRegular() {
			return &InvalidError{filepath.Join(b.From, e.Path) + " is a link", "edit the file that it points to, or make it a file"}
		}
		tmp, err := os.CreateTemp(dir, ".packs-*")
		if err != nil {
			return err
		}
		_, err = tmp.Write(e.After)
		err = errors.Join(err, tmp.Chmod(info.Mode().Perm()), tmp.Close())
		if err == nil {
			err = os.Rename(tmp.Name(), path)
		}
		if err != nil {
			return errors.Join(err, os.Remove(tmp.Name()))
		}
	}
	return nil
}
