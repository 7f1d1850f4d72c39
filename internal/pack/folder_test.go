package pack

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

func TestFoldersWithWhatCannotBePublished(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no named pipes and sockets in folders here")
	}
	tests := map[string]struct {
		add  func(dir string) error
		text string
	}{
		"pipe":   {func(dir string) error { return mkfifo(filepath.Join(dir, "charts", "odd")) }, "charts/odd: cannot be part of a pack: a named pipe"},
		"socket": {func(dir string) error { return listen(t, filepath.Join(dir, "odd")) }, "odd: cannot be part of a pack: a socket"},
		"name":   {func(dir string) error { return os.WriteFile(filepath.Join(dir, "\xff"), nil, 0o600) }, `"\xff": cannot be part of a pack: the name is not UTF-8`},
		"target": {func(dir string) error { return os.Symlink("\xff", filepath.Join(dir, "odd")) }, "odd: cannot be part of a pack: the target"},
		"ignore": {func(dir string) error { return os.Symlink("values.yaml", filepath.Join(dir, IgnoreFile)) }, IgnoreFile + ": cannot be part of a pack: make it a regular file"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, sample())
			if err := tt.add(dir); err != nil {
				t.Skip("cannot be made here:", err)
			}
			_, err := Read(context.Background(), dir, Options{})
			if !errors.Is(err, ErrUnsupported) || !strings.HasPrefix(err.Error(), tt.text) {
				t.Errorf("%v; want ErrUnsupported, %q", err, tt.text)
			}
		})
	}
}

func listen(t *testing.T, path string) error {
	t.Helper()
	l, err := net.Listen("unix", path)
	if err == nil {
		t.Cleanup(func() { _ = l.Close() })
	}
	return err
}

func TestOddThingsMayBeLeftOut(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{IgnoreFile: "/out\n/odd\n"}))
	if err := errors.Join(os.Symlink("/etc/passwd", filepath.Join(dir, "out")), mkfifo(filepath.Join(dir, "odd"))); err != nil {
		t.Skip("cannot be made here:", err)
	}
	if got := read(t, dir).Digest; got != goldenContent {
		t.Errorf("digest %s", got)
	}
}

func TestFilesThatChangeWhileTheyAreRead(t *testing.T) {
	t.Parallel()
	change := map[string]func(path string) error{
		"grew":   func(path string) error { return os.WriteFile(path, []byte("x: 1\nlonger\n"), 0o600) },
		"shrank": func(path string) error { return os.Truncate(path, 1) },
		"somebody": func(path string) error {
			return errors.Join(os.WriteFile(path, []byte("y: 2\n"), 0o600), os.Chtimes(path, time.Unix(9, 0), time.Unix(9, 0)))
		},
	}
	for name, change := range change {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, sample())
			f, err := openFolder(dir, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			o, s := Opener{root: f.root}, getScratch()
			err = f.read(context.Background(), &o, &File{Path: "values.yaml"}, s, func(*File) (io.Writer, error) {
				return io.Discard, change(filepath.Join(dir, "values.yaml"))
			})
			if !errors.Is(err, ErrChanged) || !strings.HasPrefix(err.Error(), "values.yaml: ") || !strings.Contains(err.Error(), name) {
				t.Errorf("%v; want ErrChanged that says %q", err, name)
			}
		})
	}
}

func TestFilesThatVanishOrTurnIntoSomethingElse(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(path string) error{
		"vanished": os.Remove,
		"a folder": func(path string) error { return errors.Join(os.Remove(path), os.Mkdir(path, 0o700)) },
		"a pipe":   func(path string) error { return errors.Join(os.Remove(path), mkfifo(path)) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := tree(t, sample())
			f, err := listFolder(context.Background(), dir, Limits{})
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := change(filepath.Join(dir, "charts", "a-1.0.0.tgz")); err != nil {
				t.Skip("cannot be made here:", err)
			}
			if err := f.hash(context.Background(), 2); !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "charts/a-1.0.0.tgz") {
				t.Errorf("%v; want ErrChanged that names the file", err)
			}
		})
	}
}

