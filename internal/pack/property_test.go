package pack

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestPacksAreTheSameInEveryForm makes packs at random: a folder, our archive,
// that of tar, and what is unpacked from them all have one digest; and a
// change of one file gives another.
func TestPacksAreTheSameInEveryForm(t *testing.T) {
	t.Parallel()
	need(t, "tar")
	part := rapid.SampledFrom([]string{"a", "b", "B", "é", "x y", "-", "a.b", "._a", ".git", ".gitkeep", "n123456789012345678901234567890123456789012345678901234567890"})
	parts := rapid.SliceOfN(part, 1, 4)
	rapid.Check(t, func(r *rapid.T) {
		files := map[string]string{MetaFile: metaJSON}
		taken := map[string]bool{MetaFile: true} // by a file or folder
		for range rapid.IntRange(0, 8).Draw(r, "files") {
			name := filepath.ToSlash(filepath.Join(parts.Draw(r, "path")...))
			if free(taken, name) {
				files[name+rapid.SampledFrom([]string{"", "", "!"}).Draw(r, "executable")] = string(rapid.SliceOfN(rapid.Byte(), 0, 2000).Draw(r, "content"))
			}
		}
		parent := t.TempDir()
		dir := filepath.Join(parent, "folder")
		plant(t, dir, files)
		want := read(t, dir)
		archive := build(t, dir)
		ours, err := ReadArchive(context.Background(), bytes.NewReader(archive), Limits{})
		if err != nil || !slices.Equal(ours.Files, want.Files) {
			r.Fatalf("our archive: %v, %v; want %v", ours, err, want)
		}
		made := filepath.Join(parent, "made.tgz")
		run(t, "tar", "-czf", made, "-C", parent, "folder")
		unpacked := filepath.Join(parent, "unpacked")
		if err := os.Mkdir(unpacked, 0o700); err != nil {
			r.Fatal(err)
		}
		if got := extract(t, made, unpacked); got.Digest != want.Digest || read(t, unpacked).Digest != want.Digest {
			r.Fatalf("the archive of tar: %v; want %v", got, want)
		}
		if !bytes.Equal(build(t, unpacked), archive) {
			r.Fatal("unpacked and packed again, it has other bytes")
		}
		byTar := filepath.Join(parent, "by tar")
		if err := os.Mkdir(byTar, 0o700); err != nil {
			r.Fatal(err)
		}
		run(t, "tar", "-xzf", file(t, "ours.tar.gz", archive), "-C", byTar, "--strip-components=1")
		if got := read(t, byTar); !slices.Equal(got.Files, want.Files) {
			r.Fatalf("our archive, unpacked by tar: %v; want %v", got.Files, want.Files)
		}
		if !bytes.Equal(build(t, byTar), archive) {
			r.Fatal("unpacked by tar and packed again, it has other bytes")
		}
		changeOne(t, r, dir, want)
	})
}

// free takes a path unless it is a file or folder already, or lies below a file.
func free(taken map[string]bool, name string) bool {
	for p := name; p != "."; p = filepath.Dir(p) {
		if isFile, known := taken[p]; known && (isFile || p == name) {
			return false
		}
	}
	for p := filepath.Dir(name); p != "."; p = filepath.Dir(p) {
		taken[p] = false
	}
	taken[name] = true
	return true
}

func changeOne(t *testing.T, r *rapid.T, dir string, before *Inventory) {
	t.Helper()
	f := before.Files[rapid.IntRange(0, len(before.Files)-1).Draw(r, "changed file")]
	path := filepath.Join(dir, filepath.FromSlash(f.Path))
	var err error
	switch rapid.IntRange(0, 2).Draw(r, "change") {
	case 0:
		mode := os.FileMode(0o700)
		if f.Executable {
			mode = 0o600
		}
		err = os.Chmod(path, mode)
	case 1:
		err = os.Rename(path, path+"~")
	default:
		err = flipBit(path, rapid.IntRange(0, max(0, int(f.Size)*8-1)).Draw(r, "bit"))
	}
	if err != nil {
		r.Fatal(err)
	}
	if read(t, dir).Digest == before.Digest {
		r.Fatalf("a change of %s does not change the digest", f.Path)
	}
}

func flipBit(path string, bit int) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(data) == 0 {
		data = []byte{0}
	}
	data[bit/8] ^= 1 << (bit % 8)
	return os.WriteFile(path, data, 0o600)
}
