package bundle

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Limits of a tar file, which is hostile input: 100,000 packs with ten versions
// each have less than that many files.
const (
	maxEntries = 5_000_000
	maxPath    = 4096
)

// Bundle is an open bundle: its files, to be read in any order and by many
// goroutines at once. It implements fs.FS, fs.StatFS and fs.ReadDirFS.
type Bundle struct {
	path  string
	parts *parts
	nodes map[string]*node // by path; "." is the root
	first string           // the path of the first file
}

// node is a file or folder of a bundle.
type node struct {
	name         string // the last part of its path
	folder       bool
	offset, size int64    // of a file
	children     []string // names in a folder, in the order of the tar file
}

// Open opens an uncompressed tar file, or the parts of one, and reads where its
// files are, but none of them. Close closes it. What is no bundle is ErrBroken.
func Open(ctx context.Context, path string) (*Bundle, error) {
	p, err := openParts(path)
	if err != nil {
		return nil, err
	}
	b := &Bundle{path: path, parts: p, nodes: map[string]*node{".": {name: ".", folder: true}}}
	if err := b.index(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", path, err), p.Close())
	}
	return b, nil
}

// Close closes the files. What was opened from it cannot be read any more.
func (b *Bundle) Close() error { return b.parts.Close() }

// index goes through the headers.
func (b *Bundle) index(ctx context.Context) error {
	if err := b.checkStart(); err != nil {
		return err
	}
	whole := io.NewSectionReader(b.parts, 0, b.parts.size)
	headers := tar.NewReader(whole) // passes over files by seeking, and reads no further than it must
	end := int64(0)
	for n := 0; ; n++ {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		h, err := headers.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return fmt.Errorf("%w: behind byte %d: %w", ErrBroken, end, err)
		}
		at, err := whole.Seek(0, io.SeekCurrent)
		if err != nil {
			return err
		}
		if n == maxEntries {
			return fmt.Errorf("%w: it has more than %d files", ErrBroken, maxEntries)
		}
		if err := b.add(h, at); err != nil {
			return err
		}
		end = at + h.Size
		if end > b.parts.size || end < at {
			return fmt.Errorf("%w: it ends in the middle of %q", ErrBroken, h.Name)
		}
	}
	// Two blocks of zeros follow the last file. Without them it may have been cut off.
	if b.parts.size < (end+511)/512*512+1024 {
		return fmt.Errorf("%w: its end is missing", ErrBroken)
	}
	return nil
}

// checkStart looks whether the file is something else.
func (b *Bundle) checkStart() error {
	start := make([]byte, 6)
	n, err := b.parts.ReadAt(start, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	switch start = start[:n]; {
	case n == 0:
		return fmt.Errorf("%w: it is empty", ErrBroken)
	case bytes.HasPrefix(start, []byte{0x1f, 0x8b}), bytes.HasPrefix(start, []byte{0x28, 0xb5, 0x2f, 0xfd}), bytes.HasPrefix(start, []byte{0xfd, '7', 'z', 'X', 'Z', 0}), bytes.HasPrefix(start, []byte("BZh")):
		return fmt.Errorf("%w: it is compressed: unpack it to a .tar file first, in which files are found by their place", ErrBroken)
	}
	return nil
}

func (b *Bundle) add(h *tar.Header, at int64) error {
	name := path.Clean(strings.TrimSuffix(h.Name, "/"))
	switch {
	case len(h.Name) > maxPath || !fs.ValidPath(name):
		return fmt.Errorf("%w: it holds a file with the path %.200q", ErrBroken, h.Name)
	case h.Typeflag == tar.TypeDir:
		_, err := b.folder(name)
		return err
	case h.Typeflag != tar.TypeReg || isSparse(h):
		return fmt.Errorf("%w: %q is neither a file nor a folder", ErrBroken, h.Name)
	case b.nodes[name] != nil:
		return fmt.Errorf("%w: it holds %q twice", ErrBroken, name)
	}
	if b.first == "" {
		b.first = name
	}
	above, err := b.folder(path.Dir(name))
	if err != nil {
		return err
	}
	base := path.Base(name)
	above.children = append(above.children, base)
	b.nodes[name] = &node{name: base, offset: at, size: h.Size}
	return nil
}

// isSparse tells of files whose bytes are not as they lie in the tar file.
func isSparse(h *tar.Header) bool {
	for key := range h.PAXRecords {
		if strings.HasPrefix(key, "GNU.sparse.") {
			return true
		}
	}
	return false
}

// folder returns a folder, and makes it and those above it where they are new.
func (b *Bundle) folder(name string) (*node, error) {
	if n := b.nodes[name]; n != nil {
		if !n.folder {
			return nil, fmt.Errorf("%w: %q is a file and a folder", ErrBroken, name)
		}
		return n, nil
	}
	above, err := b.folder(path.Dir(name))
	if err != nil {
		return nil, err
	}
	n := &node{name: path.Base(name), folder: true}
	above.children = append(above.children, n.name)
	b.nodes[name] = n
	return n, nil
}
