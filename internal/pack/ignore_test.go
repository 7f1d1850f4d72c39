package pack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// ignorable are the files that patterns are tried on.
var ignorable = []string{
	"x", "keep", "f.bak", "keep.bak", "#x", "!x", "x ", "x  ", "a b", "ab", "a1b", "a.txt", "b.txt", "c.txt", "-.txt", "].txt", "foo1",
	"foo{1,2}", "{x}", ".hidden", "*", "c", "bé", "UP", "a-b", "a+b", "tab\tx", "back\\slash", "dir/x", "dir/sub/x",
	"a/x", "a/b/x", "a/b/c/x", "a/tmp/y", "a/keep", "a/keep.bak", "a/.hidden", "a/c", "b/x", "b/a/b/x", "tmp/y", "z/a/b", "a.d/e.f/g",
}

// selecting returns the selection by the patterns that can name something.
func selecting(rules string) selection {
	patterns, _ := parseIgnore(rules)
	return selection{patterns: patterns}
}

// disagreements returns the files on which git and .packsignore differ.
func disagreements(t *testing.T, repository, rules string) []string {
	t.Helper()
	if err := os.WriteFile(filepath.Join(repository, ".gitignore"), []byte(rules), 0o600); err != nil {
		t.Fatal(err)
	}
	chosen := selecting(rules)
	ignored := gitIgnores(t, repository)
	var differ []string
	for _, path := range ignorable {
		if chosen.dropsBelow(path) != ignored[path] {
			differ = append(differ, fmt.Sprintf("%q (git: %v)", path, ignored[path]))
		}
	}
	return differ
}

func gitIgnores(t *testing.T, repository string) map[string]bool {
	t.Helper()
	cmd := exec.Command("git", "-C", repository, "-c", "core.ignoreCase=false", "check-ignore", "--no-index", "-z", "--stdin")
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull)
	cmd.Stdin = strings.NewReader(strings.Join(ignorable, "\x00") + "\x00")
	out, err := cmd.Output()
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) && exit.ExitCode() == 1 {
		err = nil // nothing is ignored
	}
	if err != nil {
		t.Fatal(err)
	}
	ignored := make(map[string]bool)
	for path := range strings.SplitSeq(string(out), "\x00") {
		ignored[path] = true
	}
	return ignored
}

func ignoreRepository(t *testing.T) string {
	t.Helper()
	files := make(map[string]string)
	for _, path := range ignorable {
		files[path] = ""
	}
	dir := tree(t, files)
	run(t, "git", "-C", dir, "init", "-q")
	return dir
}

