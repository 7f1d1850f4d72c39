package pack

import (
	"context"
	"errors"
	"io"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// Extract writes the files of an archive below dir, which must exist and be
// empty, without the archive's top folder. Nothing is written outside of dir,
// whatever the archive says. After an error dir holds leftovers: remove it.
func Extract(ctx context.Context, r io.Reader, dir string, l Limits) (inv *Inventory, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	x := &extractor{root: root, parts: make(map[string]string), users: make(map[string]int)}
	if err := root.Mkdir(partsDir, 0o700); err != nil {
		return nil, err
	}
	s, err := scan(ctx, r, l, x)
	if err != nil {
		return nil, err
	}
	if inv, err = s.inventory(); err != nil {
		return nil, err
	}
	packRoot, _, err := s.root()
	if err != nil {
		return nil, err
	}
	if err := x.place(inv, packRoot); err != nil {
		return nil, err
	}
	return inv, root.RemoveAll(partsDir)
}

// partsDir holds files until the whole archive has been read: only then is it
// known which of them belong to the pack, and links that an entry could be
// written through exist only at the very end. Its name is one that is left out
// of every pack, so that no pack can hold it.
const partsDir = "._packs-extract"

type extractor struct {
	root  *os.Root
	parts map[string]string // path in the archive to file in partsDir
	users map[string]int    // how many paths a file in partsDir stands for
	files int
}

func (x *extractor) create(name string) (io.WriteCloser, error) {
	x.files++
	part := path.Join(partsDir, strconv.Itoa(x.files))
	x.use(name, part)
	return x.root.OpenFile(filepath.FromSlash(part), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
}

func (x *extractor) link(name, from string) { x.use(name, x.parts[from]) }

func (x *extractor) use(name, part string) {
	if before, ok := x.parts[name]; ok {
		x.users[before]--
	}
	x.parts[name] = part
	x.users[part]++
}

// place moves the files of the pack to where they belong, links last.
func (x *extractor) place(inv *Inventory, packRoot string) error {
	for _, kind := range []Kind{Regular, Link} {
		for i := range inv.Files {
			f := &inv.Files[i]
			if f.Kind != kind {
				continue
			}
			to := filepath.FromSlash(f.Path)
			if err := x.root.MkdirAll(filepath.Dir(to), 0o755); err != nil {
				return err
			}
			if err := x.placeOne(f, to, path.Join(packRoot, f.Path)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (x *extractor) placeOne(f *File, to, name string) error {
	if f.Kind == Link {
		return x.root.Symlink(filepath.FromSlash(f.Target), to)
	}
	mode := os.FileMode(0o644)
	if f.Executable {
		mode = 0o755
	}
	part := x.parts[name]
	x.users[part]--
	if x.users[part] > 0 {
		if err := x.copyPart(part, to); err != nil {
			return err
		}
	} else if err := x.root.Rename(filepath.FromSlash(part), to); err != nil {
		return err
	}
	return x.root.Chmod(to, mode)
}

func (x *extractor) copyPart(part, to string) (err error) {
	src, err := x.root.Open(filepath.FromSlash(part))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dst, err := x.root.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}
