//go:build unix

package pack

import "syscall"

// nonblock keeps open from waiting at a named pipe that took the place of a file.
const nonblock = syscall.O_NONBLOCK
