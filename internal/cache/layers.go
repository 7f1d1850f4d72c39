package cache

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/pack"
)

// Layers remembers the content digest of layers for ever: a digest names bytes
// that never change. A nil *Layers remembers nothing.
type Layers struct {
	file  string
	load  sync.Once
	mu    sync.Mutex
	known map[string]string
}

// OpenLayers returns what is remembered in a cache folder; the file is read
// when it is first needed. An empty dir gives a nil *Layers.
func OpenLayers(dir string) *Layers {
	if dir == "" {
		return nil
	}
	return &Layers{file: filepath.Join(dir, "layers-v1")}
}

// Get returns the content digest of a layer that was read before.
func (l *Layers) Get(layer digest.Digest) (string, bool) {
	if l == nil {
		return "", false
	}
	l.load.Do(l.read)
	l.mu.Lock()
	defer l.mu.Unlock()
	content, ok := l.known[layer.String()]
	return content, ok
}

// read takes every line that is whole and right; a line that a killed process
// cut short, or anything else, is passed over.
func (l *Layers) read() {
	l.known = make(map[string]string)
	raw, err := os.ReadFile(l.file)
	if err != nil {
		return // nothing is remembered yet
	}
	for line := range strings.SplitSeq(string(raw), "\n") {
		layer, rest, _ := strings.Cut(line, " ")
		content, check, _ := strings.Cut(rest, " ")
		if digest.Digest(layer).Validate() == nil && pack.KnownDigest(content) && check == sum([]byte(layer + content))[:8] {
			l.known[layer] = content
		}
	}
}

// Put remembers a layer that was read whole and had its digest.
func (l *Layers) Put(layer digest.Digest, content string) (err error) {
	if l == nil {
		return nil
	}
	l.load.Do(l.read)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.known[layer.String()] == content {
		return nil
	}
	l.known[layer.String()] = content
	if err := os.MkdirAll(filepath.Dir(l.file), 0o700); err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	f, err := os.OpenFile(l.file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("cache: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	// One write of a whole line: other processes append to the same file.
	_, err = fmt.Fprintf(f, "%s %s %s\n", layer, content, sum([]byte(layer.String() + content))[:8])
	return err
}
