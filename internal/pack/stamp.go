package pack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"slices"
	"time"
)

// Stamp tells cheaply whether a pack folder is as it was: it covers the name,
// size, times, inode and mode of every file, but not the bytes.
type Stamp struct {
	Sum    [32]byte
	Newest time.Time // the latest change of any file, by the file system's clock
}

// ReadStamp stamps a folder without opening its files. Two equal stamps mean
// equal content where Newest is clearly before the moment at which the first
// was taken: later changes may share its times (git calls such a state racy).
func ReadStamp(ctx context.Context, dir string) (Stamp, error) {
	f, err := openFolder(dir, Limits{})
	if err != nil {
		return Stamp{}, err
	}
	var infos []pathInfo
	f.note = func(path string, info fs.FileInfo) { infos = append(infos, pathInfo{path, info}) }
	if err := errors.Join(f.list(ctx), f.Close()); err != nil {
		return Stamp{}, err
	}
	slices.SortFunc(infos, func(a, b pathInfo) int { return cmp.Compare(a.path, b.path) })
	var s Stamp
	h := sha256.New()
	h.Write([]byte(digestPrefix))
	var record []byte
	for i := range f.files { // as many as infos, and in the same order
		file, info := &f.files[i], infos[i].info
		st := statOf(info)
		for _, t := range []time.Time{info.ModTime(), st.changed} {
			if t.After(s.Newest) {
				s.Newest = t
			}
		}
		record = append(append(record[:0], file.Path...), 0, byte(file.Kind), bit(f.checkout.executable(file.Path, info.Mode())))
		for _, n := range []int64{info.Size(), info.ModTime().UnixNano(), st.changed.UnixNano(), st.inode, int64(len(file.Target))} {
			record = binary.BigEndian.AppendUint64(record, uint64(n)) //nolint:gosec // only compared
		}
		h.Write(append(record, file.Target...))
	}
	h.Sum(s.Sum[:0])
	return s, nil
}

type pathInfo struct {
	path string
	info fs.FileInfo
}

// stat is what a file system tells beyond fs.FileInfo, where it does.
type stat struct {
	changed time.Time
	inode   int64
}
