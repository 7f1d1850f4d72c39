package git_test

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/packs-cli/packs/internal/git"
)

func TestOutsideAWorkTree(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if git.InWorkTree(dir) {
		t.Skip("the temporary folder lies in a git work tree")
	}
	if s, err := git.Read(t.Context(), dir, nil); s != nil || err != nil {
		t.Errorf("Read = %+v, %v, want nothing", s, err)
	}
	if u, err := git.Untracked(t.Context(), dir, []string{"."}); len(u) > 0 || err != nil {
		t.Errorf("Untracked = %v, %v, want nothing", u, err)
	}
}

func TestBeforeTheFirstCommit(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	if s, err := git.Read(t.Context(), dir, nil); s != nil || err != nil {
		t.Errorf("Read = %+v, %v, want nothing", s, err)
	}
}

func TestRead(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, "packs/a/pack.json", "{}")
	commit(t, dir)
	state := func(exclude ...string) git.State {
		t.Helper()
		s, err := git.Read(t.Context(), filepath.Join(dir, "packs"), exclude)
		if err != nil || s == nil {
			t.Fatalf("Read = %v, %v", s, err)
		}
		return *s
	}
	if s := state(); len(s.Commit) != 40 || s.Dirty {
		t.Errorf("a fresh commit is %+v", s)
	}
	write(t, dir, "packs/dist/index.json", "{}")
	if s := state(filepath.Join(dir, "packs", "dist"), t.TempDir()); s.Dirty {
		t.Errorf("an excluded folder makes it dirty: %+v", s)
	}
	if s := state(); !s.Dirty {
		t.Error("an untracked file does not make it dirty")
	}
	write(t, dir, "packs/a/pack.json", "{ }")
	if s := state(filepath.Join(dir, "packs", "dist")); !s.Dirty {
		t.Error("a changed file does not make it dirty")
	}
}

func TestUntracked(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, ".gitignore", "*.log\n")
	write(t, dir, "packs/a[b]/pack.json", "{}")
	commit(t, dir)
	write(t, dir, "packs/a[b]/new.yaml", "")
	write(t, dir, "packs/a[b]/deep/x.log", "")
	write(t, dir, "packs/ab/other.yaml", "")
	got, err := git.Untracked(t.Context(), dir, []string{filepath.Join(dir, "packs", "a[b]")})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(dir, "packs", "a[b]", "deep", "x.log"), filepath.Join(dir, "packs", "a[b]", "new.yaml")}
	if files := slices.Sorted(maps.Keys(got)); !slices.Equal(files, want) {
		t.Errorf("Untracked = %q, want %q", files, want)
	}
}

func TestBrokenRepositoryIsAnError(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	if err := os.RemoveAll(filepath.Join(dir, ".git")); err != nil {
		t.Fatal(err)
	}
	write(t, dir, ".git", "gitdir: nowhere\n")
	if s, err := git.Read(t.Context(), dir, nil); err == nil {
		t.Errorf("Read = %+v, want an error", s)
	}
}

func repository(t *testing.T) string {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	call(t, dir, "init", "-q")
	return dir
}

func commit(t *testing.T, dir string) {
	t.Helper()
	call(t, dir, "add", "-A")
	call(t, dir, "-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", "commit", "-qm", "x")
}

func call(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %v: %v\n%s", args, err, out)
	}
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	path := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestWhatHappenedToPaths(t *testing.T) {
	t.Parallel()
	dir := repository(t)
	write(t, dir, "packs/a/pack.json", "{}")
	write(t, dir, "packs/a[1]/pack.json", "{}")
	commit(t, dir)
	write(t, dir, "packs/b/pack.json", "{}")
	write(t, dir, "packs/b/gone", "x")
	commit(t, dir)
	write(t, dir, "packs/c/pack.json", "{}")
	commits, err := git.LastCommits(t.Context(), dir, []string{"packs/a", filepath.Join(dir, "packs", "b"), "packs/c", "packs/a[1]"}, 2)
	if err != nil {
		t.Fatal(err)
	}
	if len(commits[0]) != 40 || len(commits[1]) != 40 || commits[0] == commits[1] || commits[2] != "" || commits[3] != commits[0] {
		t.Errorf("commits %q, want two of them, none and the first", commits)
	}
	if files, err := git.Changed(t.Context(), dir); err != nil || len(files) > 0 {
		t.Errorf("Changed = %v, %v, want nothing", files, err)
	}
	write(t, dir, "packs/a/pack.json", "{ }")
	if err := os.Remove(filepath.Join(dir, "packs", "b", "gone")); err != nil {
		t.Fatal(err)
	}
	files, err := git.Changed(t.Context(), dir)
	if want := []string{filepath.Join(dir, "packs", "a", "pack.json"), filepath.Join(dir, "packs", "b", "gone")}; err != nil || !slices.Equal(slices.Sorted(maps.Keys(files)), want) {
		t.Errorf("Changed = %v, %v, want %v", files, err, want)
	}
	if shallow, err := git.Shallow(t.Context(), dir); shallow || err != nil {
		t.Errorf("Shallow = %v, %v", shallow, err)
	}
	clone := filepath.Join(t.TempDir(), "clone")
	if out, err := exec.Command("git", "clone", "-q", "--depth=1", "file://"+dir, clone).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if shallow, err := git.Shallow(t.Context(), clone); !shallow || err != nil {
		t.Errorf("Shallow of a part = %v, %v", shallow, err)
	}
}
