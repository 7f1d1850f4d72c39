//go:build !unix

package lint

// nonblock is for systems with named pipes in the file system.
const nonblock = 0
