//go:build unix

package layout

import (
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

// TestFullQuotaIsAsAFullDisk: the disk has room, the user may not use it.
func TestFullQuotaIsAsAFullDisk(t *testing.T) {
	t.Parallel()
	r, err := New(manifest.Registry{Name: "local", Type: manifest.TypeLayout, Path: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	for _, errno := range []syscall.Errno{syscall.ENOSPC, syscall.EDQUOT} {
		if hint := r.hint(repo, &fs.PathError{Op: "write", Path: "x", Err: errno}); !strings.Contains(hint, "free some space") {
			t.Errorf("%v: hint %q", errno, hint)
		}
	}
}
