package pack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// gnuTar makes an archive with the tar program.
func gnuTar(tb testing.TB, args ...string) string {
	tb.Helper()
	if runtime.GOOS != "linux" {
		tb.Skip("GNU tar is needed")
	}
	out := filepath.Join(tb.TempDir(), "made-by-tar.tar.gz")
	run(tb, "tar", append([]string{"-czf", out}, args...)...)
	return out
}

func TestArchivesOfTarHaveTheDigestOfTheFolder(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{
		"._values.yaml": "apple", ".DS_Store": "apple", "charts/._a-1.0.0.tgz": "apple", "naïve-日本.yaml": "utf-8\n",
		strings.Repeat("long/", 60) + "name.yaml": "deep\n", strings.Repeat("n", 200): "long\n", "far": "->" + strings.Repeat("./", 90) + "empty",
		"charts/pack.json": "{}", "sparse": strings.Repeat("\x00", 1<<20) + "end",
	}))
	want := read(t, dir).Digest
	parent, name := filepath.Dir(dir), filepath.Base(dir)
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	bare := []string{"-C", dir}
	for _, e := range entries {
		bare = append(bare, e.Name())
	}
	for how, args := range map[string][]string{
		"folder":           {"-C", parent, name},
		"dot":              {"-C", dir, "."},
		"dot folder":       {"-C", parent, "./" + name},
		"pax":              {"--format=pax", "-C", parent, name},
		"gnu":              {"--format=gnu", "-C", parent, name},
		"oldgnu":           {"--format=oldgnu", "-C", parent, name},
		"other top":        {"--transform", "s,^" + name + ",other/top,", "-C", parent, name},
		"not sorted":       {"--sort=none", "-C", parent, name},
		"no folders":       {"--no-recursion", "-C", parent, "-T", fileList(t, parent, name)},
		"bare names":       bare,
		"twice":            {"-C", parent, name, name + "/values.yaml"},
		"dereference":      {"--hard-dereference", "-C", parent, name},
		"sparse":           {"--sparse", "-C", parent, name},
		"sparse pax":       {"--sparse", "--format=pax", "--sparse-version=1.0", "-C", parent, name},
		"with AppleDouble": {"-C", tree(t, map[string]string{"._x": ""}), "._x", "-C", parent, name},
		"other modes":      {"--mode=go=rwx", "--owner=nobody:1234", "--mtime=@1", "-C", parent, name},
	} {
		if got, err := Read(context.Background(), gnuTar(t, args...), Options{}); err != nil || got.Digest != want {
			t.Errorf("%s: %v, %v; want %s", how, got, err, want)
		}
	}
}

// fileList writes the names of the files in a folder to a file, for tar -T.
func fileList(t *testing.T, parent, name string) string {
	t.Helper()
	var list strings.Builder
	for _, f := range read(t, filepath.Join(parent, name)).Files {
		list.WriteString(name + "/" + f.Path + "\n")
	}
	return file(t, "list", []byte(list.String()))
}

func TestArchivesOfGit(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	run(t, "git", "-C", dir, "init", "-q")
	run(t, "git", "-C", dir, "add", ".")
	run(t, "git", "-C", dir, "-c", "user.name=n", "-c", "user.email=n@localhost", "commit", "-q", "-m", "one")
	out := filepath.Join(t.TempDir(), "git.tar.gz")
	run(t, "git", "-C", dir, "archive", "--prefix=any/", "-o", out, "HEAD")
	if got := read(t, out).Digest; got != goldenContent {
		t.Errorf("digest %s", got)
	}
}

func TestHardLinksAreFiles(t *testing.T) {
	t.Parallel()
	want := read(t, tree(t, with(map[string]string{"copy": "x: 1\n", "z/run!": "#!/bin/sh\n"}))).Digest
	linked := tree(t, with(map[string]string{"z/.keep": ""}))
	for from, to := range map[string]string{"values.yaml": "copy", "bin/run.sh": "z/run"} {
		if err := os.Link(filepath.Join(linked, from), filepath.Join(linked, to)); err != nil {
			t.Skip("hard links cannot be made here:", err)
		}
	}
	if err := os.Remove(filepath.Join(linked, "z", ".keep")); err != nil {
		t.Fatal(err)
	}
	made := gnuTar(t, "-C", filepath.Dir(linked), filepath.Base(linked))
	if got := read(t, made).Digest; got != want {
		t.Errorf("digest %s, want %s", got, want)
	}
	out := t.TempDir()
	if inv := extract(t, made, out); inv.Digest != want || read(t, out).Digest != want {
		t.Error("extracted hard links are not files of their own")
	}
}

func TestCorpus(t *testing.T) {
	t.Parallel()
	packs, err := filepath.Glob(filepath.Join("..", "..", "..", "shared", "corpus", "*"))
	if err != nil || len(packs) == 0 {
		t.Skip("no ../shared/corpus with real packs beside the project")
	}
	for _, dir := range packs {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			sameEverywhere(t, dir)
		})
	}
}

