//go:build unix

package lint

import "syscall"

// nonblock keeps opening a named pipe from waiting for its writer.
const nonblock = syscall.O_NONBLOCK