func TestIgnoreAgreesWithGit(t *testing.T) {
	t.Parallel()
	need(t, "git")
	dir := ignoreRepository(t)
	for _, rules := range []string{
		"", "\n\n", "# comment", "*.bak", "/tmp", "tmp/", "tmp//", "a/b", "/a/b", "/a/b/", "a/*", "a/**", "a/**/", "**", "**/", "/**", "*", "/*", "*/", "**/*",
		"**/x", "**/b/x", "/**/x", "a/**/x", "a/**/**/x", "**/**/x", "a/**/b", "***/x", "a/***", "*/x", "*/*/x", "a/*/x", "?/x", "a/?", "a?b", "a/b/**",
		"!keep", "*.bak\n!keep.bak", "a/\n!a/keep", "a/*\n!a/keep", "a/**\n!a/keep", "x\n!x\nx", "*\n!a/\n!a/b", "*\n!*/\n!*.txt", "!", "/", "//", "!/",
		`\#x`, `\!x`, "#x", "!x", "!!x", "x ", `x\ `, `x\  `, `x\ \ `, "x  ", " x", "x\t", "tab\tx", "a b", `back\slash`, `back\\slash`, `\x`, `x\`, `\`, `\*`, `*\*`,
		"[ab].txt", "[!ab].txt", "[^ab].txt", "[a-c].txt", "[c-a].txt", "[]].txt", "[]-].txt", "[!]].txt", "[-a].txt", "[a-].txt", `[\]].txt`, `[a\-c].txt`, `[\a-\c].txt`, "[", "[a", "[]", "[!]", "[a-", `[\`, "x[", "a[/]x", "a[!b]x",
		"[[:alpha:]].txt", "[[:lower:]b]", "[[:upper:]]*", "[[:digit:]]", "a[[:digit:]]b", "[[:alnum:]-].txt", "[[:punct:]].txt", "a[[:space:]]b", "a[[:blank:]]b", "[[:xdigit:]].txt", "[[:bogus:]].txt", "[[:]a].txt", "[[:a].txt", "[[::]]", "[[.a.]]", "[[:graph:][:cntrl:]]", "[[:print:]][[:print:]]",
		"foo{1,2}", "{x}", "{a,b}.txt", "b?", "b??", "bé", "b[é]", "b[!a]?", "up", "UP", ".*", "*.*", "*.", "a.d/*/g", "a.d/e.f", "e.f", "*/e.f", "*/e.f/", "*.f/",
		"x\r", "x\r\n*.bak\r\n", "\ufeffx", "\ufeff*.bak\n", "x\n\ufeff*.bak", "*.txt\n![ab].txt\n", "keep.bak/", "a+b", "a-b", "*a*b*", "*b*x", "a*", "*x", "**x", "x**", "*é", "d*/s*/x", "dir/**/x", "dir/sub", "**/sub/", "sub/", "/sub",
	} {
		if differ := disagreements(t, dir, rules); differ != nil {
			t.Errorf("rules %q: %s", rules, strings.Join(differ, ", "))
		}
	}
}

// oddStars are the patterns on which releases of git differ among themselves:
// a "**" that is only the end of a part of a path, after literal characters.
// The documentation of git takes it for "*", and so do we.
var oddStars = regexp.MustCompile(`(?m)[^/\n!]\*\*`)

func TestIgnoreAgreesWithGitOnRandomRules(t *testing.T) {
	t.Parallel()
	need(t, "git")
	dir := ignoreRepository(t)
	pieces := []string{"a", "b", "x", "c", "e", ".", "*", "**", "/", "/", "/", "?", "[ab]", "[!a]", "[a-c", "]", "-", `\`, " ", "!", "#", "keep", "bak", "txt", "sub", "dir", "/**/", "**/", "/**", "\n", "\n!"}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		var rules strings.Builder
		for range 1 + rng.IntN(12) {
			rules.WriteString(pieces[rng.IntN(len(pieces))])
		}
		if oddStars.MatchString(rules.String()) {
			continue
		}
		if differ := disagreements(t, dir, rules.String()); differ != nil {
			t.Errorf("rules %q: %s", rules.String(), strings.Join(differ, ", "))
		}
	}
}

func TestStarsInsideAPartOfAPath(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{"foo/bar": true, "foox/bar": true, "foo/x/bar": false, "x/foo/bar": false} {
		chosen := selecting("foo**/bar\n")
		if got := chosen.dropsBelow(path); got != want {
			t.Errorf("foo**/bar names %s: %v, want %v", path, got, want)
		}
	}
}

// TestPatternsCannotTakeLong would not end if matching tried every way to
// split a path among the stars.
func TestPatternsCannotTakeLong(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 2000)
	for _, pattern := range []string{strings.Repeat("*a", 500) + "b", strings.Repeat("**/*a*/", 200) + "b", strings.Repeat("?*", 500) + "b"} {
		chosen := selecting(pattern)
		if chosen.drops(long, false) || chosen.drops(strings.Repeat("a/", 1000)+"c", false) || chosen.err() != nil {
			t.Errorf("%.20s… matches, or took too long: %v", pattern, chosen.err())
		}
	}
	spent := selecting("*a*b")
	spent.states.steps = maxGlobSteps
	if spent.drops("aab", false); !errors.Is(spent.err(), ErrTooLarge) {
		t.Errorf("after too much work: %v", spent.err())
	}
}

func TestPatternsThatCannotNameAnything(t *testing.T) {
	t.Parallel()
	for rules, want := range map[string]string{
		"x\n[a-\n[b":   `.packsignore:2: not a pattern of gitignore: "[a-" has a [ without its ]`,
		"*.md\\":       `"*.md\\" has nothing after its last backslash`,
		"[[:bogus:]]":  `"[[:bogus:]]" has no class [:bogus:]`,
		"\n\n/\n!\n#[": "",
	} {
		dir := tree(t, with(map[string]string{IgnoreFile: rules}))
		_, err := Read(context.Background(), dir, Options{})
		list, listErr := List(context.Background(), dir, 100)
		if listErr != nil {
			t.Fatal(listErr)
		}
		for _, err := range []error{err, list.IgnoreErr} {
			if want == "" && err != nil || want != "" && (!errors.Is(err, ErrPattern) || !strings.Contains(err.Error(), want)) {
				t.Errorf("%q: %v; want ErrPattern, %s", rules, err, want)
			}
		}
	}
	archive := tarball(t, metaHeader, tar.Header{Name: "a/.packsignore", Size: 3})
	archive = bytes.Replace(archive, []byte("xxx"), []byte("[x\n"), 1)
	if _, err := ReadArchive(context.Background(), bytes.NewReader(archive), Limits{}); !errors.Is(err, ErrPattern) || !errors.Is(err, ErrArchive) {
		t.Errorf("in an archive: %v", err)
	}
}

func TestWhatIsAlwaysAndWhatIsNeverLeftOut(t *testing.T) {
	t.Parallel()
	out := map[string]string{IgnoreFile: "", "charts/" + IgnoreFile: "values.yaml"}
	for _, name := range []string{".git/HEAD", ".git/pack.json", "charts/.git", ".svn/entries", ".hg/store/x", ".DS_Store", "charts/.DS_Store", "._values.yaml", "charts/._x/y", "Thumbs.db", "desktop.ini"} {
		out[name] = "junk"
	}
	if got := read(t, tree(t, with(out))).Digest; got != goldenContent {
		t.Errorf("what is always left out is part of the pack: %s", got)
	}
	kept := map[string]string{"charts/.gitkeep": "", ".gitignore": "*", "sub/.helmignore": "*"}
	want := read(t, tree(t, with(kept)))
	if len(want.Files) != len(sample())+len(kept) {
		t.Errorf("files %q, want %v among them", paths(want), kept)
	}
	kept[IgnoreFile] = ".*\n.gitkeep\n.gitignore\n.helmignore\npack.json\n/pack.json\n"
	if got := read(t, tree(t, with(kept))); got.Digest != want.Digest {
		t.Errorf(".packsignore names what is never left out: files %q, want %q", paths(got), paths(want))
	}
	kept[IgnoreFile] = "sub/\n*\n!charts\n!.gitkeep"
	if got := fmt.Sprint(paths(read(t, tree(t, with(kept))))); got != "[.gitignore charts/.gitkeep charts/.helmignore pack.json]" {
		t.Errorf("files %s", got)
	}
}

func TestPacksignoreLeavesOutOfFoldersAndArchives(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{
		IgnoreFile: "*.bak\n/tmp/\n!keep.bak\n", "charts/x.bak": "1", "tmp/y": "2", "a/tmp/y": "", "keep.bak": "",
	}))
	want := read(t, tree(t, with(map[string]string{"a/tmp/y": "", "keep.bak": ""}))).Digest
	if got := read(t, dir).Digest; got != want {
		t.Errorf("folder %s, want %s", got, want)
	}
	// The .packsignore may come last in an archive, after all that it names.
	need(t, "tar")
	archive := filepath.Join(t.TempDir(), "x.tgz")
	run(t, "tar", "-czf", archive, "-C", dir, "pack.json", "charts", "tmp", "a", "keep.bak", "values.yaml", "bin", "link", "empty", IgnoreFile)
	if got := read(t, archive).Digest; got != want {
		t.Errorf("archive %s, want %s", got, want)
	}
}
