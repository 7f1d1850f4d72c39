// Package spool holds archives between the moment they are made and the moment
// the last registry has them: in memory while a budget lasts, else in
// temporary files, which are always removed.
package spool

import (
	"bytes"
	"errors"
	"io"
	"os"
	"runtime"

	"golang.org/x/sync/semaphore"
)

// most is how many bytes of one archive are held in memory: a large one would
// take the room of many.
const most = 8 << 20

// step is how much of the budget is taken at a time, in bytes.
const step = 64 << 10

// Budget is the memory that all spools of a run share.
type Budget struct {
	sem *semaphore.Weighted
	dir string
}

// NewBudget returns a budget of so many bytes; temporary files go to dir, or
// to the system's folder where it is empty.
func NewBudget(size int64, dir string) *Budget {
	return &Budget{sem: semaphore.NewWeighted(size), dir: dir}
}

// Spool is written once, then opened as often as wanted, then closed.
type Spool struct {
	budget   *Budget
	taken    int64 // of the budget
	inMemory bool
	unnamed  bool     // the file has no name any more
	mem      [][]byte // chunks of step bytes, the last one shorter
	file     *os.File
	size     int64
}

// Causes why an archive cannot be held in memory, where no file may be written.
var (
	ErrFull  = errors.New("no memory left in the budget")
	ErrLarge = errors.New("larger than any archive that is held in memory")
)

// New returns an empty spool.
func (b *Budget) New() *Spool { return &Spool{budget: b} }

// InMemory returns an empty spool that never goes to a file: writing what there
// is no room for is ErrFull or ErrLarge.
func (b *Budget) InMemory() *Spool { return &Spool{budget: b, inMemory: true} }

// Write appends p. Where the budget is used up, the whole content moves to a
// temporary file.
func (s *Spool) Write(p []byte) (int, error) {
	if s.file == nil {
		err := s.reserve(s.size + int64(len(p)))
		if err != nil && !s.inMemory {
			err = s.spill()
		}
		if err != nil {
			return 0, err
		}
	}
	if s.file != nil {
		n, err := s.file.Write(p)
		s.size += int64(n)
		return n, s.fileError(err)
	}
	s.keep(p)
	return len(p), nil
}

// keep appends to the chunks. Only the first grows: small archives take little,
// large ones are never copied.
func (s *Spool) keep(p []byte) {
	s.size += int64(len(p))
	for len(p) > 0 {
		last := len(s.mem) - 1
		switch {
		case last < 0:
			s.mem, last = append(s.mem, nil), 0
		case len(s.mem[last]) == step:
			s.mem, last = append(s.mem, make([]byte, 0, step)), last+1
		}
		n := min(len(p), step-len(s.mem[last]))
		s.mem[last] = append(s.mem[last], p[:n]...)
		p = p[n:]
	}
}

func (s *Spool) reserve(want int64) error {
	if want > most {
		return ErrLarge
	}
	for s.taken < want {
		if !s.budget.sem.TryAcquire(step) {
			return ErrFull
		}
		s.taken += step
	}
	return nil
}

func (s *Spool) spill() error {
	f, err := os.CreateTemp(s.budget.dir, "packs-*.tar.gz")
	if err != nil {
		return s.fileError(err)
	}
	s.file = f
	if runtime.GOOS != "windows" { // an open file needs no name, and a killed process then leaves none
		s.unnamed = os.Remove(f.Name()) == nil
	}
	for _, chunk := range s.mem {
		if _, err := f.Write(chunk); err != nil {
			return s.fileError(err)
		}
	}
	s.mem = nil
	s.release()
	return nil
}

func (s *Spool) release() {
	if s.taken > 0 {
		s.budget.sem.Release(s.taken)
		s.taken = 0
	}
}

// FileError tells that a temporary file could not be written.
type FileError struct {
	Dir string // where temporary files go
	Err error
}

// Error says so.
func (e *FileError) Error() string { return "temporary file for an archive: " + e.Err.Error() }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

func (s *Spool) fileError(err error) error {
	if err == nil {
		return nil
	}
	dir := s.budget.dir
	if dir == "" {
		dir = os.TempDir()
	}
	return &FileError{Dir: dir, Err: err}
}

// Size is the number of bytes written.
func (s *Spool) Size() int64 { return s.size }

// Open reads the content from its start. Any number of readers may be open at
// once; none may be used after Close of the spool.
func (s *Spool) Open() (io.ReadCloser, error) {
	if s.file == nil {
		chunks := make([]io.Reader, len(s.mem))
		for i, chunk := range s.mem {
			chunks[i] = bytes.NewReader(chunk)
		}
		return io.NopCloser(io.MultiReader(chunks...)), nil
	}
	return io.NopCloser(io.NewSectionReader(s.file, 0, s.size)), nil
}

// Close gives memory back and removes the temporary file.
func (s *Spool) Close() error {
	s.mem = nil
	s.release()
	if s.file == nil {
		return nil
	}
	name := s.file.Name()
	err := s.file.Close()
	if !s.unnamed {
		err = errors.Join(err, os.Remove(name))
	}
	s.file = nil
	return err
}
