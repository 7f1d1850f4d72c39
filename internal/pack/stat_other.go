//go:build !linux

package pack

import "io/fs"

// statOf knows nothing more here: size and modification time must do.
func statOf(fs.FileInfo) stat { return stat{} }
