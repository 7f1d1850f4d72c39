package main

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registrytest"
)

// smallWorld is a catalog of packs for a layout, and for a registry where host
// is given.
func smallWorld(t *testing.T, packs int, host string) string {
	t.Helper()
	dir := t.TempDir()
	catalog := "apiVersion: packs/v1\nkind: Catalog\nregistries:\n  - {name: local, type: layout, path: ./dist}\n"
	if host != "" {
		catalog += fmt.Sprintf("  - {name: dev, type: oci, host: %q}\n", host)
	}
	writeFile(t, filepath.Join(dir, "packs.yaml"), []byte(catalog+"packs:\n  - path: packs/**\n"))
	for i := range packs {
		pack := filepath.Join(dir, "packs", fmt.Sprint("p", i))
		writeFile(t, filepath.Join(pack, "pack.json"), fmt.Appendf(nil, `{"name": "p%d", "displayName": "P", "version": "1.0.0", "layer": "addon"}`, i))
		writeFile(t, filepath.Join(pack, "values.yaml"), []byte("a: 1\n"))
	}
	return dir
}

func writeFile(t *testing.T, name string, content []byte) {
	t.Helper()
	if err := errors.Join(os.MkdirAll(filepath.Dir(name), 0o755), os.WriteFile(name, content, 0o644)); err != nil {
		t.Fatal(err)
	}
}

// noise does not compress.
func noise(size int) []byte {
	b := make([]byte, size)
	rng := rand.NewChaCha8([32]byte{})
	_, _ = rng.Read(b) // never fails
	return b
}

// applyUnder runs apply in a world from a shell that sets limits first.
func applyUnder(dir, limits string, env ...string) *exec.Cmd {
	cmd := exec.Command("/bin/sh", "-c", limits+`; exec packs apply --yes --no-color`)
	cmd.Dir = dir
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "PACKS_CACHE_DIR=" + filepath.Join(dir, "cache")}, env...)
	return cmd
}

func TestFewFilesMayBeOpen(t *testing.T) {
	t.Parallel()
	const packs = 60
	s := registrytest.Start(t, registrytest.Options{})
	out, err := applyUnder(smallWorld(t, packs, s.Host), "ulimit -n 64").CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("%d versions pushed", 2*packs)) {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestLittleMemory publishes a pack that is as large as the memory that it is
// told to keep to.
func TestLittleMemory(t *testing.T) {
	t.Parallel()
	const most = 256 << 20
	dir := smallWorld(t, 3, "")
	writeFile(t, filepath.Join(dir, "packs", "p0", "image.bin"), noise(48<<20))
	cmd := applyUnder(dir, "true", "GOMEMLIMIT=48MiB")
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	needed := 0
	for tick := time.NewTicker(5 * time.Millisecond); ; {
		select {
		case err := <-ended:
			tick.Stop()
			if err != nil || needed == 0 {
				t.Fatalf("%v, %d kB\n%s", err, needed, &out)
			}
			if needed<<10 > most {
				t.Errorf("it needed %d MB", needed>>10)
			}
			return
		case <-tick.C:
			needed = max(needed, peak(cmd.Process.Pid))
		}
	}
}

// peak is the most memory that a program has had so far, in kB. What the system
// tells of an ended one counts what this process had when it was started.
func peak(pid int) int {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kB := 0
	if _, scanErr := fmt.Sscanf(strings.TrimSpace(rest), "%d", &kB); err != nil || scanErr != nil || !strings.Contains(string(status), "Name:\tpacks") {
		return 0 // ended, or still the shell
	}
	return kB
}

// TestNoRoomForTemporaryFiles has the largest pack fail with a word about where
// to get room, and the others published.
func TestNoRoomForTemporaryFiles(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("to mount a small file system takes root")
	}
	dir, temp := smallWorld(t, 3, ""), t.TempDir()
	if out, err := exec.CommandContext(t.Context(), "mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", temp).CombinedOutput(); err != nil {
		t.Skipf("root may not mount a file system here: %v: %s", err, out)
	}
	t.Cleanup(func() { _ = syscall.Unmount(temp, syscall.MNT_DETACH) })
	writeFile(t, filepath.Join(dir, "packs", "p0", "image.bin"), noise(12<<20)) // more than is held in memory
	out, err := applyUnder(dir, "true", "TMPDIR="+temp).CombinedOutput()
	var ended *exec.ExitError
	if !errors.As(err, &ended) || ended.ExitCode() != 1 {
		t.Errorf("%v, want exit code 1", err)
	}
	for _, want := range []string{"temporary file for an archive", "no space left on device", "free some space in " + temp, "2 versions pushed"} {
		if !strings.Contains(string(out), want) {
			t.Errorf("%q is missing in\n%s", want, out)
		}
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}
