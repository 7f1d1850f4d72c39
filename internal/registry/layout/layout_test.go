package layout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/manifest"
)

// pusherEnv makes the test binary push some versions and exit: for the tests
// with several processes.
const pusherEnv = "PACKS_TEST_LAYOUT_PUSHER"

func TestMain(m *testing.M) {
	if dir := os.Getenv(pusherEnv); dir != "" {
		os.Exit(pushSome(dir, os.Args[1]))
	}
	os.Exit(m.Run())
}

const repo = "spectro-packs/archive/nginx"

func open(t testing.TB, dir string) *Registry {
	t.Helper()
	r, err := New(manifest.Registry{Type: manifest.TypeLayout, Path: dir})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func art(t testing.TB, content string) *artifact.Artifact {
	t.Helper()
	a, err := artifact.New(artifact.Bytes("", []byte(content)), "nginx-1.0.0.tar.gz", artifact.Options{ContentDigest: "v1:x"})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func push(t testing.TB, r *Registry, tag, content string) *artifact.Artifact {
	t.Helper()
	a := art(t, content)
	if _, err := r.Push(context.Background(), repo, tag, a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	return a
}

func TestPushIsReadBack(t *testing.T) {
	t.Parallel()
	ctx, dir := context.Background(), filepath.Join(t.TempDir(), "not", "yet")
	r := open(t, dir)
	if _, _, err := r.Manifest(ctx, repo, "1.0.0"); !errors.Is(err, registry.ErrNotFound) || !errors.Is(err, registry.ErrNoRepository) {
		t.Errorf("before anything is there: %v", err)
	}
	if _, err := os.Stat(dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reading created the folder: %v", err)
	}
	var progress int64
	a := art(t, "layer")
	sent, err := r.Push(ctx, repo, "1.0.0", a, registry.Hint{Progress: func(n int64) { progress += n }})
	if want := int64(len("layer{}")) + a.Manifest.Size; err != nil || sent != want || progress != want {
		t.Errorf("sent %d, progress %d, %v; want %d", sent, progress, err, want)
	}
	for _, ref := range []string{"1.0.0", a.Manifest.Digest.String()} {
		desc, raw, err := r.Manifest(ctx, repo, ref)
		if err != nil || desc.Digest != a.Manifest.Digest || string(raw) != string(a.Bytes) || desc.MediaType != a.Manifest.MediaType {
			t.Errorf("%s: %+v %v", ref, desc, err)
		}
	}
	rc, err := r.Blob(ctx, repo, a.Layer.Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	if b, err := io.ReadAll(rc); err != nil || string(b) != "layer" {
		t.Errorf("layer %q, %v", b, err)
	}
	if err := rc.Close(); err != nil {
		t.Error(err)
	}
	if _, _, err := r.Manifest(ctx, repo, "2.0.0"); !errors.Is(err, registry.ErrNotFound) || errors.Is(err, registry.ErrNoRepository) {
		t.Errorf("missing version of a repository that is there: %v", err)
	}
	if sent, err := r.Push(ctx, repo, "1.0.0", a, registry.Hint{}); err != nil || sent != 0 {
		t.Errorf("the same again: sent %d, %v", sent, err)
	}
}

func TestTagsAndRepositoriesAreListed(t *testing.T) {
	t.Parallel()
	ctx, r := context.Background(), open(t, t.TempDir())
	if tags, err := r.Tags(ctx, repo); err != nil || len(tags) != 0 {
		t.Errorf("tags of nothing: %q, %v", tags, err)
	}
	if repos, err := r.Repositories(ctx); err != nil || len(repos) != 0 {
		t.Errorf("repositories of nothing: %q, %v", repos, err)
	}
	for _, tag := range []string{"1.10.0", "1.9.0", "nightly"} {
		push(t, r, tag, tag)
	}
	if _, err := r.Push(ctx, "spectro-packs/archive/blobs", "1.0.0", art(t, "x"), registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	if tags, err := r.Tags(ctx, repo); err != nil || !slices.Equal(tags, []string{"1.10.0", "1.9.0", "nightly"}) {
		t.Errorf("tags %q, %v", tags, err)
	}
	if repos, err := r.Repositories(ctx); err != nil || !slices.Equal(repos, []string{"spectro-packs/archive/blobs", repo}) {
		t.Errorf("repositories %q, %v", repos, err)
	}
}

func TestOverwriteMovesTheTag(t *testing.T) {
	t.Parallel()
	r := open(t, t.TempDir())
	push(t, r, "1.0.0", "old")
	a := push(t, r, "1.0.0", "new")
	desc, _, err := r.Manifest(context.Background(), repo, "1.0.0")
	if err != nil || desc.Digest != a.Manifest.Digest {
		t.Errorf("tag points to %s, %v; want %s", desc.Digest, err, a.Manifest.Digest)
	}
}

func TestBeforeTagStopsAPush(t *testing.T) {
	t.Parallel()
	r, stop := open(t, t.TempDir()), errors.New("moved meanwhile")
	_, err := r.Push(context.Background(), repo, "1.0.0", art(t, "x"), registry.Hint{BeforeTag: func(context.Context) error { return stop }})
	if !errors.Is(err, stop) {
		t.Errorf("error %v, want %v", err, stop)
	}
	if _, _, err := r.Manifest(context.Background(), repo, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("the tag is there: %v", err)
	}
}

func oras(t *testing.T, args ...string) string {
	t.Helper()
	program, err := filepath.Abs(filepath.Join("..", "..", "..", ".bin", "oras"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal("oras is missing: make tools")
		}
		t.Skip("oras is missing: make tools")
	}
	cmd := exec.Command(program, args...) //nolint:noctx // ends by itself
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir())
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("oras %q: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestOrasReadsWhatWeWrite(t *testing.T) {
	t.Parallel()
	dir, out := t.TempDir(), t.TempDir()
	r := open(t, dir)
	push(t, r, "1.0.0", "first")
	push(t, r, "1.1.0", "second")
	layout := filepath.Join(dir, filepath.FromSlash(repo))
	oras(t, "pull", "--oci-layout", layout+":1.1.0", "-o", out)
	if b, err := os.ReadFile(filepath.Join(out, "nginx-1.0.0.tar.gz")); err != nil || string(b) != "second" {
		t.Errorf("pulled %q, %v", b, err)
	}
	if tags := oras(t, "repo", "tags", "--oci-layout", layout); tags != "1.0.0\n1.1.0\n" {
		t.Errorf("tags %q", tags)
	}
}

func TestWeReadWhatOrasWrites(t *testing.T) {
	t.Parallel()
	dir, other := t.TempDir(), t.TempDir()
	layout := filepath.Join(dir, filepath.FromSlash(repo))
	if err := os.MkdirAll(layout, 0o755); err != nil {
		t.Fatal(err)
	}
	a := push(t, open(t, other), "1.0.0", "by oras")
	oras(t, "cp", "--from-oci-layout", filepath.Join(other, filepath.FromSlash(repo))+":1.0.0", "--to-oci-layout", layout+":9.0.0")
	r := open(t, dir)
	push(t, r, "1.0.0", "by us")
	desc, _, err := r.Manifest(context.Background(), repo, "9.0.0")
	if err != nil || desc.Digest != a.Manifest.Digest {
		t.Errorf("manifest %+v, %v; want %s", desc, err, a.Manifest.Digest)
	}
}

func TestManyGoroutinesAtOnce(t *testing.T) {
	t.Parallel()
	const versions = 32
	dir := t.TempDir()
	var g errgroup.Group
	for i := range versions {
		a := art(t, fmt.Sprint("content ", i))
		g.Go(func() error {
			r, err := New(manifest.Registry{Path: dir})
			if err != nil {
				return err
			}
			_, err = r.Push(context.Background(), repo, fmt.Sprintf("1.%d.0", i), a, registry.Hint{})
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if tags, err := open(t, dir).Tags(context.Background(), repo); err != nil || len(tags) != versions {
		t.Errorf("%d tags, %v; want %d", len(tags), err, versions)
	}
}

// pushSome is what the other processes do.
func pushSome(dir, name string) int {
	for i := range 12 {
		a, err := artifact.New(artifact.Bytes("", fmt.Append(nil, name, i)), "x.tar.gz", artifact.Options{})
		if err != nil {
			return 1
		}
		r := &Registry{path: dir, base: manifest.ArchivePath}
		if _, err := r.Push(context.Background(), repo, fmt.Sprint(name, ".", i), a, registry.Hint{}); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
	}
	return 0
}

func startPusher(t *testing.T, dir, name string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], name) //nolint:gosec,noctx // this test, again
	cmd.Env = append(os.Environ(), pusherEnv+"="+dir)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

func TestSeveralProcessesAtOnce(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var cmds []*exec.Cmd
	for _, name := range []string{"a", "b", "c", "d"} {
		cmds = append(cmds, startPusher(t, dir, name))
	}
	for _, cmd := range cmds {
		if err := cmd.Wait(); err != nil {
			t.Error(err)
		}
	}
	if tags, err := open(t, dir).Tags(context.Background(), repo); err != nil || len(tags) != 48 {
		t.Errorf("%d tags, %v; want 48", len(tags), err)
	}
	leftovers(t, dir)
}

// TestKilledProcessesLeaveNoTagWithoutContent kills a writer at as many moments
// as there are files to be seen, and lets another finish.
func TestKilledProcessesLeaveNoTagWithoutContent(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for range 6 {
		cmd := startPusher(t, dir, "k")
		before := files(dir)
		for files(dir) == before && cmd.Process.Signal(syscall.Signal(0)) == nil {
			runtime.Gosched()
		}
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
		everyTagReads(t, dir)
	}
	if err := startPusher(t, dir, "k").Wait(); err != nil {
		t.Fatal(err)
	}
	everyTagReads(t, dir)
	leftovers(t, dir)
}

func files(dir string) (n int) {
	_ = filepath.WalkDir(dir, func(string, os.DirEntry, error) error { n++; return nil }) // races with the writer
	return n
}

func everyTagReads(t *testing.T, dir string) {
	t.Helper()
	r := open(t, dir)
	tags, err := r.Tags(context.Background(), repo)
	if err != nil {
		t.Fatal(err)
	}
	for _, tag := range tags {
		desc, raw, err := r.Manifest(context.Background(), repo, tag)
		if err != nil {
			t.Fatalf("%s: %v", tag, err)
		}
		info, err := artifact.Inspect(desc, raw)
		if err != nil {
			t.Fatalf("%s: %v", tag, err)
		}
		rc, err := r.Blob(context.Background(), repo, info.Layer)
		if err != nil {
			t.Fatalf("%s: %v", tag, err)
		}
		if _, err := io.Copy(io.Discard, rc); err != nil {
			t.Errorf("%s: %v", tag, err)
		}
		if err := rc.Close(); err != nil {
			t.Error(err)
		}
	}
}

func leftovers(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(p string, _ os.DirEntry, err error) error {
		if strings.HasPrefix(filepath.Base(p), tempPrefix) {
			t.Errorf("temporary file %s stays", p)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestDamagedLayoutsAreToldApart(t *testing.T) {
	t.Parallel()
	layout := filepath.FromSlash(repo)
	tests := map[string]struct {
		damage func(dir string, a *artifact.Artifact) error
		want   string
	}{
		"half an index": {func(dir string, _ *artifact.Artifact) error {
			return os.WriteFile(filepath.Join(dir, layout, "index.json"), []byte(`{"manifests":[{`), 0o600)
		}, "index.json"},
		"no marker": {func(dir string, _ *artifact.Artifact) error {
			return os.Remove(filepath.Join(dir, layout, "oci-layout"))
		}, "no oci-layout"},
		"other version": {func(dir string, _ *artifact.Artifact) error {
			return os.WriteFile(filepath.Join(dir, layout, "oci-layout"), []byte(`{"imageLayoutVersion":"9.9.9"}`), 0o600)
		}, `"9.9.9"`},
		"missing blob": {func(dir string, a *artifact.Artifact) error {
			return os.Remove(filepath.Join(dir, layout, "blobs", "sha256", a.Manifest.Digest.Encoded()))
		}, "is missing"},
		"wrong size": {func(dir string, a *artifact.Artifact) error {
			return os.Truncate(filepath.Join(dir, layout, "blobs", "sha256", a.Manifest.Digest.Encoded()), 10)
		}, "10 bytes instead of"},
		"wrong bytes": {func(dir string, a *artifact.Artifact) error {
			other := strings.Repeat("x", len(a.Bytes))
			return os.WriteFile(filepath.Join(dir, layout, "blobs", "sha256", a.Manifest.Digest.Encoded()), []byte(other), 0o600)
		}, "holds sha256:"},
		"bad digest": {func(dir string, _ *artifact.Artifact) error {
			raw, err := json.Marshal(ocispec.Index{Manifests: []ocispec.Descriptor{{
				Digest: "sha256:../../x", Annotations: map[string]string{ocispec.AnnotationRefName: "1.0.0"},
			}}})
			if err != nil {
				return err
			}
			return os.WriteFile(filepath.Join(dir, layout, "index.json"), raw, 0o600)
		}, "digest"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			r := open(t, dir)
			a := push(t, r, "1.0.0", "x")
			if err := tt.damage(dir, a); err != nil {
				t.Fatal(err)
			}
			_, _, err := r.Manifest(context.Background(), repo, "1.0.0")
			var re *registry.Error
			if !errors.Is(err, registry.ErrCorrupt) || !errors.As(err, &re) || re.Hint == "" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want ErrCorrupt with %q and a hint", err, tt.want)
			}
		})
	}
}

func TestPushMendsADamagedBlob(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	a := push(t, r, "1.0.0", "layer")
	name := filepath.Join(dir, filepath.FromSlash(repo), "blobs", "sha256", a.Layer.Digest.Encoded())
	if err := os.WriteFile(name, []byte("LAYER"), 0o600); err != nil {
		t.Fatal(err)
	}
	push(t, r, "1.0.0", "layer")
	everyTagReads(t, dir)
}

func TestForeignEntriesOfTheIndexAreKept(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	layout := filepath.Join(dir, filepath.FromSlash(repo))
	if err := os.MkdirAll(layout, 0o755); err != nil {
		t.Fatal(err)
	}
	foreign := `{"schemaVersion":2,"annotations":{"who":"somebody"},"x-extra":1,"manifests":[{"mediaType":"m","digest":"sha256:` + strings.Repeat("0", 64) + `","size":1}]}`
	for name, text := range map[string]string{"index.json": foreign, "oci-layout": `{"imageLayoutVersion":"1.0.0"}`} {
		if err := os.WriteFile(filepath.Join(layout, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	push(t, open(t, dir), "1.0.0", "x")
	raw, err := os.ReadFile(filepath.Join(layout, "index.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"who":"somebody"`, `"x-extra":1`, "sha256:" + strings.Repeat("0", 64), `"1.0.0"`} {
		if !strings.Contains(string(raw), want) {
			t.Errorf("index.json lost %s: %s", want, raw)
		}
	}
}

func TestPathsThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := open(t, file).Push(context.Background(), repo, "1.0.0", art(t, "x"), registry.Hint{})
	var re *registry.Error
	if !errors.As(err, &re) || !strings.Contains(re.Hint, "must be a folder") {
		t.Errorf("path that is a file: %v", err)
	}
	if _, err := New(manifest.Registry{}); err == nil {
		t.Error("a layout without path is accepted")
	}
}

// mount mounts a small file system, or skips the test where that is not allowed.
func mount(t *testing.T, options string) string {
	t.Helper()
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		t.Skip("mounting a small file system needs root on Linux")
	}
	dir := t.TempDir()
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", options, "tmpfs", dir).CombinedOutput(); err != nil { //nolint:noctx,gosec // ends by itself
		t.Skipf("mount: %v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", dir).CombinedOutput(); err != nil { //nolint:noctx,gosec // ends by itself
			t.Errorf("umount: %v: %s", err, out)
		}
	})
	return dir
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	dir := mount(t, "size=256k")
	r := open(t, dir)
	push(t, r, "1.0.0", "small")
	_, err := r.Push(context.Background(), repo, "2.0.0", art(t, strings.Repeat("x", 1<<20)), registry.Hint{})
	var re *registry.Error
	if !errors.Is(err, syscall.ENOSPC) || !errors.As(err, &re) || !strings.Contains(re.Hint, "disk is full") {
		t.Errorf("error %v", err)
	}
	if tags, err := r.Tags(context.Background(), repo); err != nil || len(tags) != 1 {
		t.Errorf("tags %q, %v", tags, err)
	}
	leftovers(t, dir)
	everyTagReads(t, dir)
}

func TestReadOnlyFolder(t *testing.T) {
	t.Parallel()
	dir := mount(t, "ro")
	_, err := open(t, dir).Push(context.Background(), repo, "1.0.0", art(t, "x"), registry.Hint{})
	var re *registry.Error
	if !errors.As(err, &re) || !strings.Contains(re.Hint, "read-only") {
		t.Errorf("error %v", err)
	}
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"manifests":[{"digest":"sha256:x","annotations":{"org.opencontainers.image.ref.name":"1"}}]}`))
	f.Add([]byte(`{"manifests":{}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		ix, err := parseIndex(raw)
		if err != nil {
			return
		}
		ix.set("1.0.0", ocispec.Descriptor{Digest: "sha256:new"})
		out, err := ix.encode()
		if err != nil {
			t.Fatal(err)
		}
		again, err := parseIndex(out)
		if err != nil {
			t.Fatalf("what was written cannot be read: %v", err)
		}
		if d, ok := again.find("1.0.0"); !ok || d.Digest != "sha256:new" {
			t.Errorf("the tag is lost: %+v", d)
		}
	})
}
