package pack

import (
	"cmp"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"slices"
	"strings"
)

// digestPrefix begins content digests of version 1, the only one there is.
const digestPrefix = "v1:sha256:"

// digestPreamble begins the bytes that are hashed, so that they are never
// those of anything else.
const digestPreamble = "packs content v1\n"

// KnownDigest tells whether s is a content digest that can be compared with
// those of Inventory. One of another version counts as none.
func KnownDigest(s string) bool {
	hexed, ok := strings.CutPrefix(s, digestPrefix)
	if !ok || len(hexed) != hex.EncodedLen(sha256.Size) {
		return false
	}
	return strings.Trim(hexed, "0123456789abcdef") == ""
}

// newInventory sorts files and sums them up.
func newInventory(files []File) *Inventory {
	slices.SortFunc(files, byPath)
	inv := &Inventory{Files: files, Digest: contentDigest(files)}
	for i := range files {
		inv.Bytes += files[i].Size
	}
	return inv
}

func byPath(a, b File) int { return cmp.Compare(a.Path, b.Path) }

// contentDigest hashes sorted files as docs/specs/content-digest.md lays down.
func contentDigest(files []File) string {
	h := sha256.New()
	record := []byte(digestPreamble)
	for i := range files {
		f := &files[i]
		record = binary.BigEndian.AppendUint64(record, uint64(len(f.Path)))
		record = append(record, f.Path...)
		record = append(record, byte(f.Kind), bit(f.Executable))
		record = binary.BigEndian.AppendUint64(record, uint64(f.Size)) //nolint:gosec // sizes are never negative
		record = append(record, f.Digest[:]...)
		h.Write(record)
		record = record[:0]
	}
	h.Write(record)
	return digestPrefix + hex.EncodeToString(h.Sum(nil))
}

func bit(set bool) byte {
	if set {
		return 1
	}
	return 0
}

// linkFile is the file that a symbolic link is.
func linkFile(path, target string) File {
	return File{Path: path, Kind: Link, Size: int64(len(target)), Digest: sha256.Sum256([]byte(target)), Target: target}
}
