package oci

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"golang.org/x/sync/errgroup"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
	"github.com/packs-cli/packs/internal/registrytest"
)

func TestPushedVersionIsRead(t *testing.T) {
	t.Parallel()
	r := at(t, registrytest.Start(t, registrytest.Options{}))
	if tags, err := r.Tags(t.Context(), repository); err != nil || len(tags) != 0 {
		t.Errorf("tags %v, %v before the first push, want none", tags, err)
	}
	_, _, err := r.Manifest(t.Context(), repository, "1.0.0")
	if !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("%v before the push, want not found", err)
	}
	want := []string{"1.0.0", "1.0.1", "2.0.0-rc.1"}
	for _, v := range want {
		a := version(t, v)
		var progress int64
		sent, err := r.Push(t.Context(), repository, v, a, registry.Hint{Progress: func(n int64) { progress += n }})
		if err != nil {
			t.Fatal(err)
		}
		config := a.Config.Size
		if v != want[0] {
			config = 0 // it is there
		}
		if total := a.Layer.Size + a.Manifest.Size + config; sent != total || progress != a.Layer.Size {
			t.Errorf("%s: sent %d with progress %d, want %d and %d", v, sent, progress, total, a.Layer.Size)
		}
		holdsVersion(t, r, repository, v, a)
		holdsVersion(t, r, repository, a.Manifest.Digest.String(), a)
	}
	if tags, err := r.Tags(t.Context(), repository); err != nil || !slices.Equal(tags, want) {
		t.Errorf("tags %v, %v; want %v", tags, err, want)
	}
}

