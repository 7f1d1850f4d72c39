package layout

import (
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
)

// mount mounts a file system of its own, or skips the test where that is not
// allowed: root in a container may be without that right.
func mount(t *testing.T, args ...string) string {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("to mount a small file system takes root")
	}
	dir := t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", append(args, dir)...).CombinedOutput(); err != nil {
		t.Skipf("root may not mount a file system here: %v: %s", err, out)
	}
	t.Cleanup(func() {
		// Detached: a process that another test starts at this moment may still hold a file.
		if err := syscall.Unmount(dir, syscall.MNT_DETACH); err != nil {
			t.Errorf("unmount %s: %v", dir, err)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := mount(t, "-t", "tmpfs", "-o", "size=256k", "tmpfs")
	r := open(t, dir)
	push(t, r, "1.0.0", "small")
	_, err := r.Push(t.Context(), repo, "2.0.0", art(t, strings.Repeat("x", 1<<20)), registry.Hint{})
	var re *registry.Error
	if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &re) || !strings.Contains(re.Hint, "free some space") {
		t.Errorf("error %v", err)
	}
	leftovers(t, dir)
	if tags := everyTagReads(t, dir); len(tags) != 1 {
		t.Errorf("tags %q", tags)
	}
	push(t, r, "3.0.0", "small too")
}

// TestDiskFullBeforeTheFirstFile has room for folders only.
func TestDiskFullBeforeTheFirstFile(t *testing.T) {
	t.Parallel()
	dir := mount(t, "-t", "tmpfs", "-o", "nr_inodes=5", "tmpfs")
	_, err := open(t, dir).Push(t.Context(), repo, "1.0.0", art(t, "x"), registry.Hint{})
	if !errors.Is(err, syscall.ENOSPC) {
		t.Errorf("error %v", err)
	}
	if _, _, err := open(t, dir).Manifest(t.Context(), repo, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("read: %v", err)
	}
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	source := t.TempDir()
	push(t, open(t, source), "1.0.0", "x")
	dir := mount(t, "--bind", "-o", "ro", source)
	for _, tag := range []string{"1.0.0", "2.0.0"} {
		_, err := open(t, dir).Push(t.Context(), repo, tag, art(t, tag), registry.Hint{})
		var re *registry.Error
		if !errors.As(err, &re) || !strings.Contains(re.Hint, "read-only") {
			t.Errorf("error %v", err)
		}
	}
	if tags := everyTagReads(t, dir); len(tags) != 1 {
		t.Errorf("what is read-only is not read: %q", tags)
	}
}

func TestFolderWithoutPermission(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 {
		t.Skip("permissions do not bind root")
	}
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, dir).Push(t.Context(), repo, "1.0.0", art(t, "x"), registry.Hint{})
	var re *registry.Error
	if !errors.Is(err, os.ErrPermission) || !errors.As(err, &re) || !strings.Contains(re.Hint, "give this user access") {
		t.Errorf("error %v", err)
	}
}

func TestPipesAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"index.json", "oci-layout", lockFile, "manifest", "layer"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			a := push(t, r, "1.0.0", "x")
			pipe := inLayout(dir, name)
			switch name {
			case "manifest":
				pipe = blobFile(dir, a.Manifest.Digest)
			case "layer":
				pipe = blobFile(dir, a.Layer.Digest)
			}
			if err := errors.Join(os.Remove(pipe), syscall.Mkfifo(pipe, 0o600)); err != nil {
				t.Fatal(err)
			}
			_, _, manifest := r.Manifest(t.Context(), repo, "1.0.0")
			_, layer := readBlob(t.Context(), r, a.Layer.Descriptor)
			_, pushed := r.Push(t.Context(), repo, "1.0.0", a, registry.Hint{})
			blob := name == "manifest" || name == "layer"
			if mended := pushed == nil; mended != blob {
				t.Errorf("push: %v", pushed) // a pipe in the place of a blob is mended, any other is an error
			}
			if ok := manifest == nil && layer == nil; ok != (name == lockFile) {
				t.Errorf("manifest: %v, layer: %v", manifest, layer) // readers need no lock
			}
		})
	}
}
