package pack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
)

func TestBuildAndWriteArchiveMakeTheSame(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{IgnoreFile: "*.bak\n", "x.bak": "1"}))
	inv := read(t, dir)
	archive := build(t, dir)
	var b bytes.Buffer
	if err := WriteArchive(context.Background(), &b, dir, metaOfSample, inv); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(b.Bytes(), archive) {
		t.Error("WriteArchive and Build write other bytes")
	}
	for name, data := range map[string][]byte{"ours.tar.gz": archive, "bare.tgz": tarOf(t, dir)} {
		path := file(t, name, data)
		if !bytes.Equal(build(t, path), archive) {
			t.Errorf("%s: packed again, it has other bytes", name)
		}
		b.Reset()
		if err := WriteArchive(context.Background(), &b, path, metaOfSample, inv); err != nil || !bytes.Equal(b.Bytes(), archive) {
			t.Errorf("%s: WriteArchive writes other bytes, or %v", name, err)
		}
	}
}

// tarOf makes a plain tar of a folder, without a top folder.
func tarOf(t *testing.T, dir string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.AddFS(os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestHeadersOfTheArchive(t *testing.T) {
	t.Parallel()
	long, foreign := strings.Repeat("n", 101), "ä"
	data := build(t, tree(t, with(map[string]string{"charts/" + long: "", foreign: ""})))
	if want := []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255}; !bytes.Equal(data[:10], want) {
		t.Errorf("gzip header % x, want % x", data[:10], want)
	}
	z, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for entries := tar.NewReader(z); ; {
		h, err := entries.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, fmt.Sprintf("%s %o", h.Name, h.Mode))
		if !h.ModTime.Equal(time.Unix(0, 0)) || h.Uid != 0 || h.Gid != 0 || h.Uname != "" || h.Gname != "" {
			t.Errorf("%s: time %v, user %d %q, group %d %q", h.Name, h.ModTime, h.Uid, h.Uname, h.Gid, h.Gname)
		}
		pax := strings.Contains(h.Name, long) || strings.Contains(h.Name, foreign)
		if (h.Format == tar.FormatPAX) != pax {
			t.Errorf("%s: format %v", h.Name, h.Format)
		}
	}
	want := []string{
		"a-1.0.0/ 755", "a-1.0.0/bin/ 755", "a-1.0.0/bin/run.sh 755", "a-1.0.0/charts/ 755", "a-1.0.0/charts/.helmignore 644",
		"a-1.0.0/charts/a-1.0.0.tgz 644", "a-1.0.0/charts/" + long + " 644", "a-1.0.0/empty 644", "a-1.0.0/link 777",
		"a-1.0.0/pack.json 644", "a-1.0.0/values.yaml 644", "a-1.0.0/ä 644",
	}
	if !slices.Equal(names, want) {
		t.Errorf("entries\n%s\nwant\n%s", strings.Join(names, "\n"), strings.Join(want, "\n"))
	}
}

// TestPiecesDoNotMatter: the buffers through which files are read may change,
// the bytes of an archive may not.
func TestPiecesDoNotMatter(t *testing.T) {
	t.Parallel()
	data := []byte(strings.Repeat(noise(3000), 100) + noise(200<<10) + strings.Repeat("key: value\n", 20_000))
	var want []byte
	for _, piece := range []int{len(data), 1, 512, 4095, 65_535, 65_536, 100_000} {
		var b bytes.Buffer
		z, err := newZipped(&b)
		if err != nil {
			t.Fatal(err)
		}
		for rest := range slices.Chunk(data, piece) {
			if _, err := z.gz.Write(rest); err != nil {
				t.Fatal(err)
			}
		}
		if err := z.finishMember(); err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want = b.Bytes()
		}
		if !bytes.Equal(b.Bytes(), want) {
			t.Errorf("written in pieces of %d bytes, the data compresses to other bytes", piece)
		}
	}
}

func TestArchivesOfChangedFoldersAreNotWritten(t *testing.T) {
	t.Parallel()
	at := func(dir string) string { return filepath.Join(dir, "values.yaml") }
	for name, change := range map[string]func(dir string) error{
		"other bytes": func(dir string) error { return os.WriteFile(at(dir), []byte("x: 2\n"), 0o600) },
		"had 5 bytes": func(dir string) error { return os.WriteFile(at(dir), []byte("x: 11\n"), 0o600) },
		"executable":  func(dir string) error { return os.Chmod(at(dir), 0o700) },
		"no such":     func(dir string) error { return os.Remove(at(dir)) },
		"was a link": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "link")), os.Mkdir(filepath.Join(dir, "link"), 0o700))
		},
		"elsewhere": func(dir string) error {
			return errors.Join(os.Remove(filepath.Join(dir, "link")), os.Symlink("empty", filepath.Join(dir, "link")))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, sample())
			inv := read(t, dir)
			if err := change(dir); err != nil {
				t.Fatal(err)
			}
			err := WriteArchive(context.Background(), io.Discard, dir, metaOfSample, inv)
			if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), name) {
				t.Errorf("%v; want ErrChanged, %q", err, name)
			}
		})
	}
}

