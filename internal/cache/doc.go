// Package cache remembers content digests between runs: of folders that did
// not change, and of layers that were read once. It only saves work: what is
// pushed is always read again, and a cache that is missing, damaged or of
// another version counts as empty.
package cache
