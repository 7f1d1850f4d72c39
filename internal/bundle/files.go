package bundle

import (
	"errors"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

var (
	_ fs.StatFS    = (*Bundle)(nil)
	_ fs.ReadDirFS = (*Bundle)(nil)
)

func (b *Bundle) node(op, name string) (*node, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	n := b.nodes[name]
	if n == nil {
		return nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrNotExist}
	}
	return n, nil
}

// Stat implements fs.StatFS.
func (b *Bundle) Stat(name string) (fs.FileInfo, error) {
	n, err := b.node("stat", name)
	if err != nil {
		return nil, err
	}
	return n, nil
}

// Open implements fs.FS.
func (b *Bundle) Open(name string) (fs.File, error) {
	n, err := b.node("open", name)
	switch {
	case err != nil:
		return nil, err
	case n.folder:
		entries, err := b.ReadDir(name)
		return &openFolder{node: n, path: name, left: entries}, err
	}
	return &openNode{node: n, SectionReader: io.NewSectionReader(b.parts, n.offset, n.size)}, nil
}

// ReadDir implements fs.ReadDirFS.
func (b *Bundle) ReadDir(name string) ([]fs.DirEntry, error) {
	n, err := b.node("readdir", name)
	if err != nil {
		return nil, err
	}
	if !n.folder {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: errors.New("not a folder")}
	}
	entries := make([]fs.DirEntry, 0, len(n.children))
	for _, child := range n.children {
		entries = append(entries, fs.FileInfoToDirEntry(b.nodes[path.Join(name, child)]))
	}
	slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	return entries, nil
}

// Name implements fs.FileInfo.
func (n *node) Name() string { return n.name }

// Size implements fs.FileInfo.
func (n *node) Size() int64 { return n.size }

// Mode implements fs.FileInfo.
func (n *node) Mode() fs.FileMode {
	if n.folder {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

// ModTime implements fs.FileInfo: bundles keep no times.
func (n *node) ModTime() time.Time { return time.Time{} }

// IsDir implements fs.FileInfo.
func (n *node) IsDir() bool { return n.folder }

// Sys implements fs.FileInfo.
func (n *node) Sys() any { return nil }

// openNode is an open file.
type openNode struct {
	*node
	*io.SectionReader
}

// Stat implements fs.File.
func (f *openNode) Stat() (fs.FileInfo, error) { return f.node, nil }

// Size is that of the file, and of what can be read.
func (f *openNode) Size() int64 { return f.size }

// Close implements fs.File: the bundle stays open.
func (f *openNode) Close() error { return nil }

// openFolder is an open folder.
type openFolder struct {
	node *node
	path string
	left []fs.DirEntry
}

// Stat implements fs.File.
func (f *openFolder) Stat() (fs.FileInfo, error) { return f.node, nil }

// Read implements fs.File.
func (f *openFolder) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: f.path, Err: errors.New("is a folder")}
}

// ReadDir implements fs.ReadDirFile.
func (f *openFolder) ReadDir(n int) ([]fs.DirEntry, error) {
	if n > 0 && len(f.left) == 0 {
		return nil, io.EOF
	}
	if n <= 0 || n > len(f.left) {
		n = len(f.left)
	}
	out := f.left[:n:n]
	f.left = f.left[n:]
	return out, nil
}

// Close implements fs.File.
func (f *openFolder) Close() error { return nil }
