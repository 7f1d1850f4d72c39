package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/pprof"
)

// profile writes cpu.pprof and heap.pprof of a run into a folder, for
// `go tool pprof`: the hidden flag --profile DIR. The zero profile writes nothing.
type profile struct {
	dir string
	cpu *os.File
}

func (p *profile) start() error {
	if p.dir == "" {
		return nil
	}
	if err := os.MkdirAll(p.dir, 0o700); err != nil {
		return fmt.Errorf("--profile: %w", err)
	}
	f, err := os.Create(filepath.Join(p.dir, "cpu.pprof"))
	if err != nil {
		return fmt.Errorf("--profile: %w", err)
	}
	p.cpu = f
	return pprof.StartCPUProfile(f)
}

func (p *profile) stop() error {
	if p.cpu == nil {
		return nil
	}
	pprof.StopCPUProfile()
	err := p.cpu.Close()
	f, createErr := os.Create(filepath.Join(p.dir, "heap.pprof"))
	if createErr != nil {
		return errors.Join(err, createErr)
	}
	runtime.GC() // the profile is of the last collection
	return errors.Join(err, pprof.WriteHeapProfile(f), f.Close())
}
