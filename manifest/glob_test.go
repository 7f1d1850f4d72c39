package manifest_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

// archive makes a .tar.gz that holds a pack.json in one top folder.
func archive(t *testing.T, path, name, version string) {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	text := packJSON(name, version)
	if err := errors.Join(
		w.WriteHeader(&tar.Header{Name: name + "/pack.json", Mode: 0o644, Size: int64(len(text)), Typeflag: tar.TypeReg}),
		func() error { _, err := w.Write([]byte(text)); return err }(),
		w.Close(), z.Close(),
	); err != nil {
		t.Fatal(err)
	}
	put(t, path, b.String())
}

// globTree is what the patterns of TestGlobs look at. Packs are called after
// their folder.
func globTree(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, p := range []string{
		"packs/a", "packs/b", "packs/edge/c", "packs/edge/deep/d", "packs/wip-e", "packs/edge/wip-f",
		"packs/a/nested", "packs/a/charts/sub", ".git/g", "packs/edge/.git/h", "packs/.hidden/i",
		"weird/x[1]", "{braces}/j", "other",
	} {
		name := strings.Trim(strings.ToLower(strings.NewReplacer("[", "", "]", "").Replace(filepath.Base(p))), "{}.")
		put(t, filepath.Join(dir, filepath.FromSlash(p), "pack.json"), packJSON(name, "1.0.0"))
	}
	put(t, filepath.Join(dir, "packs", "README.md"), "")
	put(t, filepath.Join(dir, "packs", "edge", "notes.txt"), "")
	archive(t, filepath.Join(dir, "vendor", "k-1.0.0.tar.gz"), "k", "1.0.0")
	archive(t, filepath.Join(dir, "vendor", "more", "l-1.0.0.tgz"), "l", "1.0.0")
	put(t, filepath.Join(dir, "vendor", "n.zip"), "")
	return dir
}

func TestGlobs(t *testing.T) {
	t.Parallel()
	dir := globTree(t)
	tests := []struct{ entry, want string }{
		{"{path: packs/**}", "packs/.hidden/i packs/a packs/b packs/edge/c packs/edge/deep/d packs/edge/wip-f packs/wip-e"},
		{"{path: ./packs/**/}", "packs/.hidden/i packs/a packs/b packs/edge/c packs/edge/deep/d packs/edge/wip-f packs/wip-e"},
		{"{path: packs/**, exclude: packs/**/wip-*}", "packs/.hidden/i packs/a packs/b packs/edge/c packs/edge/deep/d"},
		{"{path: packs/**, exclude: [./packs/edge, 'packs/{a,b}']}", "packs/.hidden/i packs/wip-e"},
		{"{path: packs/edge/**}", "packs/edge/c packs/edge/deep/d packs/edge/wip-f"},
		{"{path: packs/**/deep/**}", "packs/edge/deep/d"},
		{"{path: packs/**/wip-*}", "packs/edge/wip-f packs/wip-e"},
		{"{path: packs/**/**/**/c}", "packs/edge/c"},
		{"{path: 'packs/**/?'}", "packs/.hidden/i packs/a packs/b packs/edge/c packs/edge/deep/d"},
		{"{path: '**'}", "other packs/.hidden/i packs/a packs/b packs/edge/c packs/edge/deep/d packs/edge/wip-f packs/wip-e weird/x[1] {braces}/j"},
		{"{path: packs/*, exclude: packs/edge}", "packs/a packs/b packs/wip-e"},
		{"{path: 'packs/{a,b}'}", "packs/a packs/b"},
		{"{path: 'packs/[ab]'}", "packs/a packs/b"},
		{"{path: packs/../packs/a}", "packs/a"},
		{"{path: packs/a/nested}", "packs/a/nested"},
		{"{path: 'packs/*/charts/*'}", "packs/a/charts/sub"},
		{"{path: 'weird/x\\[1\\]'}", "weird/x[1]"},
		{"{path: '\\{braces\\}/j'}", "{braces}/j"},
		{"{path: vendor/*, exclude: vendor/more}", "vendor/k-1.0.0.tar.gz"},
		{"{path: vendor/k-1.0.0.tar.gz}", "vendor/k-1.0.0.tar.gz"},
		{"{path: 'vendor/**/*.{tgz,tar.gz}'}", "vendor/k-1.0.0.tar.gz vendor/more/l-1.0.0.tgz"},
		{"{path: " + filepath.ToSlash(dir) + "/packs/a}", "packs/a"},
		{"{path: packs/a}, {path: ./packs/a/}, {path: 'packs/[a]'}", "packs/a"},
	}
	for _, tt := range tests {
		t.Run(tt.entry, func(t *testing.T) {
			t.Parallel()
			file := filepath.Join(dir, strings.Trim(strings.Map(func(r rune) rune {
				if r >= 'a' && r <= 'z' {
					return r
				}
				return '-'
			}, strings.TrimPrefix(tt.entry, "{path: "+filepath.ToSlash(dir))), "-")+".yaml")
			put(t, file, head+local+"packs: ["+tt.entry+"]\n")
			c, err := manifest.Load(file, manifest.LoadOptions{})
			if err != nil {
				t.Fatalf("Load:\n%v", err)
			}
			var got []string
			for _, p := range c.Packs {
				got = append(got, p.Path)
				if p.Archive != strings.HasPrefix(p.Path, "vendor/") || p.Dir != filepath.Join(dir, filepath.FromSlash(p.Path)) {
					t.Errorf("pack %+v", p)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tt.want {
				t.Errorf("packs %s\nwant  %s", strings.Join(got, " "), tt.want)
			}
		})
	}
}

func TestTheCatalogsOwnFolderCanBeThePack(t *testing.T) {
	t.Parallel()
	for _, path := range []string{".", "./", "'**'", "x/.."} {
		c := load(t, local+"packs: [{path: "+path+"}]\n-- pack.json --\na 1.0.0\n-- x/pack.json --\nx 1.0.0\n", manifest.LoadOptions{})
		wantLines(t, packLines(c), "a:1.0.0 . > local=fail")
	}
}

func symlink(t *testing.T, target, link string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("links need a privilege on Windows")
	}
	if err := os.Symlink(target, link); err != nil {
		t.Fatal(err)
	}
}

func TestLinks(t *testing.T) {
	t.Parallel()
	dir := write(t, local+`packs: [{path: packs/**}, {path: links/*}]
-- packs/a/pack.json --
a 1.0.0
-- packs/b/pack.json --
b 1.0.0
-- links/readme --
`)
	symlink(t, "..", filepath.Join(dir, "packs", "b", "loop"))
	symlink(t, "..", filepath.Join(dir, "packs", "loop"))
	symlink(t, "../packs/a", filepath.Join(dir, "links", "again"))
	symlink(t, "nowhere", filepath.Join(dir, "links", "dangling"))
	c, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, packLines(c), "a:1.0.0 packs/a > local=fail", "b:1.0.0 packs/b > local=fail")
}