func TestArchivesHoldNoMoreThanTheInventory(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	inv, want := read(t, dir), build(t, dir)
	plant(t, dir, map[string]string{"late": "x"})
	var b bytes.Buffer
	if err := WriteArchive(context.Background(), &b, dir, metaOfSample, inv); err != nil || !bytes.Equal(b.Bytes(), want) {
		t.Errorf("a file that came later is in the archive, or %v", err)
	}
	forged := *inv
	forged.Files = inv.Files[1:]
	if err := WriteArchive(context.Background(), io.Discard, dir, metaOfSample, &forged); !errors.Is(err, ErrChanged) {
		t.Errorf("an inventory that is not its digest's: %v", err)
	}
	other := read(t, tree(t, with(map[string]string{"new": ""})))
	if err := WriteArchive(context.Background(), io.Discard, file(t, "x.tgz", want), metaOfSample, other); !errors.Is(err, ErrChanged) {
		t.Errorf("an archive of another pack: %v", err)
	}
}

func TestNoArchiveUnderAWrongName(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	for _, m := range []Meta{{}, {Name: "a"}, {Name: "../a", Version: "1.0.0"}, {Name: "a", Version: "1/../../x"}} {
		var me *MetaError
		if _, err := Build(context.Background(), io.Discard, dir, m); !errors.As(err, &me) {
			t.Errorf("%+v: %v; want a *MetaError", m, err)
		}
	}
	// pack.json was edited after it was read.
	if _, err := Build(context.Background(), io.Discard, dir, Meta{Name: "a", Version: "1.0.1"}); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "it says a 1.0.0, no longer a 1.0.1") {
		t.Errorf("other version: %v", err)
	}
	var me *MetaError
	if _, err := Build(context.Background(), io.Discard, tree(t, map[string]string{"values.yaml": ""}), metaOfSample); !errors.As(err, &me) {
		t.Errorf("no pack.json: %v", err)
	}
}

// failing is a disk that is full after n bytes.
type failing struct{ n int }

var errFull = errors.New("disk full")

func (f *failing) Write(p []byte) (int, error) {
	if f.n -= len(p); f.n < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestErrorsOfTheWriterComeBack(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{"noise": noise(300 << 10)}))
	for _, n := range []int{0, 100, 200 << 10} {
		if _, err := Build(context.Background(), &failing{n}, dir, metaOfSample); !errors.Is(err, errFull) || errors.Is(err, ErrChanged) {
			t.Errorf("full after %d bytes: %v", n, err)
		}
	}
	// What is pooled works again after that.
	if !bytes.Equal(build(t, dir), build(t, dir)) {
		t.Error("two archives differ")
	}
}

// noise is text that does not compress well, the same each time.
func noise(n int) string {
	var b strings.Builder
	for x := uint32(1); b.Len() < n; {
		x = x*1664525 + 1013904223
		b.WriteByte(byte(x >> 24))
	}
	return b.String()
}

func TestRepackLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	tmp := t.TempDir()
	good := file(t, "x.tgz", build(t, tree(t, sample())))
	if _, err := Repack(context.Background(), io.Discard, good, metaOfSample, tmp); err != nil {
		t.Error(err)
	}
	if _, err := Repack(context.Background(), &failing{}, good, metaOfSample, tmp); !errors.Is(err, errFull) {
		t.Error(err)
	}
	if _, err := Repack(context.Background(), io.Discard, file(t, "y.tgz", []byte("no")), metaOfSample, tmp); !errors.Is(err, ErrArchive) {
		t.Error(err)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestMemoryDoesNotGrowWithFiles is not parallel: it counts all allocations.
func TestMemoryDoesNotGrowWithFiles(t *testing.T) { //nolint:paralleltest // counts the allocations of the whole process
	dir := tree(t, map[string]string{"pack.json": metaJSON, "large": ""})
	const size = 64 << 20
	if err := os.Truncate(filepath.Join(dir, "large"), size); err != nil {
		t.Fatal(err)
	}
	archive := build(t, dir) // also fills the pools
	out := t.TempDir()
	// A flat amount: a few members of an archive, with what compresses them.
	most := uint64(8<<20 + min(mostMembers, runtime.GOMAXPROCS(0))*8<<20)
	for name, do := range map[string]func() error{
		"Read":  func() error { _, err := Read(context.Background(), dir, Options{}); return err },
		"Build": func() error { _, err := Build(context.Background(), io.Discard, dir, metaOfSample); return err },
		"ReadArchive": func() error {
			_, err := ReadArchive(context.Background(), bytes.NewReader(archive), Limits{})
			return err
		},
		"Extract": func() error {
			_, err := Extract(context.Background(), bytes.NewReader(archive), out, Limits{})
			return err
		},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		err := do()
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; err != nil || got > most {
			t.Errorf("%s: allocated %d bytes for a file of %d, %v", name, got, size, err)
		}
	}
}
