package layout

import "syscall"

// What the system says where a disk or a quota is full, and where it cannot be
// written. https://learn.microsoft.com/windows/win32/debug/system-error-codes
var (
	diskFull = []error{syscall.Errno(39), syscall.Errno(112), syscall.Errno(1295)} // HANDLE_DISK_FULL, DISK_FULL, DISK_QUOTA_EXCEEDED
	readOnly = []error{syscall.Errno(19)}                                          // WRITE_PROTECT
)
