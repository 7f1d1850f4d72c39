package pack

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func extract(t *testing.T, archive, dir string) *Inventory {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	inv, err := Extract(context.Background(), f, dir, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return inv
}

func TestExtractWritesThePackAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{IgnoreFile: "*.bak\n", "x.bak": "1", "._x": "1", ".git/HEAD": "1"}))
	archive := gnuTar(t, "-C", filepath.Dir(dir), filepath.Base(dir))
	out := t.TempDir()
	if inv := extract(t, archive, out); inv.Digest != goldenContent {
		t.Errorf("digest %s", inv.Digest)
	}
	run(t, "diff", "-r", "--no-dereference", tree(t, sample()), out)
	info, err := os.Stat(filepath.Join(out, "bin", "run.sh"))
	if err != nil || info.Mode()&0o100 == 0 {
		t.Errorf("bin/run.sh is not executable: %v, %v", info.Mode(), err)
	}
}

func TestExtractNeedsAnEmptyFolder(t *testing.T) {
	t.Parallel()
	archive := build(t, tree(t, sample()))
	full := tree(t, map[string]string{"mine": "x"})
	if _, err := Extract(context.Background(), bytes.NewReader(archive), full, Limits{}); err == nil {
		t.Error("extracted into a folder that is not empty")
	}
	if got, err := os.ReadFile(filepath.Join(full, "mine")); err != nil || string(got) != "x" {
		t.Errorf("what was there: %q, %v", got, err)
	}
	if _, err := Extract(context.Background(), bytes.NewReader(archive), filepath.Join(full, "none"), Limits{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing folder: %v", err)
	}
}

func TestExtractFollowsNoLinkInTheFolderItself(t *testing.T) {
	t.Parallel()
	target := t.TempDir()
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(target, link); err != nil {
		t.Skip("symbolic links cannot be made here:", err)
	}
	// The folder that is named may be a link; what lies below is no concern of it.
	if _, err := Extract(context.Background(), bytes.NewReader(build(t, tree(t, sample()))), link, Limits{}); err != nil {
		t.Fatal(err)
	}
	if got := read(t, target).Digest; got != goldenContent {
		t.Errorf("digest %s", got)
	}
}
