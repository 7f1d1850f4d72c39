package executor

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"unicode/utf8"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/packs-cli/packs/internal/pack"
)

const (
	// maxText is how large a file may be whose lines are compared, in bytes.
	maxText = 512 << 10
	// maxDiff is how much of a diff of one file is kept, in bytes.
	maxDiff = 256 << 10
	// maxTexts is how many bytes of one pack are compared by lines.
	maxTexts = 32 << 20
	// allDiffs is how much of all diffs of a comparison is kept, shared out evenly.
	allDiffs = 64 << 20
)

// compareFiles lists the files that differ, by path. Both lists are sorted.
func compareFiles(old, wanted []pack.File) []FileDiff {
	var all []FileDiff
	for len(old) > 0 || len(wanted) > 0 {
		switch {
		case len(wanted) == 0 || len(old) > 0 && old[0].Path < wanted[0].Path:
			all = append(all, FileDiff{Path: old[0].Path, Change: FileRemoved, Old: stateOf(&old[0])})
			old = old[1:]
		case len(old) == 0 || wanted[0].Path < old[0].Path:
			all = append(all, FileDiff{Path: wanted[0].Path, Change: FileAdded, New: stateOf(&wanted[0])})
			wanted = wanted[1:]
		default:
			a, b := &old[0], &wanted[0]
			d := FileDiff{Path: a.Path, Old: stateOf(a), New: stateOf(b)}
			switch {
			case a.Digest != b.Digest || a.Kind != b.Kind || a.Size != b.Size:
				d.Change = FileModified
			case a.Executable != b.Executable:
				d.Change = FileMode
			}
			if d.Change != "" {
				all = append(all, d)
			}
			old, wanted = old[1:], wanted[1:]
		}
	}
	return all
}

func stateOf(f *pack.File) *FileState {
	return &FileState{Size: f.Size, Digest: "sha256:" + hex.EncodeToString(f.Digest[:]), Executable: f.Executable, Target: f.Target}
}

// digests are those of files whose lines shall be compared.
type digests map[[sha256.Size]byte]bool

// choose says of files that are not to be compared by lines why not.
func choose(files []FileDiff) {
	left := int64(maxTexts)
	for i := range files {
		d := &files[i]
		switch {
		case !d.lines():
		case d.Old.Size > maxText || d.New.Size > maxText:
			d.Note = fmt.Sprintf("not compared by lines: larger than %d bytes", maxText)
		case d.Old.Size+d.New.Size > left:
			d.Note = "not compared by lines: too much differs"
		default:
			left -= d.Old.Size + d.New.Size
		}
	}
}

// lines tells whether a change is one of bytes on both sides.
func (d *FileDiff) lines() bool {
	return d.Change == FileModified && d.Old.Target == "" && d.New.Target == ""
}

// wantedTexts are the digests of the texts on one side that are to be compared.
func wantedTexts(files []FileDiff, side func(*FileDiff) *FileState) digests {
	all := make(digests)
	for i := range files {
		if files[i].lines() && files[i].Note == "" {
			all[side(&files[i]).key()] = true
		}
	}
	return all
}

func (s *FileState) key() (key [sha256.Size]byte) {
	_, _ = hex.Decode(key[:], []byte(s.Digest[len("sha256:"):])) // stateOf wrote it
	return key
}

// describe writes the diff of a file, in at most so many bytes, or says why not.
func (d *FileDiff) describe(old, wanted pack.Contents, most int) {
	if !d.lines() || d.Note != "" {
		return
	}
	a, inOld := old[d.Old.key()]
	b, inNew := wanted[d.New.key()]
	switch {
	case !inOld || !inNew:
		d.Note = "not compared by lines: it changed while it was read"
	case !isText(a) || !isText(b):
		d.Note = "binary"
	default:
		d.Diff, d.Note = hunks(a, b, most)
	}
}

// isText tells whether bytes are lines that a person can read.
func isText(b []byte) bool { return utf8.Valid(b) && bytes.IndexByte(b, 0) < 0 }

// hunks returns what differs between two texts as a unified diff without its head,
// cut after so many bytes.
func hunks(old, wanted []byte, most int) (text, note string) {
	out := diff.Diff("old", old, "new", wanted)
	for range 3 { // diff old new, --- old, +++ new
		_, out, _ = bytes.Cut(out, []byte("\n"))
	}
	if len(out) > most {
		cut := bytes.LastIndexByte(out[:most], '\n') + 1
		note = fmt.Sprintf("%d more lines", bytes.Count(out[cut:], []byte("\n")))
		out = out[:cut]
	}
	return string(out), note
}