// TestWorkTree: packs and relative layouts stay in the git work tree.
func TestWorkTree(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	put(t, filepath.Join(top, "elsewhere", "x", "pack.json"), packJSON("x", "1.0.0"))
	put(t, filepath.Join(top, "repo", "packs", "a", "pack.json"), packJSON("a", "1.0.0"))
	archive(t, filepath.Join(top, "elsewhere", "y.tgz"), "y", "1.0.0")
	symlink(t, filepath.Join(top, "elsewhere"), filepath.Join(top, "repo", "sly"))
	symlink(t, filepath.Join(top, "elsewhere", "y.tgz"), filepath.Join(top, "repo", "y.tgz"))
	symlink(t, filepath.Join(top, "nowhere"), filepath.Join(top, "repo", "dangling"))
	repo := filepath.Join(top, "repo")
	tests := []struct {
		name, layout, path string
		untrusted          manifest.LoadOptions // with which it fails, beside the default
		want               string
	}{
		{"a folder above", "./dist", "../../elsewhere/x", manifest.LoadOptions{}, `"../../elsewhere/x" leaves`},
		{"a glob above", "./dist", "../../*/x", manifest.LoadOptions{}, `"../.." leaves`},
		{"two stars above", "./dist", "../../**", manifest.LoadOptions{}, `"../.." leaves`},
		{"an absolute path", "./dist", filepath.ToSlash(filepath.Join(top, "elsewhere", "x")), manifest.LoadOptions{}, "leaves"},
		{"a link in the way", "./dist", "../sly/x", manifest.LoadOptions{}, `"../sly/x" leaves`},
		{"a link that a glob matches", "./dist", "../s*/x", manifest.LoadOptions{}, `"../sly/x" leaves`},
		{"a link to an archive", "./dist", "../*.tgz", manifest.LoadOptions{}, `"../y.tgz" leaves`},
		{"a layout above", "../../dist", "../packs/*", manifest.LoadOptions{}, `"../../dist" leaves`},
		{"a layout behind a link", "../sly/dist", "../packs/*", manifest.LoadOptions{}, `"../sly/dist" leaves`},
		{"a layout behind a dangling link", "../dangling/dist", "../packs/*", manifest.LoadOptions{}, `"../dangling/dist" leaves`},
	}
	file := func(name string) string { return filepath.Join(repo, "deploy", name+".yaml") }
	for _, tt := range tests {
		put(t, file(tt.name), head+"registries: [{name: l, type: layout, path: "+tt.layout+"}]\npacks: [{path: '"+tt.path+"'}]\n")
	}
	for _, tt := range tests { // no work tree yet
		if _, err := manifest.Load(file(tt.name), manifest.LoadOptions{}); errors.Is(err, manifest.ErrOutside) {
			t.Errorf("%s, without a work tree: %v", tt.name, err)
		}
		if _, err := manifest.Load(file(tt.name), manifest.LoadOptions{Untrusted: true}); !errors.Is(err, manifest.ErrOutside) {
			t.Errorf("%s, without a work tree, untrusted: %v", tt.name, err)
		}
	}
	put(t, filepath.Join(repo, ".git"), "gitdir: elsewhere\n") // a file, as in linked work trees
	for _, tt := range tests {
		_, err := manifest.Load(file(tt.name), manifest.LoadOptions{})
		if !errors.Is(err, manifest.ErrOutside) || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "--allow-outside") {
			t.Errorf("%s: %v", tt.name, err)
		}
		if _, err := manifest.Load(file(tt.name), manifest.LoadOptions{AllowOutside: true, Untrusted: true}); !errors.Is(err, manifest.ErrOutside) {
			t.Errorf("%s, untrusted: %v", tt.name, err)
		}
		if _, err := manifest.Load(file(tt.name), manifest.LoadOptions{AllowOutside: true}); errors.Is(err, manifest.ErrOutside) {
			t.Errorf("%s, allowed: %v", tt.name, err)
		}
	}
}

