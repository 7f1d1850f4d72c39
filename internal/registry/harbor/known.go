package harbor

import (
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/artifact"
)

// Known remembers manifests by their digest. What it returns has that digest:
// an entry that was damaged or forged is as good as none. It may be used by
// many goroutines at once.
type Known interface {
	Load(d digest.Digest) (raw []byte, ok bool)
	Store(d digest.Digest, raw []byte)
}

// maxMemory bounds the manifests that Memory holds, in bytes: those of about
// ten thousand packs.
const maxMemory = 8 << 20

// Memory remembers for one run. When it is full it starts anew. The zero value
// is ready.
type Memory struct {
	mu   sync.Mutex
	raw  map[digest.Digest][]byte
	size int
}

// Load returns a manifest.
func (m *Memory) Load(d digest.Digest) ([]byte, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	raw, ok := m.raw[d]
	return raw, ok
}

// Store remembers a manifest whose digest is d.
func (m *Memory) Store(d digest.Digest, raw []byte) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.raw == nil || m.size+len(raw) > maxMemory {
		m.raw, m.size = make(map[digest.Digest][]byte), 0
	}
	if _, there := m.raw[d]; !there && len(raw) <= maxMemory {
		m.raw[d] = raw
		m.size += len(raw)
	}
}

// Folder remembers for ever, one file for each manifest. It is a cache: what
// cannot be read or written is not remembered, and that is all.
type Folder struct{ root *os.Root }

// OpenFolder makes the folder where it is missing. The caller closes it.
func OpenFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	return &Folder{root: root}, nil
}

// Close frees the folder.
func (f *Folder) Close() error { return f.root.Close() }

// fileName is the digest with a character that every file system takes.
func fileName(d digest.Digest) string { return strings.Replace(d.String(), ":", "-", 1) }

// Load returns a manifest if the file still has the digest.
func (f *Folder) Load(d digest.Digest) ([]byte, bool) {
	if d.Validate() != nil {
		return nil, false
	}
	file, err := f.root.Open(fileName(d))
	if err != nil {
		return nil, false
	}
	defer func() { _ = file.Close() }() // only read from
	raw, err := io.ReadAll(io.LimitReader(file, artifact.MaxManifest+1))
	if err != nil || len(raw) > artifact.MaxManifest || d.Algorithm().FromBytes(raw) != d {
		return nil, false
	}
	return raw, true
}

// Store writes a manifest, unless it is there.
func (f *Folder) Store(d digest.Digest, raw []byte) {
	if d.Validate() != nil {
		return
	}
	if _, ok := f.Load(d); ok {
		return
	}
	part := ".part-" + rand.Text()
	if f.write(part, raw) != nil || f.root.Rename(part, fileName(d)) != nil {
		_ = f.root.Remove(part) // it may not even be there
	}
}

func (f *Folder) write(name string, raw []byte) (err error) {
	file, err := f.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, fs.FileMode(0o600))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = file.Write(raw)
	return err
}
