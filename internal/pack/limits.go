package pack

import (
	"fmt"
	"strings"
)

// Limits bounds how large a pack may be, and what an archive that somebody
// else made may unpack to. Zero means the default.
type Limits struct {
	Bytes   int64 // of all files together; 20 GiB
	Entries int   // files, folders and links; 200,000
	Path    int   // bytes of one path or of a link's target; 4096
	// Ratio is how many bytes one byte of an archive may unpack to, counted from
	// RatioFrom unpacked bytes on: 200 from 4 GiB. Honest packs stay below 20; a
	// disk image full of zeros reaches 1000, so smaller packs are not judged.
	Ratio     int64
	RatioFrom int64
}

// Sizes of what has to be held in memory, in bytes.
const (
	maxMeta   = 1 << 20  // a pack.json; real ones have some hundred
	maxIgnore = 64 << 10 // a .packsignore
	maxNames  = 64 << 20 // the paths of a pack together
)

// maxDepth is how many folders a file may lie in. A file is opened folder by
// folder, so that the cost of a walk grows with the square of the depth.
const maxDepth = 200

// tooDeep refuses a path in a pack that is too deep.
func tooDeep(path string) error {
	if strings.Count(path, "/") > maxDepth {
		return fmt.Errorf("%w: it lies in more than %d folders", ErrTooLarge, maxDepth)
	}
	return nil
}

func (l Limits) withDefaults() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 20 << 30
	}
	if l.Entries <= 0 {
		l.Entries = 200_000
	}
	if l.Path <= 0 {
		l.Path = 4096
	}
	if l.Ratio <= 0 {
		l.Ratio = 200
	}
	if l.RatioFrom <= 0 {
		l.RatioFrom = 4 << 30
	}
	return l
}

// account adds up what a pack holds and fails where that is too much.
type account struct {
	limits  Limits
	entries int
	names   int
	bytes   int64
}

// name counts an entry; target is what a link leads to.
func (a *account) name(path, target string) error {
	a.entries++
	a.names += len(path) + len(target)
	switch longest := max(len(path), len(target)); {
	case longest > a.limits.Path:
		return fmt.Errorf("%s: %w: a path of %d bytes, at most %d are allowed", show(path), ErrTooLarge, longest, a.limits.Path)
	case a.entries > a.limits.Entries:
		return fmt.Errorf("%w: more than %d entries", ErrTooLarge, a.limits.Entries)
	case a.names > maxNames:
		return fmt.Errorf("%w: the paths together have more than %d bytes", ErrTooLarge, maxNames)
	}
	return nil
}

// size counts the bytes of a file.
func (a *account) size(path string, n int64) error {
	if n > a.limits.Bytes-a.bytes {
		return fmt.Errorf("%s: %w: the files together have more than %d bytes", show(path), ErrTooLarge, a.limits.Bytes)
	}
	a.bytes += n
	return nil
}
