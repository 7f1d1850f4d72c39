package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/executor"
	"github.com/packs-cli/packs/internal/reports"
	"github.com/packs-cli/packs/plan"
)

// eventsFile gets one JSON line for each finished item. A line is handed to the
// system at once, so it outlives this program, and put to disk as soon as the
// disk is done with the ones before, so it outlives the machine. The nil file
// ignores everything.
type eventsFile struct {
	f     *os.File
	now   func() time.Time
	shard plan.Shard

	mu     sync.Mutex
	err    error
	active bool
	dirty  chan struct{} // a line waits for the disk
	disk   errgroup.Group
}

// openEvents opens the file; an older one stays as it is until begin.
func openEvents(path string, now func() time.Time, shard plan.Shard) (*eventsFile, error) {
	if path == "" {
		return nil, nil //nolint:nilnil // the nil file works
	}
	f, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o600) //nolint:gosec // the user names the file
	if err != nil {
		return nil, exit(fmt.Errorf("--events: %w", err), exitInput)
	}
	return &eventsFile{f: f, now: now, shard: shard, dirty: make(chan struct{}, 1)}, nil
}

// begin empties the file: from now on it tells of this run.
func (e *eventsFile) begin() error {
	if e == nil {
		return nil
	}
	if info, err := e.f.Stat(); err != nil || info.Mode().IsRegular() {
		if err = errors.Join(err, e.f.Truncate(0)); err != nil {
			return fmt.Errorf("--events: %w", err)
		}
	}
	e.mu.Lock()
	e.active = true
	e.mu.Unlock()
	e.disk.Go(func() error {
		for range e.dirty {
			if err := e.f.Sync(); err != nil && !errors.Is(err, os.ErrInvalid) {
				return err
			}
		}
		return nil
	})
	return nil
}

// listen writes the line of a finished item.
func (e *eventsFile) listen(ev executor.Event) {
	if e == nil || ev.Type != executor.EventItemFinished {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.active || e.err != nil {
		return
	}
	line, err := json.Marshal(reports.Line{Time: e.now().UTC(), Shard: e.shard.Ref(), Item: ev.Item})
	if err == nil {
		_, err = e.f.Write(append(line, '\n'))
	}
	e.err = err
	select {
	case e.dirty <- struct{}{}:
	default: // what waits already is put to disk together
	}
}

// close ends the file and tells what could not be written to it.
func (e *eventsFile) close() error {
	if e == nil {
		return nil
	}
	e.mu.Lock()
	err, active := e.err, e.active
	e.active = false
	e.mu.Unlock()
	close(e.dirty)
	if active {
		err = errors.Join(err, e.disk.Wait())
	}
	if err = errors.Join(err, e.f.Close()); err != nil {
		return fmt.Errorf("--events %s: not everything was written: %w", e.f.Name(), err)
	}
	return nil
}
