package pack

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// MetaFile is the file that makes a folder a pack.
const MetaFile = "pack.json"

// IgnoreFile names what to leave out of a pack, in gitignore syntax. It is read
// at the root of the pack only.
const IgnoreFile = ".packsignore"

// alwaysOut tells whether a file or folder of that name is part of no pack:
// version control, what desktops leave behind, and the .packsignore itself.
func alwaysOut(base string) bool {
	switch base {
	case ".git", ".svn", ".hg", ".DS_Store", "Thumbs.db", "desktop.ini", IgnoreFile:
		return true
	}
	return strings.HasPrefix(base, "._") // AppleDouble: what macOS keeps beside a file
}

// neverOut tells whether a file of that name stays whatever .packsignore says,
// unless the folder that it lies in is left out.
func neverOut(base string) bool {
	switch base {
	case ".gitignore", ".gitkeep", ".helmignore":
		return true
	}
	return false
}

// show returns a path as messages may hold it: quoted where it holds what a
// terminal could take for a command.
func show(path string) string {
	if len(path) > 300 {
		return strconv.Quote(path[:300]) + "…"
	}
	for _, r := range path {
		if !strconv.IsPrint(r) || r == utf8.RuneError {
			return strconv.Quote(path)
		}
	}
	return path
}

// base returns the last part of a path.
func base(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// hidden tells whether a path or a folder above it is always left out.
func hidden(path string) bool {
	for part := range strings.SplitSeq(path, "/") {
		if alwaysOut(part) {
			return true
		}
	}
	return false
}

// selection decides which files belong to a pack. The zero value knows no
// .packsignore. It is not safe for concurrent use.
type selection struct {
	patterns []pattern
	folders  map[string]bool // left out or not, as far as dropsBelow asked
	states   stateSets       // scratch for matching
}

// drops tells whether a file (or folder, where dir is set) is left out, given
// that the folders above it are not.
func (s *selection) drops(path string, dir bool) bool {
	name := base(path)
	switch {
	case alwaysOut(name):
		return true
	case !dir && (path == MetaFile || neverOut(name)):
		return false
	}
	for i := len(s.patterns) - 1; i >= 0; i-- {
		if p := &s.patterns[i]; p.matches(path, name, dir, &s.states) {
			return !p.negative
		}
	}
	return false
}

// err tells whether the patterns were too much to answer for all paths.
func (s *selection) err() error {
	if s.states.steps > maxGlobSteps {
		return fmt.Errorf("%s: %w: its patterns take too long to match: remove some stars", IgnoreFile, ErrTooLarge)
	}
	return nil
}

// dropsBelow tells whether a file is left out, or a folder above it.
func (s *selection) dropsBelow(path string) bool {
	for i := range len(path) {
		if path[i] == '/' && s.dropsFolder(path[:i]) {
			return true
		}
	}
	return s.drops(path, false)
}

func (s *selection) dropsFolder(path string) bool {
	out, known := s.folders[path]
	if !known {
		out = s.drops(path, true)
		if s.folders == nil {
			s.folders = make(map[string]bool)
		}
		s.folders[path] = out
	}
	return out
}
