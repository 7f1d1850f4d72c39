package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// tree writes files below a new folder. A path that ends in ! is executable,
// content that begins with -> makes a link.
func tree(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
	plant(tb, dir, files)
	return dir
}

func plant(tb testing.TB, dir string, files map[string]string) {
	tb.Helper()
	for name, content := range files {
		path := filepath.Join(dir, strings.TrimSuffix(name, "!"))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			tb.Fatal(err)
		}
		if target, isLink := strings.CutPrefix(content, "->"); isLink {
			if err := os.Symlink(target, path); err != nil {
				tb.Skip("symbolic links cannot be made here:", err)
			}
			continue
		}
		mode := fs.FileMode(0o600)
		if strings.HasSuffix(name, "!") {
			mode = 0o700
		}
		if err := os.WriteFile(path, []byte(content), mode); err != nil {
			tb.Fatal(err)
		}
	}
}

const metaJSON = `{"name":"a","displayName":"A","version":"1.0.0","layer":"addon"}`

var metaOfSample = Meta{Name: "a", Version: "1.0.0", DisplayName: "A", Layer: "addon"}

func sample() map[string]string {
	return map[string]string{
		"pack.json": metaJSON, "values.yaml": "x: 1\n", "charts/a-1.0.0.tgz": "not really\n",
		"bin/run.sh!": "#!/bin/sh\n", "link": "->values.yaml", "empty": "", "charts/.helmignore": "*.bak\n",
	}
}

// with returns the sample with some files added or replaced.
func with(more map[string]string) map[string]string {
	files := sample()
	maps.Copy(files, more)
	return files
}

func read(tb testing.TB, path string) *Inventory {
	tb.Helper()
	inv, err := Read(context.Background(), path, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return inv
}

func build(tb testing.TB, path string) []byte {
	tb.Helper()
	var b bytes.Buffer
	if _, err := Build(context.Background(), &b, path, metaOfSample); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func paths(inv *Inventory) []string {
	var all []string
	for _, f := range inv.Files {
		all = append(all, f.Path)
	}
	return all
}

// file writes bytes to a new file of that name.
func file(tb testing.TB, name string, data []byte) string {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), name)
	if err := os.WriteFile(path, data, 0o600); err != nil {
		tb.Fatal(err)
	}
	return path
}

