package main

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/render"
)

// mend makes the edits that findings carry and shows each on stderr. It tells
// whether any file changed.
func (v *validation) mend(found []lint.Finding) (bool, error) {
	folders := make(map[string]string) // of packs, by their path in findings
	for i := range v.subjects {
		if s := &v.subjects[i]; !s.Archive {
			folders[s.Path] = s.Dir
		}
	}
	packs := make(map[string]string) // path of the pack, by path of the file
	var fixable []lint.Finding
	for _, f := range found {
		if f.Fix != nil && folders[f.Pack] != "" {
			fixable = append(fixable, f)
			packs[f.Path] = f.Pack
		}
	}
	inPack := func(path string) (folder, name string) {
		return folders[packs[path]], filepath.FromSlash(strings.TrimPrefix(path, packs[path]+"/"))
	}
	fixes, err := lint.Fixes(fixable, func(path string) ([]byte, error) { return readIn(inPack(path)) })
	if err != nil {
		return false, fmt.Errorf("--fix: %w", err)
	}
	mended := false
	for _, fix := range fixes {
		folder, name := inPack(fix.Path)
		err := writeIn(folder, name, fix.After)
		if errors.Is(err, errLink) {
			v.notice("not mended: %s %v", fix.Path, err)
			continue
		}
		if err != nil {
			return true, fmt.Errorf("--fix: %s: %w", fix.Path, err)
		}
		mended = true
		if err := render.Diff(v.err, v.errStyle(), fix.Path, fix.Before, fix.After); err != nil {
			return true, err
		}
		v.notice("mended %s [%s]", fix.Path, strings.Join(fix.Rules, ", "))
	}
	return mended, nil
}

// errLink is why a file was not mended.
var errLink = errors.New("is a link: mend the file that it points to")

// readIn reads a file of a folder, wherever links in the folder point to.
func readIn(folder, name string) (data []byte, err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	return root.ReadFile(name)
}

// writeIn replaces a file of a folder, which keeps its permissions and appears
// whole or not at all. Files behind links are left alone: others may use them.
func writeIn(folder, name string, data []byte) (err error) {
	root, err := os.OpenRoot(folder)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, root.Close()) }()
	info, err := root.Lstat(name)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errLink
	}
	tmp := name + ".packs-fix"
	f, err := root.OpenFile(tmp, os.O_CREATE|os.O_EXCL|os.O_WRONLY, info.Mode().Perm())
	if err != nil {
		return err
	}
	_, err = bytes.NewReader(data).WriteTo(f)
	if err = errors.Join(err, f.Close()); err == nil {
		err = root.Rename(tmp, name)
	}
	if err == nil {
		return nil
	}
	if gone := root.Remove(tmp); gone != nil && !errors.Is(gone, fs.ErrNotExist) {
		err = errors.Join(err, gone)
	}
	return err
}
