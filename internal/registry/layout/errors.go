package layout

import (
	"errors"
	"io/fs"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/packs-cli/packs/internal/registry"
)

// fail wraps an error with what was done where, and a remedy where one is known.
func (r *Registry) fail(op, repository, reference string, err error) error {
	ref := filepath.ToSlash(filepath.Join(r.path, filepath.FromSlash(repository)))
	switch {
	case strings.Contains(reference, ":"):
		ref += "@" + reference
	case reference != "":
		ref += ":" + reference
	}
	return &registry.Error{Op: op, Ref: ref, Err: err, Hint: r.hint(err)}
}

func (r *Registry) hint(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "the disk is full: free some space and run again; nothing was half-published"
	case errors.Is(err, syscall.EDQUOT):
		return "the disk quota is used up: free some space and run again; nothing was half-published"
	case errors.Is(err, syscall.EROFS):
		return "the file system is mounted read-only: choose another path for the registry"
	case errors.Is(err, fs.ErrPermission):
		return "give this user the right to write to " + filepath.ToSlash(r.path) + ", or choose another path for the registry"
	case errors.Is(err, syscall.ENOTDIR):
		return filepath.ToSlash(r.path) + " must be a folder: the path of the registry names a file, or goes through one"
	case errors.Is(err, registry.ErrCorrupt):
		return "the layout is damaged: remove the folder of this pack and apply again, packs that are in git come back"
	}
	return ""
}
