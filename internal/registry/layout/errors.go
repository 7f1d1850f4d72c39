package layout

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/packs-cli/packs/internal/registry"
)

// fail says in words what went wrong and what to do; nil stays nil.
func (r *Registry) fail(op, repository, reference string, err error) error {
	if err == nil {
		return nil
	}
	ref := r.spec.Address() + "/" + repository
	switch {
	case reference == "":
	case strings.Contains(reference, ":"):
		ref += "@" + reference
	default:
		ref += ":" + reference
	}
	e := &registry.Error{Op: op, Ref: ref, Err: err}
	var source *registry.Error
	if errors.As(err, &source) {
		e.Hint = source.Hint // what is wrong is wrong where a copy comes from: leave this layout alone
	} else {
		e.Hint = r.hint(repository, err)
	}
	return e
}

func (r *Registry) hint(repository string, err error) string {
	folder := r.folder(repository)
	is := func(target error) bool { return errors.Is(err, target) }
	switch {
	case r.tar != nil && errors.Is(err, registry.ErrCorrupt):
		return fmt.Sprintf("copy %s here again from where it was made, or make it anew", r.path)
	case slices.ContainsFunc(diskFull, is):
		return fmt.Sprintf("free some space in %s, or name another folder as path: of registry %s, then run the same again: what is complete stays", r.path, r.spec.Name)
	case slices.ContainsFunc(readOnly, is):
		return fmt.Sprintf("%s lies on a read-only file system: mount it writable, or name another folder as path: of registry %s", r.path, r.spec.Name)
	case errors.Is(err, fs.ErrPermission):
		return fmt.Sprintf("give this user access to %s, or name another folder as path: of registry %s", folder, r.spec.Name)
	case errors.Is(err, syscall.ENOTDIR):
		return fmt.Sprintf("name a folder as path: of registry %s, or move away the file that stands where one has to be: %s", r.spec.Name, folder)
	case errors.Is(err, errNotLayout):
		return fmt.Sprintf("move %s away, or name another folder as path: of registry %s", folder, r.spec.Name)
	case errors.Is(err, errNoLocks):
		return fmt.Sprintf("name a folder on a local disk as path: of registry %s, and copy it from there", r.spec.Name)
	case errors.Is(err, registry.ErrCorrupt):
		return fmt.Sprintf("restore %s from a copy, or remove it and publish its packs again", folder)
	}
	return ""
}

// folder is where a repository lies, as the user's system writes it.
func (r *Registry) folder(repository string) string {
	return filepath.Join(r.path, filepath.FromSlash(repository))
}