// sameEverywhere checks that a pack has one digest as a folder, as our
// archive, as archives of tar, and unpacked by tar and by us.
func sameEverywhere(t *testing.T, dir string) {
	t.Helper()
	m, err := ReadMeta(dir)
	if err != nil {
		t.Fatal(err)
	}
	want := read(t, dir).Digest
	var b bytes.Buffer
	built, err := Build(context.Background(), &b, dir, m)
	if err != nil || built.Digest != want {
		t.Fatalf("built: %v, %v; want %s", built, err, want)
	}
	ours := file(t, m.Name+"-"+m.Version+".tar.gz", b.Bytes())
	archives := []string{ours, gnuTar(t, "-C", filepath.Dir(dir), filepath.Base(dir)), gnuTar(t, "-C", dir, ".")}
	for i, archive := range archives {
		if got := read(t, archive).Digest; got != want {
			t.Errorf("archive %d: %s, want %s", i, got, want)
		}
		if got, err := ReadMeta(archive); err != nil || got != m {
			t.Errorf("archive %d: %+v, %v; want %+v", i, got, err, m)
		}
	}
	byTar, byUs := t.TempDir(), t.TempDir()
	run(t, "tar", "-xzf", ours, "-C", byTar)
	top := filepath.Join(byTar, m.Name+"-"+m.Version)
	run(t, "diff", "-r", "--no-dereference", dir, top)
	if got := read(t, top).Digest; got != want {
		t.Errorf("unpacked by tar: %s, want %s", got, want)
	}
	extract(t, ours, byUs)
	run(t, "diff", "-r", "--no-dereference", dir, byUs)
	if got := read(t, byUs).Digest; got != want {
		t.Errorf("unpacked by us: %s, want %s", got, want)
	}
}

func TestSampleIsTheSameEverywhere(t *testing.T) {
	t.Parallel()
	sameEverywhere(t, tree(t, with(map[string]string{"naïve-日本.yaml": "", strings.Repeat("d/", 120) + "x": "", strings.Repeat("n", 250): ""})))
}

