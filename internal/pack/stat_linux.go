package pack

import (
	"io/fs"
	"syscall"
	"time"
)

func statOf(info fs.FileInfo) stat {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return stat{}
	}
	//nolint:unconvert // the fields have other types on other architectures
	return stat{changed: time.Unix(int64(st.Ctim.Sec), int64(st.Ctim.Nsec)), inode: int64(st.Ino)} //nolint:gosec // only compared
}