func TestUnreadableFilesAreNamed(t *testing.T) {
	t.Parallel()
	if os.Geteuid() == 0 || runtime.GOOS == "windows" {
		t.Skip("nothing is unreadable to this user")
	}
	dir := tree(t, sample())
	if err := os.Chmod(filepath.Join(dir, "values.yaml"), 0); err != nil {
		t.Fatal(err)
	}
	_, err := Read(context.Background(), dir, Options{})
	if pe := (*fs.PathError)(nil); !errors.As(err, &pe) || pe.Path != "values.yaml" || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("%v; want an *fs.PathError for values.yaml", err)
	}
}

func TestTheFirstFileThatFailsIsReported(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	f, err := listFolder(context.Background(), dir, Limits{})
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{"values.yaml", "pack.json", "empty"} {
		if err := os.Remove(filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for range 20 {
		if err := f.hash(context.Background(), 4); err == nil || !strings.Contains(err.Error(), "empty") {
			t.Fatalf("%v; want the first of three missing files", err)
		}
	}
}

func TestTheEarliestFailureWins(t *testing.T) {
	t.Parallel()
	late, early := errors.New("late"), errors.New("early")
	q := queue{files: make([]File, 3), failed: 3}
	for range 2 {
		q.take()
	}
	q.done(1, late)
	q.done(0, early)
	if _, more := q.take(); more || !errors.Is(q.err, early) {
		t.Errorf("handed out more: %v, error %v", more, q.err)
	}
}

func TestFoldersHaveLimits(t *testing.T) {
	t.Parallel()
	dir := tree(t, with(map[string]string{"charts/" + strings.Repeat("n", 200): ""}))
	for text, l := range map[string]Limits{"more than 5 entries": {Entries: 5}, "a path of 207 bytes": {Path: 200}, "more than 100 bytes": {Bytes: 100}} {
		if _, err := Read(context.Background(), dir, Options{Limits: l}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), text) {
			t.Errorf("%+v: %v; want ErrTooLarge, %q", l, err, text)
		}
	}
	deep := tree(t, with(map[string]string{strings.Repeat("d/", 201) + "x": ""}))
	if _, err := Read(context.Background(), deep, Options{}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "200 folders") {
		t.Errorf("201 folders deep: %v", err)
	}
	large := tree(t, map[string]string{"pack.json": metaJSON, IgnoreFile: strings.Repeat("#\n", maxIgnore)})
	if _, err := Read(context.Background(), large, Options{}); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), IgnoreFile) {
		t.Errorf("large %s: %v", IgnoreFile, err)
	}
}

func TestAPackMayBeALinkToAFolder(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(dir, link); err != nil {
		t.Skip("symbolic links cannot be made here:", err)
	}
	if got := read(t, link).Digest; got != goldenContent {
		t.Errorf("digest %s", got)
	}
}

func TestManyFilesInOneFolder(t *testing.T) {
	t.Parallel()
	files := map[string]string{"pack.json": metaJSON}
	for i := range 2*atOnce + 10 {
		files[fmt.Sprintf("d/%d", i)] = ""
	}
	if got := len(read(t, tree(t, files)).Files); got != len(files) {
		t.Errorf("%d files, want %d", got, len(files))
	}
}

func TestStampsFollowChanges(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	stamp := func() Stamp {
		s, err := ReadStamp(context.Background(), dir)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	last := stamp()
	if again := stamp(); again != last {
		t.Errorf("nothing changed: %v, then %v", last, again)
	}
	at := func(name string) string { return filepath.Join(dir, name) }
	late := time.Unix(4e9, 0)
	for _, step := range []struct {
		what   string
		change func() error
	}{
		{"bytes", func() error {
			return errors.Join(os.WriteFile(at("values.yaml"), []byte("x: 2\n"), 0o600), os.Chtimes(at("values.yaml"), late, late))
		}},
		{"mode", func() error { return os.Chmod(at("values.yaml"), 0o700) }},
		{"name", func() error { return os.Rename(at("empty"), at("other")) }},
		{"link", func() error { return errors.Join(os.Remove(at("link")), os.Symlink("other", at("link"))) }},
		{"new file", func() error { return os.WriteFile(at("new"), nil, 0o600) }},
		{"left out", func() error { return os.WriteFile(at(IgnoreFile), []byte("new\n"), 0o600) }},
	} {
		if err := step.change(); err != nil {
			t.Fatal(err)
		}
		now := stamp()
		if now.Sum == last.Sum {
			t.Errorf("%s: the stamp is the same", step.what)
		}
		last = now
	}
	if !last.Newest.Equal(late) {
		t.Errorf("newest change %v, want %v", last.Newest, late)
	}
}
