package bundle

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"

	"github.com/packs-cli/packs/plan"
)

// output is the file of a bundle that is being written, or its parts. They have
// temporary names until all of them are complete and on the disk.
type output struct {
	path   string
	split  int64 // 0: one file
	unlock func() error

	file  *os.File // the part that is being written; nil: none
	sum   hash.Hash
	size  int64  // of it
	parts []Part // that are complete
	err   error  // of an earlier write: nothing more is written
}

const (
	tempSuffix = ".packs-tmp"
	lockSuffix = ".packs-lock"
)

func newOutput(path string, split int64) (*output, error) {
	path = filepath.Clean(path)
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return nil, &fs.PathError{Op: "write", Path: path, Err: errors.New("not a regular file")}
	}
	o := &output{path: path, split: split}
	var err error
	if o.unlock, err = lock(hidden(path, lockSuffix)); err != nil {
		return nil, err
	}
	if err := o.removeTemps(); err != nil {
		return nil, errors.Join(err, o.unlock())
	}
	return o, nil
}

// hidden is the name of a file that belongs to another one.
func hidden(path, suffix string) string {
	return filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+suffix)
}

// name is what a part will be called.
func (o *output) name(i int) string {
	if o.split == 0 {
		return o.path
	}
	return partName(o.path, i)
}

func (o *output) temp(i int) string { return hidden(o.name(i), tempSuffix) }

// Write implements io.Writer: a part that is full is completed, and the next begun.
func (o *output) Write(p []byte) (n int, err error) {
	for len(p) > 0 && o.err == nil {
		if o.file == nil {
			if o.err = o.begin(); o.err != nil {
				break
			}
		}
		now := p
		if room := o.split - o.size; o.split > 0 && int64(len(now)) > room {
			now = now[:room]
		}
		var wrote int
		wrote, o.err = o.file.Write(now)
		_, _ = o.sum.Write(now[:wrote]) // a hash never fails
		o.size += int64(wrote)
		n, p = n+wrote, p[wrote:]
		if o.err == nil && o.split > 0 && o.size == o.split {
			o.err = o.complete()
		}
	}
	return n, o.err
}

func (o *output) begin() error {
	if len(o.parts) == maxParts {
		return fmt.Errorf("the bundle would have more than %d parts: split it into larger ones", maxParts)
	}
	f, err := os.OpenFile(o.temp(len(o.parts)), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the user names the file; bundles hold no secrets
	if err != nil {
		return err
	}
	o.file, o.sum, o.size = f, sha256.New(), 0
	return nil
}

// complete puts a part to the disk.
func (o *output) complete() error {
	err := errors.Join(o.file.Sync(), o.file.Close())
	o.file = nil
	o.parts = append(o.parts, Part{
		Name: filepath.Base(o.name(len(o.parts))), Size: o.size, SHA256: hex.EncodeToString(o.sum.Sum(nil)),
	})
	return err
}

// commit gives the parts their names, and last the list of them, without which
// they are no bundle.
func (o *output) commit() ([]Part, error) {
	if o.file != nil && o.err == nil {
		o.err = o.complete()
	}
	if o.err != nil {
		return nil, errors.Join(o.err, o.abort())
	}
	err := o.rename()
	if err == nil && o.split > 0 {
		err = o.writeList()
	}
	if err != nil {
		return nil, errors.Join(err, o.abort())
	}
	return o.parts, o.unlock()
}

func (o *output) rename() error {
	if err := o.removeOld(); err != nil {
		return err
	}
	for i := range o.parts {
		if err := os.Rename(o.temp(i), o.name(i)); err != nil {
			return err
		}
	}
	return syncFolder(filepath.Dir(o.path))
}

// removeOld takes away what would be mixed up with the new bundle: the list of an
// earlier one first, so that it is none any more, then its parts; or the one file
// that an earlier one was, where the new one has parts.
func (o *output) removeOld() error {
	if err := remove(o.path + listSuffix); err != nil {
		return err
	}
	if o.split > 0 {
		if err := remove(o.path); err != nil {
			return err
		}
	}
	return o.each(func(name string) bool {
		digits, ok := strings.CutPrefix(name, filepath.Base(o.path)+".")
		return ok && len(digits) >= 3 && strings.Trim(digits, "0123456789") == ""
	})
}

// removeTemps takes away what a killed process left.
func (o *output) removeTemps() error {
	return o.each(func(name string) bool {
		rest, ok := strings.CutPrefix(name, "."+filepath.Base(o.path))
		middle, temp := strings.CutSuffix(rest, tempSuffix)
		return ok && temp && strings.Trim(middle, ".0123456789") == "" || name == filepath.Base(hidden(o.path+listSuffix, tempSuffix))
	})
}

// each removes the files beside the bundle whose names are chosen.
func (o *output) each(chosen func(name string) bool) error {
	entries, err := os.ReadDir(filepath.Dir(o.path))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() && chosen(e.Name()) {
			if err := remove(filepath.Join(filepath.Dir(o.path), e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

func (o *output) writeList() error {
	l := PartList{APIVersion: plan.APIVersion, Kind: PartsKind, Parts: o.parts}
	l.Summary.Parts = len(o.parts)
	for _, p := range o.parts {
		l.Summary.Bytes += p.Size
	}
	text, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	temp := hidden(o.path+listSuffix, tempSuffix)
	f, err := os.OpenFile(temp, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644) //nolint:gosec // the user names the file; bundles hold no secrets
	if err != nil {
		return err
	}
	_, err = f.Write(append(text, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Rename(temp, o.path+listSuffix); err != nil {
		return err
	}
	return syncFolder(filepath.Dir(o.path))
}

// abort removes what has no name yet.
func (o *output) abort() error {
	var err error
	if o.file != nil {
		err = o.file.Close()
		o.file = nil
	}
	if o.err == nil {
		o.err = io.ErrClosedPipe
	}
	if o.unlock == nil {
		return err
	}
	err = errors.Join(err, o.removeTemps(), o.unlock())
	o.unlock = nil
	return err
}

func remove(name string) error {
	if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// syncFolder puts the names in a folder to the disk.
func syncFolder(dir string) error {
	if runtime.GOOS == "windows" { // a folder cannot be flushed there
		return nil
	}
	d, err := os.Open(dir) //nolint:gosec // the folder of the bundle
	if err != nil {
		return err
	}
	err = d.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, errors.ErrUnsupported) {
		err = nil // a file system that cannot
	}
	return errors.Join(err, d.Close())
}
