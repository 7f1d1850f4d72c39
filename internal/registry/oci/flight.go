package oci

import (
	"context"
	"sync"

	"github.com/opencontainers/go-digest"
)

// flights lets each blob that many packs share go into a repository once in a
// run, however many want it there at the same time. Registries that keep blobs
// in files lose sight of one for a moment while it is uploaded again.
type flights struct {
	mu      sync.Mutex
	flying  map[flightKey]*flight
	holders map[digest.Digest]string // a repository that has it, to mount it from
}

type flightKey struct {
	repository string
	blob       digest.Digest
}

type flight struct {
	done    chan struct{}
	err     error
	stopped bool // the one who flew it was told to stop: err says nothing of the registry
}

func newFlights() *flights {
	return &flights{flying: make(map[flightKey]*flight), holders: make(map[digest.Digest]string)}
}

// do calls upload unless the blob is there, or waits for the one who does.
func (f *flights) do(ctx context.Context, repository string, blob digest.Digest, upload func(from string) error) error {
	key := flightKey{repository, blob}
	for {
		fl, mine, from := f.board(key)
		if mine {
			fl.err = upload(from)
			fl.stopped = ctx.Err() != nil
			f.land(key, fl)
			return fl.err
		}
		select {
		case <-fl.done:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		if fl.err == nil || !fl.stopped {
			return fl.err
		}
	}
}

// board returns the flight for a blob; mine tells that the caller is to upload
// it, from another repository where one is known that holds it.
func (f *flights) board(key flightKey) (fl *flight, mine bool, from string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl = f.flying[key]; fl != nil {
		return fl, false, ""
	}
	fl = &flight{done: make(chan struct{})}
	f.flying[key] = fl
	return fl, true, f.holders[key.blob]
}

func (f *flights) land(key flightKey, fl *flight) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if fl.err != nil {
		delete(f.flying, key)
	} else {
		f.holders[key.blob] = key.repository
	}
	close(fl.done)
}

// has notes that a repository holds a blob.
func (f *flights) has(repository string, blob digest.Digest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := flightKey{repository, blob}
	if f.flying[key] == nil {
		fl := &flight{done: make(chan struct{})}
		close(fl.done)
		f.flying[key] = fl
	}
	f.holders[blob] = repository
}

// forget lets the next do upload again: the registry says that the blob is missing.
func (f *flights) forget(repository string, blob digest.Digest) {
	f.mu.Lock()
	defer f.mu.Unlock()
	key := flightKey{repository, blob}
	if fl := f.flying[key]; fl != nil {
		select {
		case <-fl.done:
			delete(f.flying, key)
		default: // somebody is at it
		}
	}
	if f.holders[blob] == repository {
		delete(f.holders, blob)
	}
}