// tarball makes a tar of headers; a body is as long as its header says, and a
// pack.json is one.
func tarball(tb testing.TB, headers ...tar.Header) []byte {
	tb.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, h := range headers {
		body := strings.Repeat("x", int(h.Size))
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if strings.HasSuffix(h.Name, MetaFile) && h.Typeflag == tar.TypeReg {
			body, h.Size = metaJSON, int64(len(metaJSON))
		}
		if err := w.WriteHeader(&h); err != nil {
			tb.Fatal(err)
		}
		if h.Typeflag == tar.TypeReg {
			if _, err := io.WriteString(w, body); err != nil {
				tb.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func gzipped(tb testing.TB, data []byte) []byte {
	tb.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(data); err != nil {
		tb.Fatal(err)
	}
	if err := z.Close(); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}

func dirHeader(name string) tar.Header { return tar.Header{Name: name, Typeflag: tar.TypeDir} }

func linkHeader(name, target string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeSymlink, Linkname: target}
}

func hardHeader(name, target string) tar.Header {
	return tar.Header{Name: name, Typeflag: tar.TypeLink, Linkname: target}
}

var metaHeader = tar.Header{Name: "a/pack.json"}

func TestOddArchivesAreRead(t *testing.T) {
	t.Parallel()
	want := read(t, tree(t, map[string]string{"pack.json": metaJSON, "v": "xx", "d/e": "x"})).Digest
	v, e := tar.Header{Name: "a/v", Size: 2}, tar.Header{Name: "a/d/e", Size: 1}
	for name, headers := range map[string][]tar.Header{
		"plain":            {metaHeader, v, e},
		"folders":          {dirHeader("./"), dirHeader("a/"), dirHeader("a/d/"), metaHeader, v, e, dirHeader("a/empty/")},
		"dots":             {{Name: "./a/./pack.json"}, {Name: ".//a//v", Size: 2}, {Name: "a/d/e", Size: 1}},
		"last wins":        {{Name: "a/v", Size: 9}, metaHeader, metaHeader, e, v},
		"link replaced":    {linkHeader("a/v", "/etc"), metaHeader, e, v},
		"file by folder":   {{Name: "a/d"}, dirHeader("a/d/"), metaHeader, e, v},
		"pack below":       {metaHeader, v, e, {Name: "b/._pack.json"}, {Name: "a/.git/d/e/pack.json"}},
		"odd but left out": {metaHeader, v, e, {Name: "a/.git/dev", Typeflag: tar.TypeChar}, linkHeader("a/._l", "/etc"), {Name: ".DS_Store"}},
		"global header":    {{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, metaHeader, v, e},
		"label":            {{Name: "label", Typeflag: 'V'}, metaHeader, v, e},
		"device replaced":  {{Name: "a/v", Typeflag: tar.TypeBlock}, metaHeader, v, e},
	} {
		inv, err := ReadArchive(context.Background(), bytes.NewReader(tarball(t, headers...)), Limits{})
		if err != nil || inv.Digest != want {
			t.Errorf("%s: %v, %v; want %s", name, inv, err, want)
		}
	}
}

func TestHardLinksKeepWhatTheyLinkedTo(t *testing.T) {
	t.Parallel()
	want := read(t, tree(t, map[string]string{"pack.json": metaJSON, "v": "x", "copy!": "xx", "l": "->v"})).Digest
	archive := tarball(t, metaHeader, tar.Header{Name: "a/v", Size: 2, Mode: 0o755}, hardHeader("./a/copy", "a/v"),
		tar.Header{Name: "a/v", Size: 1}, linkHeader("a/m", "v"), hardHeader("a/l", "a/m"), linkHeader("a/._", "v"), dirHeader("a/m"))
	dir := t.TempDir()
	inv, err := Extract(context.Background(), bytes.NewReader(archive), dir, Limits{})
	if err != nil || inv.Digest != want || read(t, dir).Digest != want {
		t.Errorf("%v, %v; want %s", inv, err, want)
	}
}

func TestCompression(t *testing.T) {
	t.Parallel()
	plain := tarball(t, metaHeader)
	half := len(plain) / 2
	members := append(gzipped(t, plain[:half]), gzipped(t, plain[half:])...)
	for name, data := range map[string][]byte{
		"none": plain, "gzip": gzipped(t, plain), "members": members, "zeros behind": append(gzipped(t, plain), make([]byte, 3000)...),
		"no end marker": plain[:1024], "more behind the end": gzipped(t, append(bytes.Clone(plain), "more"...)),
	} {
		for how, r := range map[string]io.Reader{"": bytes.NewReader(data), " by bytes": iotest.OneByteReader(bytes.NewReader(data)), " with EOF": iotest.DataErrReader(bytes.NewReader(data))} {
			if _, err := ReadArchive(context.Background(), r, Limits{}); err != nil {
				t.Errorf("%s%s: %v", name, how, err)
			}
		}
	}
	for name, data := range map[string][]byte{
		"garbage behind": append(gzipped(t, plain), "garbage"...), "garbage behind zeros": append(gzipped(t, plain), "\x00\x00garbage"...),
		"zip": []byte("PK\x03\x04xxxxx"), "xz": []byte("\xfd7zXZ\x00xxx"), "zstd": []byte("\x28\xb5\x2f\xfdxxx"), "bzip2": []byte("BZh9xxxxxx"),
	} {
		_, err := ReadArchive(context.Background(), bytes.NewReader(data), Limits{})
		if !errors.Is(err, ErrArchive) {
			t.Errorf("%s: %v", name, err)
		}
		if word, _, _ := strings.Cut(name, " "); word != "garbage" && !strings.Contains(err.Error(), word) {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}

func TestBrokenArchivesAreErrors(t *testing.T) {
	t.Parallel()
	whole := build(t, tree(t, with(map[string]string{"noise": strings.Repeat("noise", 30_000)})))
	for _, cut := range []int{0, 1, 5, 11, 30, len(whole) / 2, len(whole) - 9, len(whole) - 4, len(whole) - 1} {
		if _, err := ReadArchive(context.Background(), bytes.NewReader(whole[:cut]), Limits{}); !errors.Is(err, ErrArchive) {
			t.Errorf("first %d bytes: %v, want ErrArchive", cut, err)
		}
	}
	for at := 10; at < len(whole); at += len(whole)/40 + 1 {
		flipped := bytes.Clone(whole)
		flipped[at] ^= 0x10
		if _, err := ReadArchive(context.Background(), bytes.NewReader(flipped), Limits{}); !errors.Is(err, ErrArchive) {
			t.Errorf("flipped bit in byte %d: %v, want ErrArchive", at, err)
		}
	}
}

func TestErrorsOfTheStreamAreNotTheArchives(t *testing.T) {
	t.Parallel()
	whole := build(t, tree(t, sample()))
	lost := errors.New("connection lost")
	for _, n := range []int{0, 3, 100, len(whole) - 5, len(whole)} {
		r := io.MultiReader(bytes.NewReader(whole[:n]), iotest.ErrReader(lost))
		if _, err := ReadArchive(context.Background(), r, Limits{}); !errors.Is(err, lost) || errors.Is(err, ErrArchive) {
			t.Errorf("after %d bytes: %v", n, err)
		}
	}
}

func TestHolesCountAsBytes(t *testing.T) {
	t.Parallel()
	big := filepath.Join(t.TempDir(), "a")
	plant(t, big, map[string]string{"pack.json": metaJSON, "disk.img": ""})
	if err := os.Truncate(filepath.Join(big, "disk.img"), 1<<30); err != nil {
		t.Skip("no sparse files here:", err)
	}
	archive, err := os.ReadFile(gnuTar(t, "--sparse", "-C", filepath.Dir(big), "a"))
	if err != nil {
		t.Fatal(err)
	}
	for _, l := range []Limits{{RatioFrom: 4 << 20}, {Bytes: 1<<30 - 1}} {
		if _, err := ReadArchive(context.Background(), bytes.NewReader(archive), l); !errors.Is(err, ErrTooLarge) || !errors.Is(err, ErrArchive) {
			t.Errorf("%+v: %d bytes that stand for 1 GiB: %v", l, len(archive), err)
		}
	}
}
