package harbor_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry/harbor"
)

func TestFolderBelievesOnlyWhatHasTheDigest(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet")
	f, err := harbor.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	raw := artifact.Empty().Bytes
	d := digest.FromBytes(raw)
	if _, ok := f.Load(d); ok {
		t.Error("known before it was stored")
	}
	f.Store(d, raw)
	if got, ok := f.Load(d); !ok || !bytes.Equal(got, raw) {
		t.Errorf("loaded %q, %t", got, ok)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Fatalf("%v, %v: want one file", entries, err)
	}
	file := filepath.Join(dir, entries[0].Name())
	for name, content := range map[string]string{"forged": `{"layers":[]}`, "empty": "", "huge": strings.Repeat("x", artifact.MaxManifest+1)} {
		write(t, dir, entries[0].Name(), content)
		if got, ok := f.Load(d); ok {
			t.Errorf("%s: loaded %.20q", name, got)
		}
	}
	f.Store(d, raw) // mends it
	if got, err := os.ReadFile(file); err != nil || !bytes.Equal(got, raw) {
		t.Errorf("%q, %v", got, err)
	}
	for _, bad := range []digest.Digest{"", "../x", "sha256:../../x", "sha256:" + digest.Digest(strings.Repeat("Z", 64))} {
		f.Store(bad, raw)
		if _, ok := f.Load(bad); ok {
			t.Errorf("%q: loaded", bad)
		}
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("%v: want one file", entries)
	}
}

func TestMemoryStartsAnewWhenItIsFull(t *testing.T) {
	t.Parallel()
	m := new(harbor.Memory)
	big := bytes.Repeat([]byte("x"), 5<<20)
	for i := range 3 {
		raw := append([]byte{byte(i)}, big...)
		d := digest.FromBytes(raw)
		m.Store(d, raw)
		if _, ok := m.Load(d); !ok {
			t.Errorf("manifest %d is not known", i)
		}
	}
	if _, ok := m.Load(digest.FromBytes(append([]byte{0}, big...))); ok {
		t.Error("it holds more than it may")
	}
}
