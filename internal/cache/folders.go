package cache

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/packs-cli/packs/internal/pack"
)

// racy is how far a folder's newest change must lie before the moment it was
// hashed: file systems count time in steps of up to two seconds (FAT), and a
// change within the same step would go unseen.
const racy = 2 * time.Second

// Folders holds the digests of the pack folders of one catalog. A nil *Folders
// remembers nothing.
type Folders struct {
	file    string
	mu      sync.Mutex
	entries map[string]folderEntry // by absolute path; nil: as the file says
	changed bool
}

type folderEntry struct {
	stamp  [32]byte
	digest string
	bytes  int64
}

// OpenFolders returns what is remembered for the catalog of that absolute path,
// in a cache folder; the file is read when it is first needed. An empty dir
// gives a nil *Folders.
func OpenFolders(dir, catalog string) *Folders {
	if dir == "" {
		return nil
	}
	key := sha256.Sum256([]byte(catalog))
	return &Folders{file: filepath.Join(dir, "folders", hex.EncodeToString(key[:16]))}
}

// load reads the file unless its entries are there. The caller holds the lock.
func (f *Folders) load() {
	if f.entries == nil && !f.read() {
		f.entries = make(map[string]folderEntry) // nothing is remembered, or it is damaged
	}
}

// header begins the file: a version, then the digest of the lines that follow.
const header = "packs folders v2 "

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// read takes the file line by line, so that a catalog of any size needs no
// more memory than what is kept of it. It tells whether all of it was right.
func (f *Folders) read() bool {
	file, err := os.Open(f.file)
	if err != nil {
		return false
	}
	defer func() { _ = file.Close() }() // only read from
	lines := bufio.NewScanner(file)
	if !lines.Scan() {
		return false
	}
	want, ok := strings.CutPrefix(lines.Text(), header)
	if !ok {
		return false
	}
	f.entries = make(map[string]folderEntry)
	h := sha256.New()
	for lines.Scan() {
		h.Write(lines.Bytes())
		h.Write([]byte("\n"))
		path, e, ok := parseFolder(lines.Bytes())
		if !ok {
			return false
		}
		f.entries[path] = e
	}
	return lines.Err() == nil && hex.EncodeToString(h.Sum(nil)) == want
}

// line is STAMP DIGEST BYTES PATH, the path quoted as in Go.
func (e *folderEntry) line(path string) string {
	return fmt.Sprintf("%x %s %d %q\n", e.stamp, e.digest, e.bytes, path)
}

func parseFolder(line []byte) (path string, e folderEntry, ok bool) {
	stamp, rest, _ := bytes.Cut(line, []byte(" "))
	digest, rest, _ := bytes.Cut(rest, []byte(" "))
	size, quoted, _ := bytes.Cut(rest, []byte(" "))
	if len(stamp) != hex.EncodedLen(len(e.stamp)) {
		return "", e, false
	}
	_, stampErr := hex.Decode(e.stamp[:], stamp)
	var sizeErr, pathErr error
	e.digest = string(digest)
	e.bytes, sizeErr = strconv.ParseInt(string(size), 10, 64)
	path, pathErr = strconv.Unquote(string(quoted))
	return path, e, pack.KnownDigest(e.digest) && errors.Join(stampErr, sizeErr, pathErr) == nil
}

// Get returns the digest and the bytes of a folder that is as it was.
func (f *Folders) Get(path string, s pack.Stamp) (digest string, size int64, ok bool) {
	if f == nil {
		return "", 0, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.load()
	e, ok := f.entries[path]
	if !ok || e.stamp != s.Sum {
		return "", 0, false
	}
	return e.digest, e.bytes, true
}

// Put remembers the digest of a folder whose stamp was taken at a time before
// it was hashed. A folder that changed only just then is not remembered.
func (f *Folders) Put(path string, s pack.Stamp, at time.Time, digest string, size int64) {
	if f == nil || at.Sub(s.Newest) < racy {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.load()
	f.entries[path] = folderEntry{s.Sum, digest, size}
	f.changed = true
}

// Save writes what was learnt, and frees the memory that it took. Folders that
// are gone are forgotten. It may be called at any time; of two processes that
// save at once, one wins.
func (f *Folders) Save() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.changed {
		f.entries = nil
		return nil
	}
	for path := range f.entries {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			delete(f.entries, path)
		}
	}
	if err := replace(f.file, f.write); err != nil {
		return err
	}
	f.changed, f.entries = false, nil
	return nil
}

// write writes the file: the lines twice, first to be digested.
func (f *Folders) write(w io.Writer) error {
	paths := slices.Sorted(maps.Keys(f.entries))
	lines := func(w io.Writer) error {
		for _, path := range paths {
			e := f.entries[path]
			if _, err := io.WriteString(w, e.line(path)); err != nil {
				return err
			}
		}
		return nil
	}
	h := sha256.New()
	if err := lines(h); err != nil {
		return err
	}
	buffered := bufio.NewWriter(w)
	if _, err := fmt.Fprintf(buffered, "%s%x\n", header, h.Sum(nil)); err != nil {
		return err
	}
	return errors.Join(lines(buffered), buffered.Flush())
}

// replace writes a file so that readers see the old or the new one.
func replace(file string, write func(w io.Writer) error) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	t, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	err = write(t)
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("cache: %w", errors.Join(err, os.Remove(t.Name())))
	}
	return nil
}
