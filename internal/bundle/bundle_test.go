package bundle_test

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/packs-cli/packs/internal/bundle"
)

var content = map[string]string{
	"packs.yaml": "apiVersion: packs/v1\n", "a/b/oci-layout": "{}", "a/b/blobs/sha256/" + strings.Repeat("0", 64): strings.Repeat("x", 5000), "empty": "",
}

// order is that of the files in bundles of these tests.
var order = []string{"packs.yaml", "a/b/oci-layout", "a/b/blobs/sha256/" + strings.Repeat("0", 64), "empty"}

func list() *bundle.List {
	var files []bundle.File
	for _, name := range order {
		sum := sha256.Sum256([]byte(content[name]))
		files = append(files, bundle.File{Path: name, Size: int64(len(content[name])), SHA256: hex.EncodeToString(sum[:])})
	}
	return bundle.NewList(1, 1, files)
}

// write makes a bundle, and returns the files that it made.
func write(t *testing.T, path string, split int64) []string {
	t.Helper()
	w, err := bundle.Create(path, split, list())
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range order {
		if err := w.Add(name, strings.NewReader(content[name])); err != nil {
			t.Fatal(err)
		}
	}
	parts, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range parts {
		names = append(names, p.Name)
		if info, err := os.Stat(filepath.Join(filepath.Dir(path), p.Name)); err != nil || info.Size() != p.Size {
			t.Errorf("part %+v: %v", p, err)
		}
	}
	return names
}

func open(t *testing.T, path string) *bundle.Bundle {
	t.Helper()
	b, err := bundle.Open(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	})
	return b
}

func TestABundleIsAFileSystem(t *testing.T) {
	t.Parallel()
	for _, split := range []int64{0, 1000, 1 << 20} {
		path := filepath.Join(t.TempDir(), "x.tar")
		names := write(t, path, split)
		b := open(t, path)
		if err := fstest.TestFS(b, append(slices.Clone(order), bundle.ListFile)...); err != nil {
			t.Error(err)
		}
		if err := b.Check(context.Background()); err != nil {
			t.Error(err)
		}
		for name, want := range content {
			if got, err := fs.ReadFile(b, name); err != nil || string(got) != want {
				t.Errorf("%s: %v, %d bytes", name, err, len(got))
			}
		}
		l, err := b.List()
		if err != nil || l.Summary.Files != len(order) || l.Summary.Versions != 1 {
			t.Errorf("%+v %v", l, err)
		}
		left, err := os.ReadDir(filepath.Dir(path))
		if want := len(names) + min(int(split), 1); err != nil || len(left) != want {
			t.Errorf("%d files are there, want %d: %v", len(left), want, left)
		}
	}
}

func TestTheSameFilesGiveTheSameBytes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	whole := read(t, filepath.Join(dir, write(t, filepath.Join(dir, "a.tar"), 0)[0]))
	var joined []byte
	for _, name := range write(t, filepath.Join(dir, "b.tar"), 777) {
		joined = append(joined, read(t, filepath.Join(dir, name))...)
	}
	if !bytes.Equal(whole, joined) {
		t.Error("the parts together are not the whole")
	}
	first, err := tar.NewReader(bytes.NewReader(whole)).Next()
	if err != nil || first.Name != bundle.ListFile || first.ModTime.Unix() != 0 || first.Mode != 0o644 || first.Uid != 0 {
		t.Errorf("first file %+v, %v", first, err)
	}
	if got := hash(whole); got != golden {
		t.Errorf("the bytes of bundles changed: SHA-256 %s, want %s", got, golden)
	}
}

// golden is the SHA-256 of the bundle of these tests.
const golden = "91e3b147b955e74c51b3cece956ce815ac149a678f315fb1318713cdf0ac93ab"

