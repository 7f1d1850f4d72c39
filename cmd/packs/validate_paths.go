package main

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/packs-cli/packs/internal/lint"
	"github.com/packs-cli/packs/internal/locate"
	"github.com/packs-cli/packs/internal/pack"
	"github.com/packs-cli/packs/manifest"
)

// paths takes the packs that arguments name. Where there is a packs.yaml its
// settings count, and its other packs are what these are compared with.
func (v *validation) paths() error {
	if _, err := os.Stat(v.options.file); err == nil || v.options.file != defaultCatalog {
		if err := v.load(); err != nil {
			return err
		}
	}
	if v.options.online && v.read == nil && len(v.codes) == 0 {
		return &usageError{message: "--online asks the registries of packs.yaml, and there is no " + v.options.file}
	}
	v.config.Partial = true
	seen := make(map[string]bool)
	for _, arg := range v.args {
		if err := v.path(arg, seen); err != nil {
			return err
		}
	}
	v.problems = v.ofSubjects(v.problems)
	if v.read == nil {
		return nil
	}
	for i := range v.subjects {
		v.subjects[i].Targets = []string{notPublished} // until an entry sends it somewhere
	}
	for _, s := range subjectsOf(v.read) {
		if !seen[resolved(s.Dir)] {
			v.config.Others = append(v.config.Others, s.Input)
			continue
		}
		for i := range v.subjects {
			if v.subjects[i].Dir == resolved(s.Dir) {
				v.subjects[i].Rel, v.subjects[i].Targets = s.Rel, s.Targets
			}
		}
	}
	return nil
}

// ofSubjects returns the problems of packs that are checked, with paths as the
// arguments spell them.
func (v *validation) ofSubjects(problems []manifest.Problem) []manifest.Problem {
	var own []manifest.Problem
	for _, p := range problems {
		if p.File == v.options.file {
			continue // the linter compares packs itself
		}
		file := resolved(p.File)
		for i := range v.subjects {
			s := &v.subjects[i]
			if below, ok := strings.CutPrefix(file, s.Dir); ok && (below == "" || os.IsPathSeparator(below[0])) {
				p.File = s.Path + filepath.ToSlash(below)
				own = append(own, p)
			}
		}
	}
	return own
}

// notPublished is no name of a registry: packs that packs.yaml does not list are
// duplicates of each other only.
const notPublished = " "

// path adds what one argument names, each pack once.
func (v *validation) path(arg string, seen map[string]bool) error {
	info, err := os.Stat(arg)
	if err != nil {
		return exit(err, exitInput)
	}
	found, err := packsAt(arg, info)
	if err != nil {
		return exit(err, exitInput)
	}
	if len(found) == 0 {
		if !info.IsDir() { // hooks name every file that changed
			v.notice("%s: passed over: it lies in no pack", arg)
			return nil
		}
		return &usageError{message: arg + " holds no pack", hint: "a pack is a folder that holds pack.json"}
	}
	for _, path := range found {
		dir := resolved(path)
		if seen[dir] {
			continue
		}
		seen[dir] = true
		if v.options.untrusted && outside(dir) {
			return &usageError{message: path + " lies outside of the work tree", hint: "--untrusted reads nothing there"}
		}
		v.subjects = append(v.subjects, subjectAt(path, dir))
	}
	return nil
}

// packsAt returns the packs that a path means: itself, the pack that it lies in,
// or those below it.
func packsAt(path string, info fs.FileInfo) ([]string, error) {
	if info.IsDir() && locate.IsPack(path) {
		return []string{path}, nil
	}
	if above, err := packAbove(path); above != "" || err != nil {
		return []string{above}, err
	}
	switch {
	case info.IsDir():
		return locate.Find(path)
	case isArchive(path):
		return []string{path}, nil
	}
	return nil, nil
}

func isArchive(path string) bool {
	return strings.HasSuffix(path, ".tar.gz") || strings.HasSuffix(path, ".tgz")
}

// packAbove returns the pack that a path lies in, "" for none. It looks no
// further up than the root of a git work tree.
func packAbove(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	above := ""
	for dir := abs; ; {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil && dir != abs {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			break
		}
		if dir = parent; locate.IsPack(dir) {
			above = dir // packs.yaml takes the outermost one, too: a pack holds no packs
		}
	}
	if above == "" || filepath.IsAbs(path) {
		return above, nil
	}
	here, err := os.Getwd()
	if err != nil {
		return "", err
	}
	return filepath.Rel(here, above)
}

func subjectAt(path, dir string) subject {
	s := subject{Input: lint.Input{Dir: dir, Path: filepath.ToSlash(filepath.Clean(path))}}
	if info, err := os.Stat(dir); err == nil && !info.IsDir() {
		s.Archive = true
	}
	if meta, err := pack.ReadMeta(dir); err == nil {
		s.name, s.version = meta.Name, meta.Version
	}
	return s
}