// run runs a program and returns what it says.
func run(tb testing.TB, program string, args ...string) string {
	tb.Helper()
	need(tb, program)
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL="+os.DevNull, "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if err != nil {
		tb.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
	return string(out)
}

// need skips a test where a program is missing, and fails it in CI.
func need(tb testing.TB, program string) {
	tb.Helper()
	if _, err := exec.LookPath(program); err != nil {
		if os.Getenv("CI") == "true" {
			tb.Fatalf("%s is missing", program)
		}
		tb.Skipf("%s is missing", program)
	}
}

// The archive and the digest of sample: a change of the first gives every pack
// that was ever published another archive and is a major release; the second
// never changes.
const (
	goldenArchive = "72b5885065e8760d843d37e774c9f06997f300010c83b2f1fabfa225b10e94c8"
	goldenLarge   = "ffd81dca938bdd805e26e3c85026ad5422103f42a98e0cfc28d55b55942a64c5"
	goldenContent = "v1:sha256:88a412c6d844e0d431116227db1ad59d470db084449d777dbaa5418b030ae184"
)

func TestArchiveAndDigestAreGolden(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	inv := read(t, dir)
	if inv.Digest != goldenContent {
		t.Errorf("content digest %s, want %s", inv.Digest, goldenContent)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(build(t, dir))); got != goldenArchive {
		t.Errorf("archive %s, want %s", got, goldenArchive)
	}
	large := with(map[string]string{"text": strings.Repeat(noise(3000), 300), "noise": noise(300 << 10), "zeros": strings.Repeat("\x00", 1<<20)})
	if got := fmt.Sprintf("%x", sha256.Sum256(build(t, tree(t, large)))); got != goldenLarge {
		t.Errorf("large archive %s, want %s", got, goldenLarge)
	}
	if inv.Bytes != 107 {
		t.Errorf("%d bytes, want 107", inv.Bytes)
	}
}

func TestInventoryListsFilesSorted(t *testing.T) {
	t.Parallel()
	inv := read(t, tree(t, sample()))
	want := []string{"bin/run.sh", "charts/.helmignore", "charts/a-1.0.0.tgz", "empty", "link", "pack.json", "values.yaml"}
	if got := paths(inv); !slices.Equal(got, want) {
		t.Errorf("files %q, want %q", got, want)
	}
	run, link := inv.Files[0], inv.Files[4]
	if run.Kind != Regular || !run.Executable || run.Size != 10 || run.Digest != sha256.Sum256([]byte("#!/bin/sh\n")) || run.Target != "" {
		t.Errorf("executable file: %+v", run)
	}
	if link.Kind != Link || link.Executable || link.Size != 11 || link.Digest != sha256.Sum256([]byte("values.yaml")) || link.Target != "values.yaml" {
		t.Errorf("link: %+v", link)
	}
}

func TestTheCheckoutDoesNotMatter(t *testing.T) {
	t.Parallel()
	one, two := tree(t, sample()), tree(t, sample())
	err := filepath.WalkDir(two, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.Type() != 0 {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		mode := info.Mode() | 0o077 // of the group and others, which do not count
		return errors.Join(os.Chmod(p, mode), os.Chtimes(p, time.Unix(1, 0), time.Unix(2, 0)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(two, "empty-folder", "deeper"), 0o700); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(build(t, one), build(t, two)) {
		t.Error("times, other bits or empty folders change the archive")
	}
	if got := read(t, two).Digest; got != goldenContent {
		t.Errorf("times, other bits or empty folders change the content digest: %s", got)
	}
}

func TestWorkersDoNotMatter(t *testing.T) {
	t.Parallel()
	files := sample()
	for i := range 300 {
		files[fmt.Sprintf("charts/%d/values-%d.yaml", i%7, i)] = strings.Repeat("x", i)
	}
	dir := tree(t, files)
	want := read(t, dir)
	for _, workers := range []int{1, 2, 32, 1000} {
		got, err := Read(context.Background(), dir, Options{Workers: workers})
		if err != nil || got.Digest != want.Digest || !slices.Equal(got.Files, want.Files) {
			t.Errorf("%d workers: other files or %v", workers, err)
		}
	}
}

func TestAnyChangeChangesTheDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]string{goldenContent: "sample"}
	for name, change := range map[string]func(map[string]string){
		"byte":           func(f map[string]string) { f["values.yaml"] = "x: 2\n" },
		"longer":         func(f map[string]string) { f["values.yaml"] = "x: 1\n\n" },
		"name":           func(f map[string]string) { delete(f, "empty"); f["empty2"] = "" },
		"case":           func(f map[string]string) { delete(f, "empty"); f["Empty"] = "" },
		"folder":         func(f map[string]string) { delete(f, "empty"); f["charts/empty"] = "" },
		"executable":     func(f map[string]string) { delete(f, "empty"); f["empty!"] = "" },
		"not executable": func(f map[string]string) { delete(f, "bin/run.sh!"); f["bin/run.sh"] = "#!/bin/sh\n" },
		"link target":    func(f map[string]string) { f["link"] = "->pack.json" },
		"link text":      func(f map[string]string) { f["link"] = "->./values.yaml" },
		"file for link":  func(f map[string]string) { f["link"] = "values.yaml" },
		"new file":       func(f map[string]string) { f["new"] = "" },
		"gone":           func(f map[string]string) { delete(f, "empty") },
		"helmignore":     func(f map[string]string) { delete(f, "charts/.helmignore") },
		"gitkeep":        func(f map[string]string) { f["charts/.gitkeep"] = "" },
		"gitignore":      func(f map[string]string) { f[".gitignore"] = "" },
		"bytes moved":    func(f map[string]string) { f["empty"] = "x: 1\n"; f["values.yaml"] = "" },
		"names moved":    func(f map[string]string) { delete(f, "empty"); delete(f, "values.yaml"); f["values.yaml!"] = "" },
	} {
		files := sample()
		change(files)
		d := read(t, tree(t, files)).Digest
		if other, twice := seen[d]; twice {
			t.Errorf("%s: same digest as %s", name, other)
		}
		seen[d] = name
	}
}

func TestEveryBitOfAFileCounts(t *testing.T) {
	t.Parallel()
	files := []File{linkFile("l", "x"), {Path: "m", Kind: Regular, Size: 3, Digest: sha256.Sum256([]byte("abc"))}, {Path: "n", Kind: Regular}}
	seen := map[string]bool{contentDigest(files): true}
	tell := func(what string, f File) {
		changed := slices.Clone(files)
		changed[1] = f
		d := contentDigest(changed)
		if seen[d] {
			t.Errorf("%s does not count", what)
		}
		seen[d] = true
	}
	for i := range 8 * 32 {
		f := files[1]
		f.Digest[i/8] ^= 1 << (i % 8)
		tell(fmt.Sprintf("bit %d of the digest", i), f)
	}
	for i := range 63 {
		f := files[1]
		f.Size ^= 1 << i
		tell(fmt.Sprintf("bit %d of the size", i), f)
	}
	f := files[1]
	f.Executable = true
	tell("the executable bit", f)
	f = files[1]
	f.Kind = Link
	tell("the kind", f)
}

func TestDigestsOfOtherVersionsAreUnknown(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		goldenContent: true, "": false, "v2" + goldenContent[2:]: false, goldenContent + "0": false, goldenContent[:70]: false,
		strings.ToUpper(goldenContent): false, goldenContent[3:]: false, goldenContent[:73] + "g": false,
	} {
		if KnownDigest(s) != want {
			t.Errorf("KnownDigest(%q) = %v", s, !want)
		}
	}
}

func TestPathsThatAreNoPack(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	if _, err := Read(context.Background(), filepath.Join(dir, "none"), Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := Read(context.Background(), os.DevNull, Options{}); err == nil || !strings.Contains(err.Error(), "neither a folder nor a file") {
		t.Errorf("device: %v", err)
	}
	if _, err := Read(context.Background(), file(t, "x.tar.gz", []byte("hello")), Options{}); !errors.Is(err, ErrArchive) {
		t.Errorf("text: %v", err)
	}
}

func TestCancelledReadsEnd(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	archive := build(t, dir)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, dir, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if _, err := ReadArchive(ctx, bytes.NewReader(archive), Limits{}); !errors.Is(err, context.Canceled) || errors.Is(err, ErrArchive) {
		t.Errorf("ReadArchive: %v", err)
	}
	if _, err := Build(ctx, &bytes.Buffer{}, dir, metaOfSample); !errors.Is(err, context.Canceled) {
		t.Errorf("Build: %v", err)
	}
	if _, err := Extract(ctx, bytes.NewReader(archive), t.TempDir(), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Extract: %v", err)
	}
}
