package bundle

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// maxParts is how many parts a bundle can have.
const maxParts = 10_000

// parts are the bytes of a bundle, in one file or in several.
type parts struct {
	files []*os.File
	ends  []int64 // of each file, in the whole
	size  int64
}

// openParts opens FILE, or the parts FILE.000, FILE.001, … that FILE.json lists.
func openParts(path string) (*parts, error) {
	f, err := openFile(path)
	if err == nil {
		p := &parts{}
		return p, p.add(f, -1)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	list, listErr := readPartList(path + listSuffix)
	if errors.Is(listErr, fs.ErrNotExist) {
		if _, statErr := os.Stat(partName(path, 0)); statErr == nil {
			return nil, fmt.Errorf("%w: %s, which says what parts there are, is missing", ErrBroken, path+listSuffix)
		}
		return nil, err
	}
	if listErr != nil {
		return nil, listErr
	}
	p := &parts{}
	for i := range list.Parts {
		if err := p.addPart(path, i, &list.Parts[i]); err != nil {
			return nil, errors.Join(err, p.Close())
		}
	}
	return p, nil
}

func (p *parts) addPart(path string, i int, part *Part) error {
	name := partName(path, i)
	if part.Name != filepath.Base(name) {
		return fmt.Errorf("%w: %s lists the part %q where %s should be", ErrBroken, path+listSuffix, part.Name, filepath.Base(name))
	}
	f, err := openFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%w: the part %s is missing: %w", ErrBroken, name, err)
	}
	if err != nil {
		return err
	}
	return p.add(f, part.Size)
}

// add takes one more file, of that size; -1 means any.
func (p *parts) add(f *os.File, size int64) error {
	p.files = append(p.files, f)
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if size >= 0 && info.Size() != size {
		return fmt.Errorf("%w: the part %s has %d bytes, it should have %d", ErrBroken, f.Name(), info.Size(), size)
	}
	p.size += info.Size()
	p.ends = append(p.ends, p.size)
	return nil
}

func openFile(path string) (*os.File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() { // to open a pipe would wait for ever
		return nil, &fs.PathError{Op: "open", Path: path, Err: errors.New("not a regular file")}
	}
	return os.Open(path) //nolint:gosec // the user names it
}

func partName(path string, i int) string { return fmt.Sprintf("%s.%03d", path, i) }

// ReadAt implements io.ReaderAt over all parts.
func (p *parts) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) {
		i := sort.Search(len(p.ends), func(i int) bool { return off < p.ends[i] })
		if i == len(p.ends) {
			return n, io.EOF
		}
		start := p.ends[i] - p.length(i)
		want := min(int64(len(b)-n), p.ends[i]-off)
		got, err := p.files[i].ReadAt(b[n:n+int(want)], off-start)
		n, off = n+got, off+int64(got)
		if err != nil && (!errors.Is(err, io.EOF) || int64(got) < want) {
			return n, err
		}
	}
	return n, nil
}

func (p *parts) length(i int) int64 {
	if i == 0 {
		return p.ends[0]
	}
	return p.ends[i] - p.ends[i-1]
}

// holding returns the name of the file that holds a byte.
func (p *parts) holding(off int64) string {
	i := min(sort.Search(len(p.ends), func(i int) bool { return off < p.ends[i] }), len(p.files)-1)
	return p.files[i].Name()
}

// Close closes all files.
func (p *parts) Close() error {
	errs := make([]error, 0, len(p.files))
	for _, f := range p.files {
		errs = append(errs, f.Close())
	}
	p.files = nil
	return errors.Join(errs...)
}
