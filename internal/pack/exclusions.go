package pack

// Exclusions tells which files of a folder are left out of a pack, for folders
// that are not on disk. It is not safe for concurrent use.
type Exclusions struct{ chosen selection }

// NewExclusions reads the text of a .packsignore; an empty one leaves out what
// is never part of a pack. The error is ErrPattern: then the lines that name
// nothing have no effect.
func NewExclusions(packsignore string) (*Exclusions, error) {
	patterns, err := parseIgnore(packsignore)
	return &Exclusions{selection{patterns: patterns}}, err
}

// Drops tells whether the file of a path, relative to the pack and with
// slashes, is left out, or a folder that it lies in.
func (e *Exclusions) Drops(path string) bool { return e.chosen.dropsBelow(path) }
