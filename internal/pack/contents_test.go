package pack

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"os"
	"path/filepath"
	"testing"
)

func TestContentsAreThoseThatAreWanted(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	files := map[string]string{MetaFile: `{"name":"a","version":"1.0.0"}`, "values.yaml": "x: 1\n", "sub/same": "x: 1\n", "other": "y", "large": string(make([]byte, 100))}
	wanted := make(map[[sha256.Size]byte]bool)
	for name, text := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		wanted[sha256.Sum256([]byte(text))] = name != "other" && name != MetaFile
	}
	inv, err := Read(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(t.TempDir(), "a.tar.gz")
	var b bytes.Buffer
	if _, err := Build(t.Context(), &b, dir, Meta{Name: "a", Version: "1.0.0"}); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(archive, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	folder, err := FolderContents(t.Context(), dir, inv.Files, wanted, 50)
	if err != nil {
		t.Fatal(err)
	}
	packed, err := FileContents(t.Context(), archive, wanted, 50)
	if err != nil {
		t.Fatal(err)
	}
	for _, got := range []Contents{folder, packed} {
		if len(got) != 1 || string(got[sha256.Sum256([]byte("x: 1\n"))]) != "x: 1\n" {
			t.Errorf("kept %q, want the one text", got)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "values.yaml"), []byte("x: 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "sub", "same"), []byte("x: 2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := FolderContents(t.Context(), dir, inv.Files, wanted, 50); !errors.Is(err, ErrChanged) {
		t.Errorf("a file that changed meanwhile: %v, want ErrChanged", err)
	}
	if _, err := ReadContents(t.Context(), bytes.NewReader(b.Bytes()[:b.Len()/2]), Limits{}, wanted, 50); !errors.Is(err, ErrArchive) {
		t.Errorf("half an archive: %v, want ErrArchive", err)
	}
}

// FuzzReadContents: an archive that can be read once can be read again, and what
// is kept has the digests that were wanted.
func FuzzReadContents(f *testing.F) {
	dir := f.TempDir()
	for name, text := range map[string]string{MetaFile: `{"name":"a","version":"1.0.0"}`, "values.yaml": "x: 1\n"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			f.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := Build(f.Context(), &b, dir, Meta{Name: "a", Version: "1.0.0"}); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes())
	f.Fuzz(func(t *testing.T, data []byte) {
		limits := Limits{Bytes: 1 << 20, Entries: 100}
		inv, err := ReadArchive(t.Context(), bytes.NewReader(data), limits)
		if err != nil {
			return
		}
		wanted := make(map[[sha256.Size]byte]bool)
		for _, file := range inv.Files {
			wanted[file.Digest] = file.Kind == Regular
		}
		kept, err := ReadContents(t.Context(), bytes.NewReader(data), limits, wanted, 1<<20)
		if err != nil {
			t.Fatalf("read once, but not again: %v", err)
		}
		for _, file := range inv.Files {
			if text, ok := kept[file.Digest]; file.Kind == Regular && (!ok || sha256.Sum256(text) != file.Digest) {
				t.Errorf("%s was not kept", file.Path)
			}
		}
	})
}