func TestPathsInAWorkTree(t *testing.T) {
	t.Parallel()
	repo := t.TempDir()
	put(t, filepath.Join(repo, ".git", "HEAD"), "")
	put(t, filepath.Join(repo, "packs", "a", "pack.json"), packJSON("a", "1.0.0"))
	put(t, filepath.Join(repo, "deploy", "packs.yaml"), head+"registries: [{name: l, type: layout, path: ../dist}, {name: m, type: layout, path: /srv/m}]\npacks: [{path: ../packs/*, registries: l}]\n")
	c, err := manifest.Load(filepath.Join(repo, "deploy", "packs.yaml"), manifest.LoadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	wantLines(t, packLines(c), "a:1.0.0 ../packs/a > l=fail")
	if c.WorkTree != repo || c.Registries[0].Path != filepath.Join(repo, "dist") {
		t.Errorf("work tree %s, layout %s", c.WorkTree, c.Registries[0].Path)
	}
}

func TestPinsLieInTheWorkTree(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	put(t, filepath.Join(top, "repo", ".git", "HEAD"), "")
	put(t, filepath.Join(top, "token"), "hunter2\n")
	put(t, filepath.Join(top, "repo", "prod.pins"), "a:1.0.0\n")
	symlink(t, "../token", filepath.Join(top, "repo", "sly.pins"))
	file := filepath.Join(top, "repo", "packs.yaml")
	for pins, outside := range map[string]bool{
		"./prod.pins": false, "./not-yet.pins": false,
		"../token": true, "./sly.pins": true, "../gone": true, filepath.ToSlash(filepath.Join(top, "token")): true,
	} {
		put(t, file, head+"registries: [{name: l, type: layout, path: ./l}, {name: m, type: layout, path: ./m}]\n"+
			"packs: [{from: {registry: l}, only: {pins: '"+pins+"'}, registries: m}]\n")
		if _, err := manifest.Load(file, manifest.LoadOptions{}); errors.Is(err, manifest.ErrOutside) != outside {
			t.Errorf("%s: %v", pins, err)
		}
		if _, err := manifest.Load(file, manifest.LoadOptions{AllowOutside: true}); err != nil {
			t.Errorf("%s, allowed: %v", pins, err)
		}
	}
}

func TestUntrustedCatalogStaysInTheWorkTree(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	put(t, filepath.Join(top, "secret.yaml"), "token: hunter2\n")
	put(t, filepath.Join(top, "repo", ".git"), "")
	symlink(t, "../secret.yaml", filepath.Join(top, "repo", "packs.yaml"))
	_, err := manifest.Load(filepath.Join(top, "repo", "packs.yaml"), manifest.LoadOptions{Untrusted: true})
	if !errors.Is(err, manifest.ErrOutside) || strings.Contains(err.Error(), "token") {
		t.Errorf("error %v", err)
	}
}

func TestUnreadableFolder(t *testing.T) {
	t.Parallel()
	dir := write(t, local+"packs: [{path: packs/**}]\n-- packs/a/pack.json --\na 1.0.0\n-- packs/shut/x/pack.json --\nx 1.0.0\n")
	shut := filepath.Join(dir, "packs", "shut")
	if err := os.Chmod(shut, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Chmod(shut, 0o700) })
	if _, err := os.ReadDir(shut); err == nil {
		t.Skip("this user may read everything")
	}
	_, err := manifest.Load(filepath.Join(dir, "packs.yaml"), manifest.LoadOptions{})
	if err == nil || !strings.Contains(err.Error(), "packs/shut cannot be read: permission denied") {
		t.Errorf("error %v", err)
	}
}

func TestRealPacks(t *testing.T) {
	t.Parallel()
	corpus, err := filepath.Abs(filepath.Join("..", "..", "shared", "corpus"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(corpus); err != nil {
		t.Skip("no real packs beside the repository")
	}
	for _, pattern := range []string{"/**", "/*"} {
		c := load(t, local+"packs: [{path: "+filepath.ToSlash(corpus)+pattern+"}]\n", manifest.LoadOptions{})
		if len(c.Packs) != 16 || c.Packs[0].Name != "akuity-agent" || c.Packs[0].Path != filepath.ToSlash(corpus)+"/akuity-agent-0.30.0-5.5.2026" {
			t.Errorf("%s: %d packs, the first %+v", pattern, len(c.Packs), c.Packs[0])
		}
	}
}