func TestRequestsAreAsFewAsTheProtocolAllows(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := at(t, s)
	step := func(name string, want []string, do func() error) {
		t.Helper()
		s.Reset()
		if err := do(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got := short(s.Requests()); !slices.Equal(got, want) {
			t.Errorf("%s:\n got %v\nwant %v", name, got, want)
		}
	}
	push := func(r *Registry, repo, v string, hint registry.Hint) func() error {
		return func() error {
			_, err := r.Push(t.Context(), repo, v, version(t, v), hint)
			return err
		}
	}
	layer := []string{"POST blobs/uploads 202", "PUT blobs/uploads 201", "PUT manifests 201"}
	full := []string{"POST blobs/uploads 202", "POST blobs/uploads 202", "PUT blobs/uploads 201", "PUT blobs/uploads 201", "PUT manifests 201"}
	step("first version of all", full, push(r, repository, "1.0.0", noHint))
	step("unchanged", []string{"GET manifests 200"}, func() error {
		_, _, err := r.Manifest(t.Context(), repository, "1.0.0")
		return err
	})
	step("missing", []string{"GET manifests 404"}, func() error {
		if _, _, err := r.Manifest(t.Context(), repository, "9.9.9"); !errors.Is(err, registry.ErrNotFound) {
			return err
		}
		return nil
	})
	step("further version in the same run", layer, push(r, repository, "1.0.1", noHint))
	step("further version in another run", layer, push(at(t, s), repository, "1.0.2", registry.Hint{HasConfig: true}))
	step("another pack, by mounting", append([]string{"POST blobs/uploads 202", "POST mount 201"}, layer[1:]...), push(r, repository+"-2", "1.0.0", noHint))
	other := at(t, s)
	step("another pack in another run, mounted from where it was seen", append([]string{"POST blobs/uploads 202", "POST mount 201"}, layer[1:]...), func() error {
		if err := push(other, repository, "1.0.3", registry.Hint{HasConfig: true})(); err != nil {
			return err
		}
		s.Reset()
		return push(other, repository+"-3", "1.0.0", noHint)()
	})
}

func TestBasePath(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := at(t, s)
	const base = "team-a/spectro-packs/archive"
	if there, err := r.HasBasePath(t.Context(), base); err != nil || there {
		t.Fatalf("%v, %v before it is made", there, err)
	}
	if err := r.CreateBasePath(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	other := at(t, s)
	s.Reset()
	if there, err := other.HasBasePath(t.Context(), base); err != nil || !there {
		t.Errorf("%v, %v after it was made", there, err)
	}
	if got := short(s.Requests()); !slices.Equal(got, []string{"HEAD manifests 200"}) {
		t.Errorf("requests %v, want one HEAD", got)
	}
	s.Reset()
	if _, err := other.Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint); err != nil {
		t.Fatal(err)
	}
	if got := short(s.Requests()); len(got) != 4 || !slices.Contains(got, "POST mount 201") {
		t.Errorf("requests %v, want the config blob mounted from the base path", got)
	}
}

func TestManyVersionsOfOnePackAtOnce(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := at(t, s)
	const versions = 48
	var g errgroup.Group
	for i := range versions {
		g.Go(func() error {
			v := fmt.Sprintf("1.0.%d", i)
			_, err := r.Push(t.Context(), repository, v, version(t, v), noHint)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	requests := s.Requests()
	if len(requests) != 3*versions+2 {
		t.Errorf("%d requests for %d versions, want %d: the config blob goes once", len(requests), versions, 3*versions+2)
	}
	for _, req := range requests {
		if req.Status >= http.StatusBadRequest {
			t.Errorf("%v", req)
		}
	}
	for i := range versions {
		v := fmt.Sprintf("1.0.%d", i)
		holdsVersion(t, r, repository, v, version(t, v))
	}
}

func TestManyPacksAtOnceShareTheConfigBlob(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := at(t, s)
	var g errgroup.Group
	for i := range 64 {
		g.Go(func() error {
			v := fmt.Sprintf("1.%d.0", i/8)
			_, err := r.Push(t.Context(), fmt.Sprintf("%s%d", repository, i%8), v, version(t, v), noHint)
			return err
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	for _, req := range s.Requests() {
		if req.Status >= http.StatusBadRequest {
			t.Errorf("%v", req)
		}
	}
}

// oras runs the oras CLI in a folder, with no login and no home of its own.
func oras(t *testing.T, dir string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), registrytest.Tool(t, "oras"), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "DOCKER_CONFIG="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("oras %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

func TestOrasPullsWhatWasPushed(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	a := version(t, "1.0.0")
	if _, err := at(t, s).Push(t.Context(), repository, "1.0.0", a, noHint); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	oras(t, dir, "pull", "--plain-http", s.Host+"/"+repository+":1.0.0")
	got, err := os.ReadFile(filepath.Join(dir, "nginx-1.0.0.tar.gz"))
	if err != nil || string(got) != "archive of 1.0.0" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestManifestIsThatOfOras(t *testing.T) {
	t.Parallel()
	s := registrytest.Start(t, registrytest.Options{})
	r := at(t, s)
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "nginx-1.0.0.tar.gz"), []byte("archive of 1.0.0"), 0o600); err != nil {
		t.Fatal(err)
	}
	created := "2026-11-24T01:02:03Z"
	oras(t, dir, "push", "--plain-http", "--image-spec", "v1.0", "--annotation", ocispec.AnnotationCreated+"="+created,
		s.Host+"/"+repository+":by-oras", "nginx-1.0.0.tar.gz")
	_, theirs, err := r.Manifest(t.Context(), repository, "by-oras")
	if err != nil {
		t.Fatal(err)
	}
	a, err := artifact.New(artifact.Bytes("", []byte("archive of 1.0.0")), "nginx-1.0.0.tar.gz", artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Push(t.Context(), repository, "by-packs", a, noHint); err != nil {
		t.Fatal(err)
	}
	_, ours, err := r.Manifest(t.Context(), repository, "by-packs")
	if err != nil {
		t.Fatal(err)
	}
	if ours = bytes.ReplaceAll(ours, []byte("1970-01-01T00:00:00Z"), []byte(created)); !bytes.Equal(ours, theirs) {
		t.Errorf("ours\n%s\ntheirs\n%s", ours, theirs)
	}
}

func TestBeforeTagStopsAPushWhoseBlobsAreThere(t *testing.T) {
	t.Parallel()
	r := at(t, registrytest.Start(t, registrytest.Options{}))
	a, stop := version(t, "1.0.0"), errors.New("somebody else was faster")
	_, err := r.Push(t.Context(), repository, "1.0.0", a, registry.Hint{BeforeTag: func(ctx context.Context) error {
		for _, b := range []artifact.Blob{a.Config, *a.Layer} {
			if there, err := r.hasBlob(ctx, repository, b.Descriptor); err != nil || !there {
				t.Errorf("blob %s is not there before the tag: %v", b.Digest, err)
			}
		}
		return stop
	}})
	if err != stop { //nolint:errorlint // as it is, says the interface
		t.Errorf("%v, want the error itself", err)
	}
	if _, _, err := r.Manifest(t.Context(), repository, "1.0.0"); !errors.Is(err, registry.ErrNotFound) {
		t.Errorf("%v, want no tag", err)
	}
}

func TestReadOnlyServer(t *testing.T) {
	t.Parallel()
	r := at(t, registrytest.Start(t, registrytest.Options{ReadOnly: true}))
	_, err := r.Push(t.Context(), repository, "1.0.0", version(t, "1.0.0"), noHint)
	var e *registry.Error
	if !errors.As(err, &e) || !strings.Contains(err.Error(), "405") || e.Hint == "" {
		t.Errorf("%v, want 405 and a hint", err)
	}
}

func TestLargeLayerStreams(t *testing.T) {
	t.Parallel()
	r := at(t, registrytest.Start(t, registrytest.Options{}))
	b := bytes.Repeat([]byte("0123456789abcdef"), 1<<20)
	a, err := artifact.New(artifact.Bytes("", b), "large-1.0.0.tar.gz", artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	var progress int64
	if _, err := r.Push(t.Context(), repository, "1.0.0", a, registry.Hint{Progress: func(n int64) { progress += n }}); err != nil {
		t.Fatal(err)
	}
	rc, err := r.Blob(t.Context(), repository, a.Layer.Descriptor)
	if err != nil {
		t.Fatal(err)
	}
	defer rc.Close()
	if n, err := io.Copy(io.Discard, rc); err != nil || n != int64(len(b)) || progress != n {
		t.Errorf("%d bytes with progress %d, %v", n, progress, err)
	}
}
