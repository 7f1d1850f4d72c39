package main

import (
	"os"
	"path/filepath"
)

// workTree returns the root of the git work tree that packs was started in, and
// the folder that it was started in, both without links; where there is no work
// tree, root is that folder.
func workTree() (root, here string, err error) {
	if here, err = os.Getwd(); err != nil {
		return "", "", err
	}
	here = resolved(here)
	for dir := here; ; {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return dir, here, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return here, here, nil
		}
		dir = parent
	}
}

// treePrefix is the folder that packs was started in, as seen from the root of
// the work tree; "" where both are one.
func treePrefix() string {
	root, here, err := workTree()
	if err != nil {
		return ""
	}
	rel, err := filepath.Rel(root, here)
	if err != nil || rel == "." {
		return ""
	}
	return filepath.ToSlash(rel)
}

// outside tells whether a resolved path lies outside of the work tree.
func outside(path string) bool {
	root, _, err := workTree()
	if err != nil {
		return true
	}
	rel, err := filepath.Rel(root, path)
	return err != nil || rel != "." && !filepath.IsLocal(rel)
}

// resolved is an absolute path without links, as far as that can be told.
func resolved(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		return path
	}
	if path, err := filepath.EvalSymlinks(abs); err == nil {
		return path
	}
	return abs
}
