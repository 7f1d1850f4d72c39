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
