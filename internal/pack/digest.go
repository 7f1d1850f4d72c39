package pack

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"regexp"
	"slices"
)

// Kind says what a file of a pack is.
type Kind byte

// The kinds of files. Their values are part of the content digest.
const (
	Regular Kind = 'f'
	Link    Kind = 'l'
)

// File is one file of a pack.
type File struct {
	Path       string // relative to the pack, with slashes, UTF-8
	Kind       Kind
	Executable bool     // the owner may execute it; never set for links
	Size       int64    // bytes; of a link, those of its target's name
	Digest     [32]byte // sha256 of the bytes; of a link, of its target's name
	Target     string   // of a link, with slashes
}

// Inventory is all that a pack is made of.
type Inventory struct {
	Digest string // the content digest: v1:sha256:HEX
	Bytes  int64  // of all files
	Files  []File // sorted bytewise by path
}

// digestPrefix begins content digests of the only version there is.
const digestPrefix = "v1:sha256:"

var digestPattern = regexp.MustCompile(`^v1:sha256:[0-9a-f]{64}$`)

// KnownDigest tells whether s is a content digest that can be compared. One of
// a version that this program does not know counts as none.
func KnownDigest(s string) bool { return digestPattern.MatchString(s) }

// newInventory sorts files and computes the content digest as
// docs/specs/content-digest.md defines it.
func newInventory(files []File) *Inventory {
	slices.SortFunc(files, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	inv := &Inventory{Files: files}
	h := sha256.New()
	h.Write([]byte("packs content v1\n"))
	var record []byte
	for i := range files {
		f := &files[i]
		inv.Bytes += f.Size
		record = binary.BigEndian.AppendUint64(record[:0], uint64(len(f.Path)))
		record = append(record, f.Path...)
		record = append(record, byte(f.Kind), executableByte(f.Executable))
		record = binary.BigEndian.AppendUint64(record, uint64(f.Size)) //nolint:gosec // sizes are never negative
		record = append(record, f.Digest[:]...)
		h.Write(record)
	}
	inv.Digest = digestPrefix + hex.EncodeToString(h.Sum(nil))
	return inv
}

func executableByte(executable bool) byte {
	if executable {
		return 1
	}
	return 0
}

func linkFile(path, target string) File {
	return File{Path: path, Kind: Link, Size: int64(len(target)), Digest: sha256.Sum256([]byte(target)), Target: target}
}
