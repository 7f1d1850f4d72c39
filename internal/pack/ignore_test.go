package pack

import (
	"os/exec"
	"strings"
	"testing"
)

// TestIgnoreAgreesWithGit asks git itself about every pattern and path.
func TestIgnoreAgreesWithGit(t *testing.T) {
	t.Parallel()
	need(t, "git")
	rules := []string{
		"*.bak", "/tmp", "tmp/", "a/b", "a/*", "a/**", "**/x", "a/**/x", "**", "*", "!keep",
		"*.bak\n!keep.bak", "a/\n!a/keep", "a/*\n!a/keep", "a/**\n!a/keep", "\\#x", "\\!x", "#x", "x ", "x\\ ",
		"[ab].txt", "[!ab].txt", "[a-c]/x", "?", "foo{1,2}", "{x}", "a**b", "/", "", "x\r", "/a/b/", "b/",
		"*/x", "a/?", "\\*", "x\n!x\nx", "*\n!a/\n!a/b", ".*", "a/b/**", "keep.bak/", "[",
	}
	paths := []string{
		"x", "a/x", "a/b/x", "a/b", "tmp/y", "a/tmp/y", "f.bak", "keep.bak", "a/keep.bak", "a/keep", "keep", "#x", "!x",
		"x ", "a.txt", "c.txt", "b/x", "foo1", "foo{1,2}", "{x}", "ab", "a1b", ".hidden", "a/.hidden", "*", "c", "a/c",
	}
	for _, rule := range rules {
		dir := tree(t, map[string]string{".gitignore": rule})
		run(t, "git", "-C", dir, "init", "-q")
		ig, err := parseIgnore([]byte(rule))
		if err != nil {
			if rule != "[" {
				t.Errorf("%q: %v", rule, err)
			}
			continue
		}
		ignored := gitIgnored(t, dir, paths)
		for _, p := range paths {
			if got := ig.excludesFile(p); got != ignored[p] {
				t.Errorf("rules %q: %q left out: %v, git says %v", rule, p, got, ignored[p])
			}
		}
	}
}

func gitIgnored(t *testing.T, dir string, paths []string) map[string]bool {
	t.Helper()
	cmd := exec.Command("git", "-C", dir, "check-ignore", "--no-index", "-z", "--stdin")
	cmd.Stdin = strings.NewReader(strings.Join(paths, "\x00") + "\x00")
	out, err := cmd.Output()
	if exit, ok := err.(*exec.ExitError); ok && exit.ExitCode() == 1 { //nolint:errorlint // never wrapped
		err = nil // nothing is ignored
	}
	if err != nil {
		t.Fatal(err)
	}
	ignored := make(map[string]bool)
	for p := range strings.SplitSeq(string(out), "\x00") {
		ignored[p] = true
	}
	return ignored
}
