package layout

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/lockedfile"
	"golang.org/x/sync/errgroup"

	"go.uber.org/goleak"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// writerEnv makes the test binary a writer of its own, for the tests with
// several processes: the folder that it pushes to. Its arguments are a prefix
// for tags, a number of versions, and how often progress is told before it
// kills itself: 0 is never, -1 is before the first tag.
const writerEnv = "PACKS_TEST_LAYOUT_WRITER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(writerEnv); dir != "" {
		if err := write(dir, os.Args[1:]); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv(deleterEnv); dir != "" {
		if err := deleteAll(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m)
}

// How many times write tells progress: a layer in three pieces, the config, the
// manifest; and for a second version all but the config.
const (
	firstPieces  = 5
	secondPieces = 4
)

func write(dir string, args []string) error {
	r, err := New(manifest.Registry{Type: manifest.TypeLayout, Path: dir})
	if err != nil {
		return err
	}
	versions, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	killAt, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	beforeTag := killAt < 0
	for i := range versions {
		tag := fmt.Sprint(args[0], ".", i)
		a, err := artifact.New(artifact.Bytes("", []byte(content(tag))), "x.tar.gz", artifact.Options{})
		if err != nil {
			return err
		}
		hint := registry.Hint{Progress: func(int64) {
			if killAt--; killAt == 0 {
				die()
			}
		}}
		if beforeTag {
			hint.BeforeTag = func(context.Context) error { die(); return nil }
		}
		if _, err := r.Push(context.Background(), repo, tag, a, hint); err != nil {
			return err
		}
	}
	return nil
}

// content is the layer that a writer pushes under a tag.
func content(tag string) string { return strings.Repeat(tag, 96<<10/len(tag)) }

// die is kill -9.
func die() {
	if p, err := os.FindProcess(os.Getpid()); err == nil {
		_ = p.Kill()
	}
	select {}
}

func startWriter(t *testing.T, dir, prefix string, versions, killAt int) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], prefix, strconv.Itoa(versions), strconv.Itoa(killAt))
	cmd.Env = append(os.Environ(), writerEnv+"="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestManyGoroutinesAtOnce(t *testing.T) {
	t.Parallel()
	const versions = 32
	dir := t.TempDir()
	shared := open(t, dir)
	var g errgroup.Group
	for i := range versions {
		r, a := shared, art(t, fmt.Sprint("content ", i))
		if i%2 == 1 {
			r = open(t, dir) // as another process: only the file's lock is between them
		}
		g.Go(func() error {
			_, err := r.Push(context.WithoutCancel(t.Context()), repo, fmt.Sprintf("1.%d.0", i), a, registry.Hint{})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if tags := everyTagReads(t, dir); len(tags) != versions {
		t.Errorf("%d tags, want %d", len(tags), versions)
	}
	leftovers(t, dir)
}

func TestSeveralProcessesAtOnce(t *testing.T) {
	t.Parallel()
	const versions = 8
	dir := t.TempDir()
	prefixes := []string{"a", "b", "c", "d"}
	var cmds []*exec.Cmd
	for _, prefix := range prefixes {
		cmds = append(cmds, startWriter(t, dir, prefix, versions, 0))
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if tags := everyTagReads(t, dir); len(tags) != versions*len(prefixes) {
		t.Errorf("tags %q, want %d", tags, versions*len(prefixes))
	}
	leftovers(t, dir)
}

// TestWriterKilledAtEachStep kills a writer with each piece that it writes, and
// lets the next one go on.
func TestWriterKilledAtEachStep(t *testing.T) {
	t.Parallel()
	const versions = 2
	for killAt := -1; killAt <= firstPieces+secondPieces; killAt++ {
		if killAt == 0 {
			continue
		}
		t.Run(fmt.Sprint(killAt), func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if err := startWriter(t, dir, "k", versions, killAt).Wait(); err == nil {
				t.Fatal("the writer was not killed")
			}
			_, err := os.Stat(inLayout(dir, tempFile))
			if written := killAt > 0; written != (err == nil) {
				t.Errorf("temporary file of a writer killed at %d: %v", killAt, err)
			}
			if tags, done := everyTagReads(t, dir), max(0, killAt-1)/firstPieces; len(tags) != done {
				t.Errorf("tags %q, want %d", tags, done)
			}
			if err := startWriter(t, dir, "k", versions, 0).Wait(); err != nil {
				t.Fatal(err)
			}
			if tags := everyTagReads(t, dir); len(tags) != versions {
				t.Errorf("tags %q, want %d", tags, versions)
			}
			leftovers(t, dir)
		})
	}
}

// TestWriterKilledAnywhere kills a writer as soon as a file more is to be seen.
func TestWriterKilledAnywhere(t *testing.T) {
	t.Parallel()
	const versions = 6
	dir := t.TempDir()
	for range versions {
		cmd := startWriter(t, dir, "k", versions, 0)
		ended := make(chan struct{})
		var g errgroup.Group
		g.Go(func() error {
			defer close(ended)
			_ = cmd.Wait() // it is killed, or was quicker
			return nil
		})
		for before := files(dir); files(dir) == before && !closed(ended); {
			runtime.Gosched()
		}
		_ = cmd.Process.Kill()
		_ = g.Wait()
		everyTagReads(t, dir)
	}
	if err := startWriter(t, dir, "k", versions, 0).Wait(); err != nil {
		t.Fatal(err)
	}
	if tags := everyTagReads(t, dir); len(tags) != versions {
		t.Errorf("tags %q, want %d", tags, versions)
	}
	leftovers(t, dir)
}

func closed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

func files(dir string) (n int) {
	_ = filepath.WalkDir(dir, func(string, fs.DirEntry, error) error { n++; return nil }) // races with the writer
	return n
}

func TestWaitingForTheLockCanBeCancelled(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), lockFile)
	held, err := lockedfile.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := awaitFile(ctx, name); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v, want %v", err, context.Canceled)
	}
	if err := held.Close(); err != nil {
		t.Fatal(err)
	}
	// Whoever was left waiting gives the lock back.
	again, err := awaitFile(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}
