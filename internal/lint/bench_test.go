package lint_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
)

// BenchmarkRun checks as many packs as the public catalog has, and for
// comparison only reads their files.
func BenchmarkRun(b *testing.B) {
	entries, err := os.ReadDir(corpus)
	if err != nil {
		b.Skip("the real packs in ../shared/corpus are not there")
	}
	var packs []lint.Input
	for i := range 14 {
		for _, e := range entries {
			packs = append(packs, lint.Input{Dir: filepath.Join(corpus, e.Name()), Path: fmt.Sprintf("%s-%d", e.Name(), i)})
		}
	}
	b.Run("check", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := lint.Run(b.Context(), packs, lint.Config{}); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("read", func(b *testing.B) {
		for b.Loop() {
			for _, p := range packs {
				if err := readAll(p.Dir); err != nil {
					b.Fatal(err)
				}
			}
		}
	})
}

// readAll reads every file of a pack, one after the other.
func readAll(dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, f)
		return errors.Join(err, f.Close())
	})
}
