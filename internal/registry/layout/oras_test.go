package layout

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
)

func oras(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), registrytest.Tool(t, "oras"), args...)
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("oras %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestOrasReadsWhatWeWrite(t *testing.T) {
	t.Parallel()
	dir, out := t.TempDir(), t.TempDir()
	r := open(t, dir)
	push(t, r, "1.0.0", "overwritten")
	push(t, r, "1.0.0", "first")
	push(t, r, "1.1.0", "second")
	layout := inLayout(dir)
	oras(t, "pull", "--oci-layout", layout+":1.1.0", "-o", out)
	if b, err := os.ReadFile(filepath.Join(out, "nginx-1.0.0.tar.gz")); err != nil || string(b) != "second" {
		t.Errorf("pulled %q, %v", b, err)
	}
	if tags := oras(t, "repo", "tags", "--oci-layout", layout); tags != "1.0.0\n1.1.0\n" {
		t.Errorf("tags %q", tags)
	}
	to := filepath.Join(t.TempDir(), "copy")
	oras(t, "cp", "--from-oci-layout", layout+":1.0.0", "--to-oci-layout", to+":1.0.0")
	if tags := oras(t, "repo", "tags", "--oci-layout", to); tags != "1.0.0\n" {
		t.Errorf("tags of the copy %q", tags)
	}
}

func TestWeReadWhatOrasWrites(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	a := push(t, open(t, other), "1.0.0", "by oras")
	if err := os.MkdirAll(inLayout(dir), 0o750); err != nil {
		t.Fatal(err)
	}
	oras(t, "cp", "--from-oci-layout", inLayout(other)+":1.0.0", "--to-oci-layout", inLayout(dir)+":9.0.0")
	r := open(t, dir)
	push(t, r, "1.0.0", "by us")
	oras(t, "tag", "--oci-layout", inLayout(dir)+":9.0.0", "9.0.1")
	for _, tag := range []string{"9.0.0", "9.0.1"} {
		desc, _, err := r.Manifest(t.Context(), repo, tag)
		if err != nil || desc.Digest != a.Manifest.Digest {
			t.Errorf("%s: %+v, %v; want %s", tag, desc, err, a.Manifest.Digest)
		}
	}
	if tags := everyTagReads(t, dir); len(tags) != 3 {
		t.Errorf("tags %q, want three", tags)
	}
	if sent, err := r.Push(t.Context(), repo, "9.0.0", a, registry.Hint{}); err != nil || sent != 0 {
		t.Errorf("what oras wrote was written again: %d bytes, %v", sent, err)
	}
}
