package spool

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"slices"
	"testing"
)

func TestSpoolKeepsContentInMemoryAndInFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	content := bytes.Repeat([]byte("0123456789abcdef"), 100_000) // 1.6 MB
	for _, tt := range []struct {
		name   string
		budget int64
		file   bool
	}{{"memory", 4 << 20, false}, {"file", 512 << 10, true}} {
		b := NewBudget(tt.budget, dir)
		s := b.New()
		for chunk := range slices.Chunk(content, 10_000) {
			if _, err := s.Write(chunk); err != nil {
				t.Fatal(err)
			}
		}
		if (s.file != nil) != tt.file {
			t.Errorf("%s: in a file: %v, want %v", tt.name, s.file != nil, tt.file)
		}
		if got := entries(t, dir); got > 0 && runtime.GOOS != "windows" {
			t.Errorf("%s: %d named files: a killed process would leave them", tt.name, got)
		}
		for range 2 {
			if got := read(t, s); !bytes.Equal(got, content) {
				t.Errorf("%s: read %d bytes, not the %d written", tt.name, len(got), len(content))
			}
		}
		if s.Size() != int64(len(content)) {
			t.Errorf("%s: size %d, want %d", tt.name, s.Size(), len(content))
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if got := entries(t, dir); got != 0 {
			t.Errorf("%s: %d temporary files left", tt.name, got)
		}
		if !b.sem.TryAcquire(tt.budget) {
			t.Errorf("%s: the budget was not given back", tt.name)
		}
	}
}

func TestSpoolSaysWhereNoFileCanBeWritten(t *testing.T) {
	t.Parallel()
	s := NewBudget(0, t.TempDir()+"/missing").New()
	if _, err := s.Write([]byte("x")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("error %v, want one that wraps not-exist", err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestInMemoryNeverWritesAFile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s := NewBudget(step, dir).InMemory()
	if _, err := s.Write(make([]byte, step)); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Write([]byte("x")); !errors.Is(err, ErrFull) {
		t.Errorf("error %v, want ErrFull", err)
	}
	large := NewBudget(2*most, dir).InMemory()
	if _, err := large.Write(make([]byte, most+1)); !errors.Is(err, ErrLarge) {
		t.Errorf("error %v, want ErrLarge", err)
	}
	if err := errors.Join(s.Close(), large.Close()); err != nil || entries(t, dir) != 0 {
		t.Errorf("close: %v, %d files", err, entries(t, dir))
	}
}

func read(t *testing.T, s *Spool) []byte {
	t.Helper()
	rc, err := s.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	b, err := io.ReadAll(rc)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func entries(t *testing.T, dir string) int {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}
