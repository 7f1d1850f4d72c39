package pack

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// repositoryWithoutModes is a work tree whose file system holds no executable
// bits, with a pack in folder p; git's index has them.
func repositoryWithoutModes(tb testing.TB, init ...string) string {
	tb.Helper()
	dir := tb.TempDir()
	run(tb, "git", append([]string{"-C", dir, "init", "-q"}, init...)...)
	files := make(map[string]string)
	for path, content := range sample() {
		files["p/"+strings.TrimSuffix(path, "!")] = content
	}
	plant(tb, dir, files)
	run(tb, "git", "-C", dir, "config", "core.fileMode", "false")
	run(tb, "git", "-C", dir, "add", ".")
	run(tb, "git", "-C", dir, "update-index", "--chmod=+x", "p/bin/run.sh")
	return dir
}

func digestIs(tb testing.TB, dir, want string) {
	tb.Helper()
	inv, err := Read(context.Background(), dir, Options{})
	if err != nil {
		tb.Error(err)
		return
	}
	if inv.Digest != want {
		tb.Errorf("digest %s, want %s", inv.Digest, want)
	}
}

func TestExecutableBitsComeFromTheIndexWhereGitSaysSo(t *testing.T) {
	t.Parallel()
	for _, version := range []string{"2", "3", "4"} {
		t.Run("index version "+version, func(t *testing.T) {
			t.Parallel()
			dir := repositoryWithoutModes(t)
			if version == "3" { // which git writes where it must
				plant(t, dir, map[string]string{"later": ""})
				run(t, "git", "-C", dir, "add", "--intent-to-add", "later")
			}
			run(t, "git", "-C", dir, "update-index", "--index-version", version)
			digestIs(t, filepath.Join(dir, "p"), goldenContent)
			if got := fmt.Sprintf("%x", build(t, filepath.Join(dir, "p"))); got != fmt.Sprintf("%x", build(t, tree(t, sample()))) {
				t.Error("the archive is another")
			}
		})
	}
}

func TestBitsOnDiskDoNotCountWhereGitSaysSo(t *testing.T) {
	t.Parallel()
	dir := repositoryWithoutModes(t)
	plant(t, dir, map[string]string{"p/untracked!": ""})
	if err := os.Chmod(filepath.Join(dir, "p", "values.yaml"), 0o700); err != nil {
		t.Fatal(err)
	}
	digestIs(t, filepath.Join(dir, "p"), read(t, tree(t, with(map[string]string{"untracked": ""}))).Digest)
}

