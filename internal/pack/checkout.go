package pack

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
)

// checkout knows, from git's index, what the file system of a work tree cannot
// hold: executable bits and links. A nil checkout leaves all to the file system.
type checkout struct {
	repository
	index *indexed
}

// indexed is what is kept of an index: names of files in the work tree.
type indexed struct {
	info        fs.FileInfo // of the index when it was read
	executables map[string]bool
	links       map[string]bool
}

// findCheckout returns the checkout of a pack's folder; nil where there is
// none, or where its file system holds everything.
func findCheckout(dir string) (*checkout, error) {
	r, err := findRepository(dir)
	if r == nil || err != nil || r.fileMode && r.symlinks {
		return nil, err
	}
	c := &checkout{repository: *r}
	c.index, err = indexes.get(filepath.Join(r.git, "index"), r.sha256)
	return c, err
}

// executable tells whether a file of the pack counts as executable.
func (c *checkout) executable(path string, mode fs.FileMode) bool {
	if c == nil || c.fileMode {
		return mode&0o100 != 0
	}
	return c.index.executables[c.prefix+path]
}

// link tells whether a regular file of the pack is a link whose target is the
// file's content: so git checks them out where core.symlinks is false.
func (c *checkout) link(path string) bool {
	return c != nil && !c.symlinks && c.index.links[c.prefix+path]
}

// indexes keeps what was read last from each index: the packs of a catalog
// share one, and it may list 100,000 files.
var indexes = indexCache{byFile: make(map[string]*indexed)}

type indexCache struct {
	mu     sync.Mutex
	byFile map[string]*indexed
}

const maxIndexes = 64 // that are kept

func (c *indexCache) get(file string, sha256 bool) (*indexed, error) {
	info, err := os.Stat(file)
	if errors.Is(err, fs.ErrNotExist) {
		return &indexed{}, nil // nothing was added yet
	}
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known, ok := c.byFile[file]; ok && os.SameFile(known.info, info) &&
		known.info.ModTime().Equal(info.ModTime()) && known.info.Size() == info.Size() {
		return known, nil
	}
	x, err := loadIndex(file, info, sha256)
	if err != nil {
		return nil, err
	}
	if len(c.byFile) >= maxIndexes {
		clear(c.byFile)
	}
	c.byFile[file] = x
	return x, nil
}

func loadIndex(file string, info fs.FileInfo, sha256 bool) (x *indexed, err error) {
	f, err := openPlain(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	x = &indexed{info: info, executables: make(map[string]bool), links: make(map[string]bool)}
	err = parseIndex(bufio.NewReaderSize(f, 64<<10), sha256, func(mode uint32, path []byte) {
		switch {
		case mode>>12 == 0o12:
			x.links[string(path)] = true
		case mode&0o100 != 0:
			x.executables[string(path)] = true
		}
	})
	if err != nil {
		return nil, fmt.Errorf("%s says which files are executable, since core.fileMode or core.symlinks is false there: %w", file, err)
	}
	return x, nil
}
