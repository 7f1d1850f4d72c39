package pack

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strconv"
)

// Extract writes the files of the pack in an archive below dir, which must
// exist and be empty, without the archive's top folder and without what is
// left out of a pack. Whatever the archive says, nothing is written outside of
// dir. Errors are those of ReadArchive; after one, dir is empty again.
func Extract(ctx context.Context, r io.Reader, dir string, l Limits) (inv *Inventory, err error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	names, err := namesIn(root)
	if err == nil && len(names) > 0 {
		err = &fs.PathError{Op: "extract to", Path: dir, Err: errors.New("the folder is not empty")}
	}
	if err != nil {
		return nil, err
	}
	x := &extractor{root: root, stage: ".packs-" + rand.Text()}
	if inv, err = x.extract(ctx, r, l); err != nil {
		return nil, errors.Join(err, x.undo())
	}
	return inv, nil
}

// extractor first writes the archive's files to a folder of their own, under
// numbers, and moves them to their places at the end. Only then is it known
// which of them belong to the pack, and no link stands in the way meanwhile.
type extractor struct {
	root  *os.Root
	stage string
}

func (x *extractor) extract(ctx context.Context, r io.Reader, l Limits) (*Inventory, error) {
	if err := x.root.Mkdir(x.stage, 0o700); err != nil {
		return nil, err
	}
	s := getScratch()
	defer s.release()
	c, err := scan(ctx, r, l, func(ctx context.Context, e *entry, r io.Reader) error {
		return x.receive(ctx, s, e, r)
	})
	if err != nil {
		return nil, err
	}
	inv, parts, err := c.pack()
	if err != nil {
		return nil, err
	}
	if err := x.place(ctx, inv.Files, parts); err != nil {
		return nil, err
	}
	return inv, x.root.RemoveAll(x.stage)
}

// part is the path of the archive's regular file of that number.
func (x *extractor) part(n int) string { return filepath.Join(x.stage, strconv.Itoa(n)) }

func (x *extractor) receive(ctx context.Context, s *scratch, e *entry, r io.Reader) (err error) {
	mode := os.FileMode(0o644)
	if e.Executable {
		mode = 0o755
	}
	w, err := x.root.OpenFile(x.part(e.part), os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode)
	if err != nil {
		return err
	}
	return errors.Join(s.copy(ctx, w, r, &e.File), w.Close())
}

// place moves files to where they belong, then makes the links.
func (x *extractor) place(ctx context.Context, files []File, parts []int) error {
	uses := make(map[int]int, len(parts))
	for _, n := range parts {
		uses[n]++
	}
	for _, kind := range []Kind{Regular, Link} {
		for i := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if files[i].Kind != kind {
				continue
			}
			uses[parts[i]]--
			if err := x.placeOne(&files[i], parts[i], uses[parts[i]] > 0); err != nil {
				return err
			}
		}
	}
	return nil
}

// placeOne puts one file into its place; shared says that the bytes are needed
// for another file too.
func (x *extractor) placeOne(f *File, part int, shared bool) error {
	to := filepath.FromSlash(f.Path)
	if dir := path.Dir(f.Path); dir != "." {
		if err := x.root.MkdirAll(filepath.FromSlash(dir), 0o755); err != nil {
			return err
		}
	}
	if _, err := x.root.Lstat(to); err == nil {
		return fmt.Errorf("%s: %w: this file system takes it for another file of the archive", show(f.Path), fs.ErrExist)
	}
	switch {
	case f.Kind == Link:
		return x.root.Symlink(filepath.FromSlash(f.Target), to)
	case shared:
		return x.copyPart(part, to)
	}
	return x.root.Rename(x.part(part), to)
}

func (x *extractor) copyPart(part int, to string) (err error) {
	src, err := x.root.Open(x.part(part))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	info, err := src.Stat()
	if err != nil {
		return err
	}
	dst, err := x.root.OpenFile(to, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Close())
}

// undo empties the folder.
func (x *extractor) undo() error {
	names, err := namesIn(x.root)
	for _, name := range names {
		err = errors.Join(err, x.root.RemoveAll(name))
	}
	return err
}

func namesIn(root *os.Root) (names []string, err error) {
	d, err := root.Open(".")
	if err != nil {
		return nil, err
	}
	names, err = d.Readdirnames(-1)
	return names, errors.Join(err, d.Close())
}