func TestTheIndexIsReadAgainWhenItChanges(t *testing.T) {
	t.Parallel()
	dir := repositoryWithoutModes(t)
	pack := filepath.Join(dir, "p")
	digestIs(t, pack, goldenContent)
	run(t, "git", "-C", dir, "update-index", "--chmod=-x", "p/bin/run.sh")
	files := sample()
	delete(files, "bin/run.sh!")
	files["bin/run.sh"] = "#!/bin/sh\n"
	digestIs(t, pack, read(t, tree(t, files)).Digest)
	run(t, "git", "-C", dir, "config", "core.fileMode", "true")
	if err := os.Chmod(filepath.Join(pack, "bin", "run.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	digestIs(t, pack, goldenContent)
}

func TestAnIndexThatIsWrittenInPlaceIsReadAgain(t *testing.T) {
	t.Parallel()
	dir := repositoryWithoutModes(t)
	index := filepath.Join(dir, ".git", "index")
	executable, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	run(t, "git", "-C", dir, "update-index", "--chmod=-x", "p/bin/run.sh")
	pack := filepath.Join(dir, "p")
	if got := read(t, pack).Digest; got == goldenContent {
		t.Fatal("bin/run.sh is executable")
	}
	if err := errors.Join(os.WriteFile(index, executable, 0o600), os.Chtimes(index, time.Unix(7, 0), time.Unix(7, 0))); err != nil {
		t.Fatal(err)
	}
	digestIs(t, pack, goldenContent)
}

func TestOtherKindsOfWorkTrees(t *testing.T) {
	t.Parallel()
	t.Run("linked", func(t *testing.T) {
		t.Parallel()
		dir, linked := repositoryWithoutModes(t), filepath.Join(t.TempDir(), "linked")
		run(t, "git", "-C", dir, "-c", "user.name=n", "-c", "user.email=n@localhost", "commit", "-q", "-m", "one")
		run(t, "git", "-C", dir, "worktree", "add", "-q", linked)
		if err := os.Chmod(filepath.Join(linked, "p", "bin", "run.sh"), 0o600); err != nil {
			t.Fatal(err)
		}
		digestIs(t, filepath.Join(linked, "p"), goldenContent)
	})
	t.Run("separate git folder", func(t *testing.T) {
		t.Parallel()
		digestIs(t, filepath.Join(repositoryWithoutModes(t, "--separate-git-dir", filepath.Join(t.TempDir(), "g")), "p"), goldenContent)
	})
	t.Run("sha256", func(t *testing.T) {
		t.Parallel()
		digestIs(t, filepath.Join(repositoryWithoutModes(t, "--object-format=sha256"), "p"), goldenContent)
	})
	t.Run("settings of one work tree", func(t *testing.T) {
		t.Parallel()
		dir := repositoryWithoutModes(t)
		run(t, "git", "-C", dir, "config", "core.fileMode", "true")
		run(t, "git", "-C", dir, "config", "extensions.worktreeConfig", "true")
		run(t, "git", "-C", dir, "config", "--worktree", "core.fileMode", "false")
		digestIs(t, filepath.Join(dir, "p"), goldenContent)
	})
	t.Run("the pack is the repository", func(t *testing.T) {
		t.Parallel()
		dir := repositoryWithoutModes(t)
		if err := os.WriteFile(filepath.Join(dir, "pack.json"), []byte(metaJSON), 0o600); err != nil {
			t.Fatal(err)
		}
		for _, f := range read(t, dir).Files {
			if f.Executable != (f.Path == "p/bin/run.sh") {
				t.Errorf("%s: executable %v", f.Path, f.Executable)
			}
		}
	})
	t.Run("through a link", func(t *testing.T) {
		t.Parallel()
		link := filepath.Join(t.TempDir(), "link")
		if err := os.Symlink(filepath.Join(repositoryWithoutModes(t), "p"), link); err != nil {
			t.Skip("symbolic links cannot be made here:", err)
		}
		digestIs(t, link, goldenContent)
	})
	t.Run("nothing added yet", func(t *testing.T) {
		t.Parallel()
		dir := tree(t, map[string]string{"pack.json": metaJSON, "run!": ""})
		run(t, "git", "-C", dir, "init", "-q")
		run(t, "git", "-C", dir, "config", "core.fileMode", "false")
		digestIs(t, dir, read(t, tree(t, map[string]string{"pack.json": metaJSON, "run": ""})).Digest)
	})
	t.Run("a folder called .git", func(t *testing.T) {
		t.Parallel()
		digestIs(t, tree(t, with(map[string]string{".git/x": ""})), goldenContent)
	})
	t.Run("a pointer that leads nowhere", func(t *testing.T) {
		t.Parallel()
		digestIs(t, tree(t, with(map[string]string{".git": "gitdir: /none/such\n"})), goldenContent)
	})
	t.Run("another file called .git", func(t *testing.T) {
		t.Parallel()
		dir := repositoryWithoutModes(t)
		plant(t, dir, map[string]string{"p/.git": "hello"})
		digestIs(t, filepath.Join(dir, "p"), goldenContent)
	})
}

func TestLinksThatAreCheckedOutAsFiles(t *testing.T) {
	t.Parallel()
	dir := repositoryWithoutModes(t)
	run(t, "git", "-C", dir, "config", "core.symlinks", "false")
	link := filepath.Join(dir, "p", "link")
	if err := os.Remove(link); err != nil {
		t.Fatal(err)
	}
	run(t, "git", "-C", dir, "checkout-index", "p/link")
	if info, err := os.Lstat(link); err != nil || !info.Mode().IsRegular() {
		t.Fatalf("git made no regular file of the link: %v, %v", info, err)
	}
	pack := filepath.Join(dir, "p")
	digestIs(t, pack, goldenContent)
	list, err := List(context.Background(), pack, 100)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list.Entries {
		if e.Path == "link" && (e.Target != "values.yaml" || e.Mode&os.ModeSymlink == 0) {
			t.Errorf("listed as %+v", e)
		}
	}
	if got := build(t, pack); fmt.Sprintf("%x", got) != fmt.Sprintf("%x", build(t, tree(t, sample()))) {
		t.Error("the archive is another")
	}
}

func TestRepositoriesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	t.Run("split index", func(t *testing.T) {
		t.Parallel()
		dir := repositoryWithoutModes(t)
		run(t, "git", "-C", dir, "update-index", "--split-index")
		if _, err := Read(context.Background(), filepath.Join(dir, "p"), Options{}); err == nil || !strings.Contains(err.Error(), "--no-split-index") {
			t.Errorf("%v; want what to do", err)
		}
	})
	t.Run("damaged index", func(t *testing.T) {
		t.Parallel()
		dir := repositoryWithoutModes(t)
		if err := os.Truncate(filepath.Join(dir, ".git", "index"), 100); err != nil {
			t.Fatal(err)
		}
		if _, err := Read(context.Background(), filepath.Join(dir, "p"), Options{}); err == nil || !strings.Contains(err.Error(), "damaged") || !strings.Contains(err.Error(), "index") {
			t.Errorf("%v; want that the index is damaged", err)
		}
	})
}

func TestGitSettings(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]gitSettings{
		"[core]\n\tfilemode = false\n\tsymlinks = false\n":                              {},
		"[core] fileMode=no ; comment\n[Core]\nSymLinks=off":                            {},
		"[core]\r\nfilemode = \"false\" # no\r\nsymlinks=0":                             {},
		"[core]\nfilemode\nsymlinks = TRUE":                                             {fileMode: true, symlinks: true},
		"[core]\nfilemode=false\n[core]\nfilemode=true\n[core \"x\"]\nsymlinks = false": {fileMode: true, symlinks: true},
		"# [core]\n;filemode=false\n[other]\nfilemode=false\n[":                         {fileMode: true, symlinks: true},
		"[extensions]\nobjectFormat = sha256\nworktreeConfig = true":                    {fileMode: true, symlinks: true, sha256: true, worktrees: true},
	} {
		got := gitSettings{fileMode: true, symlinks: true}
		if got.parse([]byte(text)); got != want {
			t.Errorf("%q: %+v, want %+v", text, got, want)
		}
	}
}

// TestIndexAgreesWithGit compares all modes with what git itself lists.
func TestIndexAgreesWithGit(t *testing.T) {
	t.Parallel()
	dir := repositoryWithoutModes(t)
	more := make(map[string]string)
	for i := range 300 {
		more[fmt.Sprintf("many/%s/file-%d", strings.Repeat("d", i%50), i)] = ""
	}
	plant(t, dir, more)
	run(t, "git", "-C", dir, "add", ".")
	run(t, "git", "-C", dir, "update-index", "--chmod=+x", "many/d/file-1", "many/ddd/file-3")
	for _, version := range []string{"2", "4"} {
		run(t, "git", "-C", dir, "update-index", "--index-version", version)
		f, err := os.Open(filepath.Join(dir, ".git", "index"))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		var got strings.Builder
		err = parseIndex(bufio.NewReader(f), false, func(mode uint32, path []byte) { fmt.Fprintf(&got, "%06o %s\n", mode, path) })
		if err != nil {
			t.Fatal(err)
		}
		want := run(t, "git", "-C", dir, "ls-files", "--format=%(objectmode) %(path)")
		if got.String() != want {
			t.Errorf("version %s:\n%s\ngit says\n%s", version, got.String(), want)
		}
	}
}
