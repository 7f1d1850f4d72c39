// Package locate finds pack folders on disk.
package locate

import (
	"io/fs"
	"os"
	"path/filepath"

	"github.com/packs-cli/packs/internal/pack"
)

// Find returns the pack folders at or below root, in the order of their paths: each
// folder that holds a pack.json, none inside another, none in .git. Links to
// folders are not followed.
func Find(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case d.Name() == ".git":
			return fs.SkipDir
		case IsPack(path):
			found = append(found, path)
			return fs.SkipDir
		}
		return nil
	})
	return found, err
}

// IsPack tells whether a folder holds a pack.json.
func IsPack(dir string) bool {
	info, err := os.Lstat(filepath.Join(dir, pack.MetaFile))
	return err == nil && !info.IsDir()
}
