package layout

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// deleterEnv makes the test binary a process that deletes every version of a
// folder whose tag begins with "d.".
const (
	deleterEnv   = "PACKS_TEST_LAYOUT_DELETER"
	doomedPrefix = "d."
)

func deleteAll(dir string) error {
	r, err := New(manifest.Registry{Type: manifest.TypeLayout, Path: dir})
	if err != nil {
		return err
	}
	ctx := context.Background()
	if err := r.Sweep(ctx); err != nil {
		return err
	}
	tags, err := r.Tags(ctx, repo)
	if err != nil {
		return err
	}
	for _, tag := range tags {
		if !strings.HasPrefix(tag, doomedPrefix) {
			continue
		}
		desc, _, err := r.Manifest(ctx, repo, tag)
		if errors.Is(err, registry.ErrNotFound) {
			continue // another process was quicker
		}
		if err != nil {
			return err
		}
		err = r.Delete(ctx, registry.Deletion{Repository: repo, Tag: tag, Digest: desc.Digest})
		if err != nil && !errors.Is(err, registry.ErrNotFound) {
			return err
		}
	}
	return nil
}

func startDeleter(t *testing.T, dir string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), deleterEnv+"="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// onlyNeededBlobs fails where a layout holds a blob that nothing names.
func onlyNeededBlobs(t *testing.T, dir string) {
	t.Helper()
	f, err := open(t, dir).open(repo)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	x, _, err := f.readIndex()
	if err != nil {
		t.Fatal(err)
	}
	orphans, err := f.unreached(x, blobs(t, dir))
	if err != nil || len(orphans) > 0 {
		t.Errorf("blobs that nothing names: %q, %v", orphans, err)
	}
}

// TestDeletersAndWritersAtOnce deletes versions in two processes while two
// others publish some of the same content under other tags.
func TestDeletersAndWritersAtOnce(t *testing.T) {
	t.Parallel()
	const versions = 12
	dir := t.TempDir()
	r := open(t, dir)
	for i := range versions { // what a writer with the prefix w pushes, under other tags
		push(t, r, fmt.Sprint(doomedPrefix, i), content(fmt.Sprint("w.", i)))
	}
	cmds := []*exec.Cmd{
		startDeleter(t, dir), startWriter(t, dir, "w", versions, 0), startDeleter(t, dir), startWriter(t, dir, "v", versions, 0),
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	tags := everyTagReads(t, dir)
	if len(tags) != 2*versions || slices.ContainsFunc(tags, func(s string) bool { return strings.HasPrefix(s, "d") }) {
		t.Errorf("tags %q", tags)
	}
	leftovers(t, dir)
	onlyNeededBlobs(t, dir)
}

// TestDeleterKilledAnywhere kills a deleter as soon as a file more or fewer is
// to be seen, until it has nothing left to do.
func TestDeleterKilledAnywhere(t *testing.T) {
	t.Parallel()
	const doomed, kept = 12, 3
	dir := t.TempDir()
	r := open(t, dir)
	for i := range doomed {
		push(t, r, fmt.Sprint(doomedPrefix, i), fmt.Sprint("doomed ", i/2)) // each manifest has two tags
	}
	var want []digest.Digest
	for i := range kept {
		want = append(want, digestsOf(push(t, r, fmt.Sprint("k.", i), fmt.Sprint("kept ", i)))...)
	}
	slices.Sort(want)
	want = slices.Compact(want)
	for range 2 * doomed {
		cmd := startDeleter(t, dir)
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
		if tags := everyTagReads(t, dir); len(tags) < kept {
			t.Fatalf("tags %q", tags)
		}
	}
	if err := startDeleter(t, dir).Wait(); err != nil {
		t.Fatal(err)
	}
	if tags := everyTagReads(t, dir); !slices.Equal(tags, []string{"k.0", "k.1", "k.2"}) {
		t.Errorf("tags %q", tags)
	}
	if got := blobs(t, dir); !slices.Equal(got, want) {
		t.Errorf("blobs %q, want %q", got, want)
	}
	leftovers(t, dir)
}

// TestRepositoryDeletedUnderWriters lets writers find the repository deleted
// again and again.
func TestRepositoryDeletedUnderWriters(t *testing.T) {
	t.Parallel()
	const rounds = 40
	dir := t.TempDir()
	ctx := context.WithoutCancel(t.Context())
	var g errgroup.Group
	for worker := range 2 {
		r, a := open(t, dir), art(t, fmt.Sprint("content ", worker)) // as processes of their own
		tag := fmt.Sprint(worker, ".0")
		g.Go(func() error {
			for range rounds {
				if _, err := r.Push(ctx, repo, tag, a, registry.Hint{}); err != nil {
					return err
				}
				if _, _, err := r.Manifest(ctx, repo, tag); err != nil {
					return err
				}
				if err := r.Delete(ctx, deletion(tag, a)); err != nil {
					return err
				}
				if err := r.DeleteRepository(ctx, repo); err != nil && !errors.Is(err, registry.ErrNotEmpty) {
					return err
				}
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Error(err)
	}
}
