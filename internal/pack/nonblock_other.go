//go:build !unix

package pack

// nonblock is nothing where opening a file cannot wait for another process.
const nonblock = 0
