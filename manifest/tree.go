package manifest

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// tree is where the packs of a catalog may lie.
type tree struct {
	dir    string // folder of packs.yaml, links resolved
	git    string // root of the git work tree around it; empty where there is none
	border string // nothing may lie outside of it; empty: no border
}

func newTree(dir string, o LoadOptions) (tree, error) {
	resolved, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return tree{}, err
	}
	t := tree{dir: resolved, git: workTree(resolved)}
	t.border = t.git
	switch {
	case o.Untrusted && t.git == "":
		t.border = resolved
	case o.AllowOutside && !o.Untrusted:
		t.border = ""
	}
	return t, nil
}

// workTree returns the nearest folder, dir or above it, that holds a .git: a
// folder, or a file in linked work trees and submodules.
func workTree(dir string) string {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return ""
		}
		dir = parent
	}
}

// holds tells whether a path whose links are resolved lies inside the border.
func (t tree) holds(resolved string) bool {
	if t.border == "" || resolved == t.border {
		return true
	}
	border := t.border
	if !os.IsPathSeparator(border[len(border)-1]) {
		border += string(filepath.Separator)
	}
	return strings.HasPrefix(resolved, border)
}

// realPath resolves the links in an absolute path as far as it exists, even
// where the last link points to nothing yet.
func realPath(path string) string {
	const links = 40 // as many as systems follow
	return resolve(path, links)
}

func resolve(path string, links int) string {
	resolved, err := filepath.EvalSymlinks(path)
	if err == nil {
		return resolved
	}
	parent := filepath.Dir(path)
	if parent == path || links == 0 || !errors.Is(err, fs.ErrNotExist) {
		return path
	}
	parent = resolve(parent, links)
	path = filepath.Join(parent, filepath.Base(path))
	target, err := os.Readlink(path)
	if err != nil {
		return path
	}
	if !filepath.IsAbs(target) {
		target = filepath.Join(parent, target)
	}
	return resolve(target, links-1)
}

// outside reports a path that leaves the work tree.
func (l *loader) outside(at Position, shown string) {
	hint := "--allow-outside allows it"
	if l.options.Untrusted {
		hint = ""
	}
	what := "git work tree"
	if l.tree.git == "" {
		what = "catalog's folder"
	}
	l.report.fail(at, ErrOutside, hint, "%s leaves the %s %s", shown, what, l.tree.border)
}
