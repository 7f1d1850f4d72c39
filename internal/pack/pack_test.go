package pack

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

// tree writes files below a new folder. A path that ends in ! is executable,
// content that begins with -> makes a link.
func tree(tb testing.TB, files map[string]string) string {
	tb.Helper()
	dir := tb.TempDir()
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
	return dir
}

const metaJSON = `{"name":"a","displayName":"A","version":"1.0.0","layer":"addon"}`

func sample() map[string]string {
	return map[string]string{
		"pack.json": metaJSON, "values.yaml": "x: 1\n", "charts/a-1.0.0.tgz": "not really\n",
		"bin/run.sh!": "#!/bin/sh\n", "link": "->values.yaml", "empty": "", "charts/.helmignore": "*.bak\n",
	}
}

func read(tb testing.TB, path string) *Inventory {
	tb.Helper()
	inv, err := Read(context.Background(), path, Options{})
	if err != nil {
		tb.Fatal(err)
	}
	return inv
}

func build(tb testing.TB, dir string) []byte {
	tb.Helper()
	var b bytes.Buffer
	if _, err := Build(context.Background(), &b, dir, Meta{Name: "a", Version: "1.0.0"}); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

// golden is the archive of sample: a change of it gives every pack that was
// ever published another archive, and is a major release.
const (
	goldenArchive = "81ff51f488d49c97c5b1249824ee2d46e5f025e36fc0367f117505aca6be1797"
	goldenContent = "v1:sha256:88a412c6d844e0d431116227db1ad59d470db084449d777dbaa5418b030ae184"
)

func TestArchiveAndDigestAreGolden(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	if got := read(t, dir).Digest; got != goldenContent {
		t.Errorf("content digest %s, want %s", got, goldenContent)
	}
	if got := fmt.Sprintf("%x", sha256.Sum256(build(t, dir))); got != goldenArchive {
		t.Errorf("archive %s, want %s", got, goldenArchive)
	}
}

func TestArchiveIsTheSameWhateverTheCheckout(t *testing.T) {
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
		mode := info.Mode() | 0o044
		if mode&0o100 != 0 {
			mode |= 0o011
		}
		return errors.Join(os.Chmod(p, mode), os.Chtimes(p, time.Unix(1, 0), time.Unix(2, 0)))
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Join(two, "empty-folder", "deeper"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, junk := range []string{".DS_Store", "._values.yaml", "charts/Thumbs.db", ".git/HEAD", "desktop.ini"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(two, junk)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(two, junk), []byte("junk"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(build(t, one), build(t, two)) {
		t.Error("times, modes, empty folders or junk change the archive")
	}
	if read(t, one).Digest != read(t, two).Digest {
		t.Error("times, modes, empty folders or junk change the content digest")
	}
}

func TestAnyChangeChangesTheDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]string{read(t, tree(t, sample())).Digest: "sample"}
	changes := map[string]func(map[string]string){
		"byte":           func(f map[string]string) { f["values.yaml"] = "x: 2\n" },
		"longer":         func(f map[string]string) { f["values.yaml"] = "x: 1\n\n" },
		"name":           func(f map[string]string) { delete(f, "empty"); f["empty2"] = "" },
		"folder":         func(f map[string]string) { delete(f, "empty"); f["charts/empty"] = "" },
		"executable":     func(f map[string]string) { delete(f, "empty"); f["empty!"] = "" },
		"not executable": func(f map[string]string) { delete(f, "bin/run.sh!"); f["bin/run.sh"] = "#!/bin/sh\n" },
		"link target":    func(f map[string]string) { f["link"] = "->pack.json" },
		"file for link":  func(f map[string]string) { f["link"] = "values.yaml" },
		"new file":       func(f map[string]string) { f["new"] = "" },
		"gone":           func(f map[string]string) { delete(f, "empty") },
		"helmignore":     func(f map[string]string) { delete(f, "charts/.helmignore") },
		"gitkeep":        func(f map[string]string) { f["charts/.gitkeep"] = "" },
		"bytes moved":    func(f map[string]string) { f["empty"] = "x: 1\n"; f["values.yaml"] = "" },
	}
	for name, change := range changes {
		files := sample()
		change(files)
		d := read(t, tree(t, files)).Digest
		if other, twice := seen[d]; twice {
			t.Errorf("%s: same digest as %s", name, other)
		}
		seen[d] = name
	}
}

func TestPacksignoreLeavesOut(t *testing.T) {
	t.Parallel()
	plain := tree(t, sample())
	files := sample()
	files[".packsignore"] = "*.bak\n/tmp/\n!keep.bak\npack.json\n"
	files["charts/x.bak"], files["tmp/y"] = "1", "2"
	ignoring := tree(t, files)
	if read(t, plain).Digest != read(t, ignoring).Digest {
		t.Error("what .packsignore names, or itself, is part of the pack; or pack.json is not")
	}
	files["keep.bak"] = ""
	if read(t, plain).Digest == read(t, tree(t, files)).Digest {
		t.Error("what .packsignore re-includes is not part of the pack")
	}
	// The same rules hold for an archive that somebody else made, with everything in it.
	if got := read(t, gnuTar(t, ignoring, "-C", filepath.Dir(ignoring), filepath.Base(ignoring))).Digest; got != read(t, plain).Digest {
		t.Error("the archive of a folder with .packsignore has another digest than the folder")
	}
}

// gnuTar makes an archive with the tar program.
func gnuTar(tb testing.TB, _ string, args ...string) string {
	tb.Helper()
	file := filepath.Join(tb.TempDir(), "made-by-tar.tar.gz")
	run(tb, "tar", append([]string{"-czf", file}, args...)...)
	return file
}

func run(tb testing.TB, program string, args ...string) {
	tb.Helper()
	need(tb, program)
	out, err := exec.Command(program, args...).CombinedOutput()
	if err != nil {
		tb.Fatalf("%s %q: %v\n%s", program, args, err, out)
	}
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

func TestArchivesOfTarHaveTheDigestOfTheFolder(t *testing.T) {
	t.Parallel()
	files := sample()
	files["._values.yaml"], files[".DS_Store"] = "apple", "apple"
	files[strings.Repeat("long/", 60)+"name.yaml"] = "deep\n"
	files["naïve-日本.yaml"] = "utf-8\n"
	dir := tree(t, files)
	want := read(t, dir).Digest
	parent, base := filepath.Dir(dir), filepath.Base(dir)
	for name, args := range map[string][]string{
		"folder":      {"-C", parent, base},
		"dot":         {"-C", dir, "."},
		"dot folder":  {"-C", parent, "./" + base},
		"pax":         {"--format=pax", "-C", parent, base},
		"gnu":         {"--format=gnu", "-C", parent, base},
		"other top":   {"--transform", "s,^" + base + ",other/top,", "-C", parent, base},
		"not sorted":  {"--sort=none", "-C", parent, base},
		"bare names":  append([]string{"-C", dir}, names(t, dir)...),
		"twice":       {"-C", parent, base, base + "/values.yaml"},
		"dereference": {"--hard-dereference", "-C", parent, base},
	} {
		if got := read(t, gnuTar(t, dir, args...)).Digest; got != want {
			t.Errorf("%s: digest %s, want %s", name, got, want)
		}
	}
}

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, e := range entries {
		all = append(all, e.Name())
	}
	return all
}

func TestHardLinksAreFiles(t *testing.T) {
	t.Parallel()
	files := sample()
	files["copy"] = files["values.yaml"]
	want := read(t, tree(t, files)).Digest
	linked := tree(t, sample())
	if err := os.Link(filepath.Join(linked, "values.yaml"), filepath.Join(linked, "copy")); err != nil {
		t.Skip("hard links cannot be made here:", err)
	}
	file := gnuTar(t, linked, "-C", filepath.Dir(linked), filepath.Base(linked))
	if got := read(t, file).Digest; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	out := t.TempDir()
	if inv := extract(t, file, out); inv.Digest != want || read(t, out).Digest != want {
		t.Error("extracted hard links are not files of their own")
	}
}

func extract(t *testing.T, file, dir string) *Inventory {
	t.Helper()
	f, err := os.Open(file)
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

func TestTarUnpacksOurArchiveToTheFolder(t *testing.T) {
	t.Parallel()
	dir, out := tree(t, sample()), t.TempDir()
	file := filepath.Join(t.TempDir(), "a-1.0.0.tar.gz")
	if err := os.WriteFile(file, build(t, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "tar", "-xzf", file, "-C", out)
	run(t, "diff", "-r", dir, filepath.Join(out, "a-1.0.0"))
	if read(t, filepath.Join(out, "a-1.0.0")).Digest != read(t, dir).Digest {
		t.Error("unpacked by tar, the pack has another digest")
	}
	ours := t.TempDir()
	extract(t, file, ours)
	run(t, "diff", "-r", dir, ours)
	if read(t, ours).Digest != read(t, dir).Digest {
		t.Error("unpacked by us, the pack has another digest")
	}
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	packs, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpus", "*"))
	if err != nil || len(packs) == 0 {
		t.Skip("no corpus of real packs beside the project")
	}
	for _, dir := range packs {
		m, err := ReadMeta(dir)
		if err != nil {
			t.Error(err)
			continue
		}
		var b bytes.Buffer
		built, err := Build(context.Background(), &b, dir, m)
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		remote, err := ReadArchive(context.Background(), &b, Limits{})
		if err != nil {
			t.Errorf("%s: %v", dir, err)
			continue
		}
		if want := read(t, dir).Digest; built.Digest != want || remote.Digest != want {
			t.Errorf("%s: folder %s, built %s, read back %s", dir, want, built.Digest, remote.Digest)
		}
		made := gnuTar(t, dir, "-C", filepath.Dir(dir), filepath.Base(dir))
		if got := read(t, made).Digest; got != built.Digest {
			t.Errorf("%s: made by tar %s, want %s", dir, got, built.Digest)
		}
	}
}

// tarball makes an archive of headers; a body is as long as its header says.
func tarball(tb testing.TB, headers ...*tar.Header) *bytes.Buffer {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for _, h := range headers {
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		body := bytes.Repeat([]byte("x"), int(h.Size))
		if strings.HasSuffix(h.Name, MetaFile) {
			body = []byte(metaJSON)
			h.Size = int64(len(body))
		}
		if err := w.WriteHeader(h); err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := w.Write(body); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		tb.Fatal(err)
	}
	return &b
}

func TestHostileArchivesAreRefused(t *testing.T) {
	t.Parallel()
	meta := &tar.Header{Name: "a/pack.json"}
	link := func(name, target string) *tar.Header {
		return &tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}
	}
	tests := map[string]struct {
		headers []*tar.Header
		limits  Limits
		want    error
		text    string
	}{
		"dot dot":        {[]*tar.Header{meta, {Name: "a/../../etc/passwd"}}, Limits{}, ErrArchive, `".."`},
		"absolute":       {[]*tar.Header{meta, {Name: "/etc/passwd"}}, Limits{}, ErrArchive, "absolute"},
		"link out":       {[]*tar.Header{meta, link("a/l", "../../etc")}, Limits{}, ErrUnsupported, "a/l"[2:]},
		"link absolute":  {[]*tar.Header{meta, link("a/l", "/etc")}, Limits{}, ErrUnsupported, "leaves"},
		"link by link":   {[]*tar.Header{meta, link("a/b", "."), link("a/c", "b/../x")}, Limits{}, ErrUnsupported, "leaves"},
		"link circle":    {[]*tar.Header{meta, link("a/b", "c"), link("a/c", "b")}, Limits{}, ErrUnsupported, "circles"},
		"hard link out":  {[]*tar.Header{meta, {Name: "a/h", Typeflag: tar.TypeLink, Linkname: "../x"}}, Limits{}, ErrArchive, ".."},
		"hard link none": {[]*tar.Header{meta, {Name: "a/h", Typeflag: tar.TypeLink, Linkname: "a/none"}}, Limits{}, ErrArchive, "come before"},
		"device":         {[]*tar.Header{meta, {Name: "a/d", Typeflag: tar.TypeChar}}, Limits{}, ErrUnsupported, "a/d"},
		"pipe":           {[]*tar.Header{meta, {Name: "a/p", Typeflag: tar.TypeFifo}}, Limits{}, ErrUnsupported, "a/p"},
		"no pack.json":   {[]*tar.Header{{Name: "a/values.yaml"}}, Limits{}, ErrArchive, "no pack.json"},
		"two packs":      {[]*tar.Header{meta, {Name: "b/pack.json"}}, Limits{}, ErrArchive, "several packs"},
		"outside":        {[]*tar.Header{meta, {Name: "stray"}}, Limits{}, ErrArchive, "outside"},
		"entries":        {[]*tar.Header{meta, {Name: "a/1"}, {Name: "a/2"}}, Limits{Entries: 2}, ErrTooLarge, "entries"},
		"bytes":          {[]*tar.Header{meta, {Name: "a/1", Size: 1 << 20}}, Limits{Bytes: 1000, Entries: 10}, ErrTooLarge, "1000"},
		"ratio":          {[]*tar.Header{meta, {Name: "a/1", Size: 80 << 20}}, Limits{Ratio: 10}, ErrTooLarge, "unpack"},
		"path":           {[]*tar.Header{meta, {Name: "a/" + strings.Repeat("x", 5000)}}, Limits{}, ErrTooLarge, "4096"},
		"name not UTF-8": {[]*tar.Header{meta, {Name: "a/\xff"}}, Limits{}, ErrArchive, "UTF-8"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := tarball(t, tt.headers...)
			_, err := ReadArchive(context.Background(), bytes.NewReader(b.Bytes()), tt.limits)
			if !errors.Is(err, tt.want) || !errors.Is(err, ErrArchive) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("ReadArchive: %v; want ErrArchive and %v with %q", err, tt.want, tt.text)
			}
			dir := filepath.Join(t.TempDir(), "inner")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if _, err := Extract(context.Background(), b, dir, tt.limits); !errors.Is(err, tt.want) {
				t.Errorf("Extract: %v; want %v", err, tt.want)
			}
			if beside, err := os.ReadDir(filepath.Dir(dir)); err != nil || len(beside) != 1 {
				t.Errorf("%d entries beside the folder, %v", len(beside), err)
			}
		})
	}
}

func TestBrokenArchivesAreErrors(t *testing.T) {
	t.Parallel()
	whole := build(t, tree(t, sample()))
	flipped := bytes.Clone(whole)
	flipped[len(flipped)/2] ^= 0xff
	for name, b := range map[string][]byte{
		"empty": nil, "text": []byte("hello"), "cut": whole[:len(whole)/2], "no checksum": whole[:len(whole)-4], "flipped": flipped,
	} {
		if _, err := ReadArchive(context.Background(), bytes.NewReader(b), Limits{}); !errors.Is(err, ErrArchive) {
			t.Errorf("%s: %v, want ErrArchive", name, err)
		}
	}
}

func TestFoldersWithWhatCannotBePublished(t *testing.T) {
	t.Parallel()
	for name, target := range map[string]string{"absolute": "/etc/passwd", "out": "../x", "circle": "link"} {
		_, err := Read(context.Background(), tree(t, map[string]string{"pack.json": metaJSON, "link": "->" + target}), Options{})
		if !errors.Is(err, ErrUnsupported) || !strings.Contains(err.Error(), "link") {
			t.Errorf("%s: %v, want ErrUnsupported that names the link", name, err)
		}
	}
	inside := tree(t, map[string]string{"pack.json": metaJSON, "a/b/link": "->../../pack.json", "dangling": "->nothing"})
	if _, err := Read(context.Background(), inside, Options{}); err != nil {
		t.Errorf("links that stay inside: %v", err)
	}
}

func TestFileThatChangesWhileItIsRead(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int64{"grew": 3, "shrank": 30} {
		f := &File{Path: "values.yaml", Size: size}
		err := copyExactly(context.Background(), &bytes.Buffer{}, strings.NewReader("0123456789"), f)
		if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExecutableBitsComeFromTheIndexWhereGitSaysSo(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{"p/pack.json": metaJSON, "p/run.sh": "#!/bin/sh\n"})
	run(t, "git", "-C", dir, "init", "-q")
	run(t, "git", "-C", dir, "config", "core.fileMode", "false")
	run(t, "git", "-C", dir, "add", ".")
	run(t, "git", "-C", dir, "update-index", "--chmod=+x", "p/run.sh")
	want := read(t, tree(t, map[string]string{"pack.json": metaJSON, "run.sh!": "#!/bin/sh\n"})).Digest
	if got := read(t, filepath.Join(dir, "p")).Digest; got != want {
		t.Errorf("digest %s, want that with an executable run.sh", got)
	}
}

func TestCancelledReadsEnd(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	dir := tree(t, sample())
	if _, err := Read(ctx, dir, Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("Read: %v", err)
	}
	if _, err := ReadArchive(ctx, bytes.NewReader(build(t, dir)), Limits{}); !errors.Is(err, context.Canceled) {
		t.Errorf("ReadArchive: %v", err)
	}
}
