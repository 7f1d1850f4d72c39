package bundle

import (
	"errors"
	"os"
	"path/filepath"

	"github.com/rogpeppe/go-internal/lockedfile"
)

// lock waits until no other process writes the same bundle. The lock is a file
// that is removed when it is given back, or by who finds one that a killed
// process left: so whoever gets it looks whether it is still the file of its name.
func lock(name string) (unlock func() error, err error) {
	for {
		f, err := lockedfile.OpenFile(filepath.Clean(name), os.O_RDWR|os.O_CREATE, 0o644)
		if err != nil {
			return nil, err
		}
		held, err := f.Stat()
		if err != nil {
			return nil, errors.Join(err, f.Close())
		}
		if there, err := os.Stat(name); err == nil && os.SameFile(held, there) {
			return func() error {
				if os.Remove(name) == nil {
					return f.Close()
				}
				return errors.Join(f.Close(), remove(name)) // where an open file cannot be removed
			}, nil
		}
		if err := f.Close(); err != nil {
			return nil, err
		}
	}
}
