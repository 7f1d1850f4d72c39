//go:build unix

package layout

import "syscall"

// What the system says where a disk or a quota is full, and where it cannot be written.
var (
	diskFull = []error{syscall.ENOSPC, syscall.EDQUOT}
	readOnly = []error{syscall.EROFS}
)