func hash(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestABundleReplacesAnEarlierOne, whole or split, and what a killed process left.
func TestABundleReplacesAnEarlierOne(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x.tar")
	for _, name := range []string{".x.tar.packs-tmp", ".x.tar.007.packs-tmp", ".x.tar.json.packs-tmp", ".x.tar.packs-lock", ".y.tar.packs-tmp", "x.tar.gz", "x.tar.00a"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("left"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, step := range []struct {
		split int64
		want  string
	}{
		{1000, "x.tar.000 x.tar.001"}, {4000, "x.tar.000 x.tar.001 x.tar.002"}, {0, "x.tar"}, {9000, "x.tar.000 x.tar.001"},
	} {
		names := write(t, path, step.split)
		var there []string
		entries, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			if n := e.Name(); n != ".y.tar.packs-tmp" && n != "x.tar.gz" && n != "x.tar.00a" {
				there = append(there, n)
			}
		}
		want := slices.Clone(names)
		if step.split > 0 {
			want = append(want, "x.tar.json")
		}
		if !slices.Equal(there, want) {
			t.Errorf("split %d: there is %q, want %q", step.split, there, want)
		}
		if err := open(t, path).Check(context.Background()); err != nil {
			t.Error(err)
		}
	}
}

func TestWhatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "x.tar")
	for name, wrong := range map[string]func(w *bundle.Writer) error{
		"is not the next file": func(w *bundle.Writer) error { return w.Add("empty", strings.NewReader("")) },
		"has 3 bytes":          func(w *bundle.Writer) error { return w.Add(order[0], strings.NewReader("too")) },
		"it should have 21":    func(w *bundle.Writer) error { return w.Add(order[0], strings.NewReader(strings.Repeat("x", 22))) },
		"has the SHA-256":      func(w *bundle.Writer) error { return w.Add(order[0], strings.NewReader(strings.Repeat("x", 21))) },
		"was not written":      func(w *bundle.Writer) error { _, err := w.Commit(); return err },
		"a reader that fails": func(w *bundle.Writer) error {
			return w.Add(order[0], io.MultiReader(strings.NewReader("x"), failing{}))
		},
		"checked at the very end": func(w *bundle.Writer) error {
			return w.Add(order[0], io.MultiReader(strings.NewReader(content[order[0]]), failing{}))
		},
	} {
		w, err := bundle.Create(path, 100, list())
		if err != nil {
			t.Fatal(err)
		}
		err = wrong(w)
		if err == nil || !strings.Contains(err.Error(), name) && !errors.Is(err, errFailing) {
			t.Errorf("%s: %v", name, err)
		}
		if err := w.Abort(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("%s: left %v, %v", name, left, err)
		}
	}
	if _, err := bundle.Create(filepath.Join(dir, "nowhere", "x.tar"), 0, list()); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
	if _, err := bundle.Create(dir, 0, list()); err == nil {
		t.Error("a folder was replaced")
	}
}

var errFailing = errors.New("a reader that fails checked at the very end")

type failing struct{}

func (failing) Read([]byte) (int, error) { return 0, errFailing }

