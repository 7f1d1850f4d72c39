package registry

import "github.com/opencontainers/go-digest"

// DamagedError tells that a tag is there, and that what it names cannot be read
// whole: a file is missing, cut short or has other bytes. To push what the tag
// should name mends it.
type DamagedError struct {
	Digest digest.Digest // of the manifest that the tag names; "" where not even that can be read
	Err    error
}

// Error says what is damaged.
func (e *DamagedError) Error() string { return e.Err.Error() }

// Unwrap returns the cause, which is ErrCorrupt.
func (e *DamagedError) Unwrap() error { return e.Err }
