package bundle

import (
	"archive/tar"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/packs-cli/packs/plan"
)

// Writer writes a bundle. It appears under its name when Commit returns without
// an error, whole, and not before. Abort gives it up.
type Writer struct {
	out  *output
	tar  *tar.Writer
	left []File // of the list, still to be written
}

// NewList returns the list of files that a bundle will hold.
func NewList(repositories, versions int, files []File) *List {
	l := &List{APIVersion: plan.APIVersion, Kind: Kind, Files: files}
	l.Summary = Summary{Repositories: repositories, Versions: versions, Files: len(files)}
	for _, f := range files {
		l.Summary.Bytes += f.Size
	}
	return l
}

// Create begins a bundle at a path with what it will hold. A split of more than 0
// makes parts of at most so many bytes. What a killed process left under the same
// name is taken away.
func Create(path string, split int64, list *List) (*Writer, error) {
	if err := list.check(); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(list, "", "  ")
	if err != nil {
		return nil, err
	}
	if text = append(text, '\n'); len(text) > maxList {
		return nil, fmt.Errorf("a bundle of %d files is too large: make several, of some packs each", len(list.Files))
	}
	out, err := newOutput(path, split)
	if err != nil {
		return nil, err
	}
	w := &Writer{out: out, tar: tar.NewWriter(out), left: list.Files}
	if err := w.header(ListFile, int64(len(text))); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	if _, err := w.tar.Write(text); err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	return w, nil
}

// header begins a file. All that could differ between machines is fixed.
func (w *Writer) header(name string, size int64) error {
	return w.tar.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: 0o644})
}

// Add writes the next file of the list. Its bytes must be those that are listed.
func (w *Writer) Add(name string, content io.Reader) error {
	if len(w.left) == 0 || w.left[0].Path != name {
		return fmt.Errorf("%s is not the next file of the bundle", name)
	}
	want := w.left[0]
	w.left = w.left[1:]
	if err := w.header(name, want.Size); err != nil {
		return err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(w.tar, sum), io.LimitReader(content, want.Size))
	if err != nil {
		return err
	}
	// Read on to the end, so that a reader which checks its bytes does so.
	more, err := io.Copy(io.Discard, content)
	switch got := hex.EncodeToString(sum.Sum(nil)); {
	case err != nil:
		return err
	case n+more != want.Size:
		return fmt.Errorf("%s has %d bytes, it should have %d: %w", name, n+more, want.Size, io.ErrUnexpectedEOF)
	case got != want.SHA256:
		return fmt.Errorf("%s has the SHA-256 %s, it should have %s", name, got, want.SHA256)
	}
	return nil
}

// Commit ends the bundle and gives it its name. It returns the files that there
// are now: one, or the parts and their list.
func (w *Writer) Commit() ([]Part, error) {
	var err error
	if len(w.left) > 0 {
		err = fmt.Errorf("%s was not written: %w", w.left[0].Path, fs.ErrNotExist)
	}
	if err = errors.Join(err, w.tar.Flush()); err == nil {
		err = w.tar.Close()
	}
	if err != nil {
		return nil, errors.Join(err, w.Abort())
	}
	return w.out.commit()
}

// Abort gives up the bundle and removes what was written of it.
func (w *Writer) Abort() error { return w.out.abort() }