// TestDamageIsFound changes every byte of interest.
func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "good.tar"), 0)
	good := read(t, filepath.Join(dir, "good.tar"))
	path := filepath.Join(dir, "x.tar")
	try := func(name string, text []byte, want string) {
		t.Helper()
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Open(context.Background(), path)
		if err == nil {
			err = b.Check(context.Background())
			_ = b.Close()
		}
		if !errors.Is(err, bundle.ErrBroken) || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "x.tar") {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	at := bytes.Index(good, []byte("xxxx"))
	flipped := slices.Clone(good)
	flipped[at+10] ^= 1
	try("a byte", flipped, "have the SHA-256")
	try("its end", good[:len(good)-1024], "its end is missing")
	try("half of it", good[:len(good)/2], "")
	try("nothing", nil, "it is empty")
	try("compressed", append([]byte{0x1f, 0x8b}, good...), "it is compressed")
	try("text", []byte(strings.Repeat("no tar ", 200)), "")
	try("a file more", tarOf(t, good, &tar.Header{Name: "more", Typeflag: tar.TypeReg}), "it holds 5 files")
	try("a link", tarOf(t, good, &tar.Header{Name: "l", Typeflag: tar.TypeSymlink, Linkname: "/etc/passwd"}), "neither a file nor a folder")
	try("a way out", tarOf(t, good, &tar.Header{Name: "../x", Typeflag: tar.TypeReg}), `path "../x"`)
	try("an absolute path", tarOf(t, good, &tar.Header{Name: "/x", Typeflag: tar.TypeReg}), `path "/x"`)
	try("twice", tarOf(t, good, &tar.Header{Name: "empty", Typeflag: tar.TypeReg}), "twice")
	try("file and folder", tarOf(t, good, &tar.Header{Name: "empty/x", Typeflag: tar.TypeReg}), "a file and a folder")
	try("its list", bytes.Replace(good, []byte(`"versions": 1`), []byte(`"versionz": 1`), 1), "is not known")
	try("its counts", bytes.Replace(good, []byte(`"files": 4`), []byte(`"files": 3`), 1), "does not count")
	try("its kind", bytes.Replace(good, []byte(`"kind": "Bundle"`), []byte(`"kind": "Bumble"`), 1), "of kind")
	if _, err := bundle.Open(context.Background(), filepath.Join(dir, "nowhere.tar")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := bundle.Open(context.Background(), dir); err == nil {
		t.Error("a folder was opened")
	}
}

// tarOf puts a file more at the end of a tar file.
func tarOf(t *testing.T, good []byte, h *tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	r := tar.NewReader(bytes.NewReader(good))
	for {
		old, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil {
			err = w.WriteHeader(old)
		}
		if err == nil {
			_, err = io.Copy(w, r)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.WriteHeader(h), w.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestPartsThatAreMissing are told by their names.
func TestPartsThatAreMissing(t *testing.T) {
	t.Parallel()
	for name, damage := range map[string]func(dir string) error{
		"x.tar.001 is missing":                 func(dir string) error { return os.Remove(filepath.Join(dir, "x.tar.001")) },
		"x.tar.002 has 3 bytes":                func(dir string) error { return os.WriteFile(filepath.Join(dir, "x.tar.002"), []byte("abc"), 0o600) },
		"x.tar.json, which says what parts":    func(dir string) error { return os.Remove(filepath.Join(dir, "x.tar.json")) },
		"it is no JSON object":                 func(dir string) error { return os.WriteFile(filepath.Join(dir, "x.tar.json"), []byte("x"), 0o600) },
		`lists the part "../../etc/passwd"`:    func(dir string) error { return edit(dir, `"x.tar.000"`, `"../../etc/passwd"`) },
		"does not count its parts":             func(dir string) error { return edit(dir, `"bytes": `, `"bytes": 1`) },
		"has no size or checksum":              func(dir string) error { return edit(dir, `"sha256": "`, `"sha256": "x`) },
		"x.tar.000: the bundle is broken: the": func(dir string) error { return flip(filepath.Join(dir, "x.tar.000")) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			write(t, filepath.Join(dir, "x.tar"), 3072)
			if err := damage(dir); err != nil {
				t.Fatal(err)
			}
			b, err := bundle.Open(context.Background(), filepath.Join(dir, "x.tar"))
			if err == nil {
				err = b.Check(context.Background())
				_ = b.Close()
			}
			if !errors.Is(err, bundle.ErrBroken) || !strings.Contains(err.Error(), name) {
				t.Errorf("%v, want %q", err, name)
			}
		})
	}
}

func edit(dir, old, now string) error {
	path := filepath.Join(dir, "x.tar.json")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if !bytes.Contains(text, []byte(old)) {
		return fmt.Errorf("%s lacks %s", text, old)
	}
	return os.WriteFile(path, bytes.Replace(text, []byte(old), []byte(now), 1), 0o600)
}

// flip changes the content of packs.yaml.
func flip(path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.Replace(text, []byte("apiVersion: packs/v1\n"), []byte("apiVersion: packs/v2\n"), 1), 0o600)
}

// TestATarFileOfOthersIsRead: made by tar, with folders and dots, without a list.
func TestATarFileOfOthersIsRead(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	err := errors.Join(
		w.WriteHeader(&tar.Header{Name: "./", Typeflag: tar.TypeDir, Mode: 0o755}),
		w.WriteHeader(&tar.Header{Name: "./a/", Typeflag: tar.TypeDir, Mode: 0o755}),
		w.WriteHeader(&tar.Header{Name: "./a/" + strings.Repeat("long", 60), Typeflag: tar.TypeReg, Size: 3, Mode: 0o600}),
	)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("abc")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "x.tar")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	f := open(t, path)
	if got, err := fs.ReadFile(f, "a/"+strings.Repeat("long", 60)); err != nil || string(got) != "abc" {
		t.Errorf("%q %v", got, err)
	}
	if err := f.Check(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := f.List(); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestReadingEndsWithItsContext(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "x.tar")
	write(t, path, 0)
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := bundle.Open(ctx, path); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if err := open(t, path).Check(ctx); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// FuzzOpen reads anything as a bundle: no panic, nothing outside of it, and every
// file that it says it has can be read.
func FuzzOpen(f *testing.F) {
	dir := f.TempDir()
	w, err := bundle.Create(filepath.Join(dir, "seed.tar"), 0, list())
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range order {
		if err := w.Add(name, strings.NewReader(content[name])); err != nil {
			f.Fatal(err)
		}
	}
	if _, err := w.Commit(); err != nil {
		f.Fatal(err)
	}
	seed, err := os.ReadFile(filepath.Join(dir, "seed.tar"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(seed)
	f.Add(seed[:3000])
	f.Fuzz(func(t *testing.T, data []byte) {
		path := filepath.Join(t.TempDir(), "x.tar")
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
		b, err := bundle.Open(context.Background(), path)
		if err != nil {
			return
		}
		defer b.Close()
		// Not Check, whose goroutines make coverage differ from run to run.
		if l, err := b.List(); err == nil && l.Summary.Files != len(l.Files) {
			t.Errorf("%+v", l.Summary)
		}
		err = fs.WalkDir(b, ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			_, err = fs.ReadFile(b, path)
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// ExampleNewList shows how a bundle counts what it holds.
func ExampleNewList() {
	text, _ := json.Marshal(bundle.NewList(1, 2, []bundle.File{{Path: "a", Size: 3, SHA256: strings.Repeat("0", 64)}}).Summary)
	fmt.Println(string(text))
	// Output: {"repositories":1,"versions":2,"files":1,"bytes":3}
}
