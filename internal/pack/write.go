package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
)

// Build writes the archive NAME-VERSION.tar.gz of the pack at path, a folder
// or an archive, and takes stock of it, in one pass over the bytes: what was
// written is what the inventory says. See docs/specs/archive.md. After an
// error w holds a part of an archive.
func Build(ctx context.Context, w io.Writer, path string, m Meta) (*Inventory, error) {
	if isFile(path) {
		return Repack(ctx, w, path, m, "")
	}
	f, err := listFolder(ctx, path, Limits{})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(writeArchive(ctx, w, m, f, names), f.Close()); err != nil {
		return nil, err
	}
	return newInventory(f.files), nil
}

// WriteArchive writes the archive NAME-VERSION.tar.gz of a pack that Read took
// stock of. It fails with ErrChanged where a file is not what the inventory
// says, so that an archive written without an error always has inv.Digest;
// files that came to the folder later are not in it.
func WriteArchive(ctx context.Context, w io.Writer, path string, m Meta, inv *Inventory) error {
	if got := contentDigest(inv.Files); got != inv.Digest {
		return fmt.Errorf("%w: the inventory has the digest %s and says %s", ErrChanged, got, inv.Digest)
	}
	if isFile(path) {
		got, err := Repack(ctx, w, path, m, "")
		if err == nil && got.Digest != inv.Digest {
			err = fmt.Errorf("%s: %w", path, ErrChanged)
		}
		return err
	}
	f, err := openFolder(path, Limits{})
	if err != nil {
		return err
	}
	f.files = inv.Files
	return errors.Join(writeArchive(ctx, w, m, f, everything), f.Close())
}

// Repack is Build for a pack that is an archive itself. It is unpacked into a
// temporary folder below tmp, or the system's where that is empty, which is
// removed in any case.
func Repack(ctx context.Context, w io.Writer, path string, m Meta, tmp string) (inv *Inventory, err error) {
	src, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, src.Close()) }()
	dir, err := os.MkdirTemp(tmp, "packs-")
	if err != nil {
		return nil, fmt.Errorf("temporary folder for the files of an archive: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	inv, err = Extract(ctx, src, dir, Limits{})
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	f := &folder{root: root, files: inv.Files, account: account{limits: Limits{}.withDefaults()}}
	if err := errors.Join(writeArchive(ctx, w, m, f, exceptModes), f.Close()); err != nil {
		return nil, err
	}
	return inv, nil
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.IsDir()
}
