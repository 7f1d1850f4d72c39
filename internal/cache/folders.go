package cache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
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
	entries map[string]folderEntry // by absolute path
	changed bool
}

type folderEntry struct {
	Stamp  string `json:"stamp"`
	Digest string `json:"digest"`
	Bytes  int64  `json:"bytes"`
}

// OpenFolders reads what is remembered for the catalog of that absolute path,
// in a cache folder. An empty dir gives a nil *Folders.
func OpenFolders(dir, catalog string) *Folders {
	if dir == "" {
		return nil
	}
	key := sha256.Sum256([]byte(catalog))
	f := &Folders{file: filepath.Join(dir, "folders", hex.EncodeToString(key[:16])), entries: make(map[string]folderEntry)}
	raw, err := os.ReadFile(f.file)
	if err != nil {
		return f // nothing is remembered yet
	}
	if body, ok := checked(raw); !ok || json.Unmarshal(body, &f.entries) != nil {
		f.entries = make(map[string]folderEntry)
	}
	return f
}

// header begins the file: a version, then the digest of what follows.
const header = "packs folders v1 "

func checked(raw []byte) ([]byte, bool) {
	head, body, ok := bytes.Cut(raw, []byte("\n"))
	return body, ok && string(head) == header+sum(body)
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

// Get returns the digest and the bytes of a folder that is as it was.
func (f *Folders) Get(path string, s pack.Stamp) (digest string, size int64, ok bool) {
	if f == nil {
		return "", 0, false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	e, ok := f.entries[path]
	if !ok || e.Stamp != hex.EncodeToString(s.Sum[:]) || !pack.KnownDigest(e.Digest) {
		return "", 0, false
	}
	return e.Digest, e.Bytes, true
}

// Put remembers the digest of a folder whose stamp was taken at a time before
// it was hashed. A folder that changed only just then is not remembered.
func (f *Folders) Put(path string, s pack.Stamp, at time.Time, digest string, size int64) {
	if f == nil || at.Sub(s.Newest) < racy {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.entries[path] = folderEntry{hex.EncodeToString(s.Sum[:]), digest, size}
	f.changed = true
}

// Save writes what was learnt. Folders that are gone are forgotten. It may be
// called at any time; of two processes that save at once, one wins.
func (f *Folders) Save() error {
	if f == nil {
		return nil
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if !f.changed {
		return nil
	}
	for path := range f.entries {
		if _, err := os.Lstat(path); errors.Is(err, fs.ErrNotExist) {
			delete(f.entries, path)
		}
	}
	body, err := json.Marshal(f.entries)
	if err != nil {
		return err
	}
	f.changed = false
	return replace(f.file, append([]byte(header+sum(body)+"\n"), body...))
}

// replace writes a file so that readers see the old or the new one.
func replace(file string, content []byte) error {
	dir := filepath.Dir(file)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	t, err := os.CreateTemp(dir, ".new-*")
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	_, err = t.Write(content)
	if err = errors.Join(err, t.Close()); err == nil {
		err = os.Rename(t.Name(), file)
	}
	if err != nil {
		return fmt.Errorf("cache: %w", errors.Join(err, os.Remove(t.Name())))
	}
	return nil
}
