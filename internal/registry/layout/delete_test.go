package layout

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"

	"github.com/packs-cli/packs/internal/artifact"
	"github.com/packs-cli/packs/internal/registry"
)

func deletion(tag string, a *artifact.Artifact, sidecars ...string) registry.Deletion {
	return registry.Deletion{Repository: repo, Tag: tag, Digest: a.Manifest.Digest, Sidecars: sidecars}
}

// blobs lists the digests of the blobs on the disk, sorted.
func blobs(t *testing.T, dir string) []digest.Digest {
	t.Helper()
	entries, err := os.ReadDir(inLayout(dir, "blobs", "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	var all []digest.Digest
	for _, e := range entries {
		all = append(all, digest.NewDigestFromEncoded(digest.SHA256, e.Name()))
	}
	slices.Sort(all)
	return all
}

// digestsOf are the blobs that artifacts consist of, sorted.
func digestsOf(all ...*artifact.Artifact) []digest.Digest {
	var digests []digest.Digest
	for _, a := range all {
		digests = append(digests, a.Manifest.Digest, a.Config.Digest, a.Layer.Digest)
	}
	slices.Sort(digests)
	return slices.Compact(digests)
}

// referrer pushes a manifest with a subject, under a tag or by its digest.
func referrer(t *testing.T, r *Registry, tag, content string, subject ocispec.Descriptor) *artifact.Artifact {
	t.Helper()
	a := art(t, content)
	var m map[string]any
	if err := json.Unmarshal(a.Bytes, &m); err != nil {
		t.Fatal(err)
	}
	m["subject"] = subject
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	a.Bytes = raw
	a.Manifest.Digest, a.Manifest.Size = digest.FromBytes(raw), int64(len(raw))
	if _, err := r.Push(t.Context(), repo, tag, a, registry.Hint{}); err != nil {
		t.Fatal(err)
	}
	return a
}

func sidecarOf(a *artifact.Artifact) string { return "sha256-" + a.Manifest.Digest.Encoded() + ".sig" }

func TestDeleteLeavesEverythingElse(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	first, second := push(t, r, "1.0.0", "first"), push(t, r, "1.1.0", "second")
	push(t, r, "1.0.0-again", "first")
	overwritten := push(t, r, "1.2.0", "overwritten")
	third := push(t, r, "1.2.0", "third")
	all := digestsOf(first, second, overwritten, third)

	if err := r.Delete(t.Context(), deletion("1.0.0", first)); err != nil {
		t.Fatal(err)
	}
	if got := blobs(t, dir); !slices.Equal(got, all) {
		t.Errorf("one of two tags took blobs along: %q, want %q", got, all)
	}
	if err := r.Delete(t.Context(), deletion("1.0.0-again", first)); err != nil {
		t.Fatal(err)
	}
	if got, want := blobs(t, dir), digestsOf(second, overwritten, third); !slices.Equal(got, want) {
		t.Errorf("blobs %q, want %q", got, want)
	}
	if tags := everyTagReads(t, dir); !slices.Equal(tags, []string{"1.1.0", "1.2.0"}) {
		t.Errorf("tags %q", tags)
	}
	if _, _, err := r.Manifest(t.Context(), repo, overwritten.Manifest.Digest.String()); err != nil {
		t.Errorf("what was overwritten long ago: %v", err)
	}
	if tags := oras(t, "repo", "tags", "--oci-layout", inLayout(dir)); tags != "1.1.0\n1.2.0\n" {
		t.Errorf("oras sees %q", tags)
	}
	if _, err := os.Stat(inLayout(dir, garbageFile)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the list of garbage: %v", err)
	}
}

func TestDeleteRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	old, now := art(t, "old"), push(t, r, "1.0.0", "new")
	ended, end := context.WithCancel(t.Context())
	end()
	tests := map[string]struct {
		ctx  context.Context //nolint:containedctx // of a case
		d    registry.Deletion
		want error
	}{
		"moved":         {t.Context(), deletion("1.0.0", old), registry.ErrMoved},
		"no such tag":   {t.Context(), deletion("2.0.0", now), registry.ErrNotFound},
		"empty tag":     {t.Context(), deletion("", now), registry.ErrNotFound},
		"no repository": {t.Context(), registry.Deletion{Repository: repo + "x", Tag: "1.0.0", Digest: now.Manifest.Digest}, registry.ErrNoRepository},
		"ended":         {ended, deletion("1.0.0", now), context.Canceled},
	}
	for name, tt := range tests {
		if err := r.Delete(tt.ctx, tt.d); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", name, err, tt.want)
		}
	}
	if tags := everyTagReads(t, dir); !slices.Equal(tags, []string{"1.0.0"}) {
		t.Errorf("tags %q", tags)
	}
}

func TestSidecarsGoWithTheLastTag(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	signed := push(t, r, "1.0.0", "signed")
	push(t, r, "1.0.1", "signed")
	other := push(t, r, "2.0.0", "other")
	otherSignature := push(t, r, sidecarOf(other), "signature of the other")
	signature := push(t, r, sidecarOf(signed), "signature")
	attached := referrer(t, r, "", "sbom", signed.Manifest)
	onAttached := digestsOf(attached)

	if err := r.Delete(t.Context(), deletion("1.0.0", signed, sidecarOf(signed))); err != nil {
		t.Fatal(err)
	}
	if got, want := blobs(t, dir), digestsOf(signed, other, otherSignature, signature, attached); !slices.Equal(got, want) {
		t.Errorf("blobs %q, want all %q", got, want)
	}
	if err := r.Delete(t.Context(), deletion("1.0.1", signed, sidecarOf(signed))); err != nil {
		t.Fatal(err)
	}
	if got, want := blobs(t, dir), digestsOf(other, otherSignature); !slices.Equal(got, want) {
		t.Errorf("blobs %q, want %q (%q was attached)", got, want, onAttached)
	}
	if tags := everyTagReads(t, dir); !slices.Equal(tags, []string{"2.0.0", sidecarOf(other)}) {
		t.Errorf("tags %q", tags)
	}
}

// TestDamagedNeighbour keeps blobs whose use cannot be told, and lets a damaged
// version itself be deleted.
func TestDamagedNeighbour(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	a, b := push(t, r, "1.0.0", "one"), push(t, r, "2.0.0", "two")
	if err := write600(blobFile(dir, a.Manifest.Digest), strings.Repeat("x", len(a.Bytes))); err != nil {
		t.Fatal(err)
	}
	before := blobs(t, dir)
	err := r.Delete(t.Context(), deletion("2.0.0", b))
	if !errors.Is(err, registry.ErrCorrupt) || !strings.Contains(err.Error(), "garbage") {
		t.Errorf("error %v", err)
	}
	if got := blobs(t, dir); !slices.Equal(got, before) {
		t.Errorf("blobs %q, want %q", got, before)
	}
	if _, _, err := r.Manifest(t.Context(), repo, "2.0.0"); err != nil {
		t.Error(err)
	}
	if err := r.Delete(t.Context(), deletion("1.0.0", a)); err != nil {
		t.Errorf("the damaged version: %v", err)
	}
	if tags := everyTagReads(t, dir); !slices.Equal(tags, []string{"2.0.0"}) {
		t.Errorf("tags %q", tags)
	}
}

func TestPushTimesAreThoseOfTheFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	if times, err := r.PushTimes(t.Context(), repo); err != nil || len(times) != 0 {
		t.Errorf("of no repository: %v, %v", times, err)
	}
	a := push(t, r, "1.0.0", "one")
	push(t, r, "2.0.0", "two")
	info, err := os.Stat(blobFile(dir, a.Manifest.Digest))
	if err != nil {
		t.Fatal(err)
	}
	long := info.ModTime().AddDate(0, -3, 0)
	if err := os.Chtimes(blobFile(dir, a.Manifest.Digest), long, long); err != nil {
		t.Fatal(err)
	}
	times, err := r.PushTimes(t.Context(), repo)
	if err != nil || len(times) != 2 || !times["1.0.0"].Equal(long) || !times["2.0.0"].After(long) {
		t.Errorf("%v, %v", times, err)
	}
}

func TestDeleteRepository(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	if err := r.DeleteRepository(t.Context(), repo); err != nil {
		t.Errorf("one that is not there: %v", err)
	}
	a := push(t, r, "1.0.0", "one")
	if err := r.DeleteRepository(t.Context(), repo); !errors.Is(err, registry.ErrNotEmpty) {
		t.Errorf("one with a version: %v", err)
	}
	if err := r.Delete(t.Context(), deletion("1.0.0", a)); err != nil {
		t.Fatal(err)
	}
	if got := blobs(t, dir); len(got) != 0 {
		t.Errorf("blobs %q stay", got)
	}
	if err := r.DeleteRepository(t.Context(), repo); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Dir(inLayout(dir)))
	if err != nil || len(entries) != 0 {
		t.Errorf("%v stays, %v", entries, err)
	}
	push(t, r, "1.0.0", "again")
	if tags := everyTagReads(t, dir); !slices.Equal(tags, []string{"1.0.0"}) {
		t.Errorf("tags %q", tags)
	}
}

func TestSweepFinishesWhatWasCutShort(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	if err := r.Sweep(t.Context()); err != nil {
		t.Errorf("of nothing: %v", err)
	}
	a, b := push(t, r, "1.0.0", "one"), push(t, r, "2.0.0", "two")
	f, err := r.open(repo)
	if err != nil {
		t.Fatal(err)
	}
	defer f.close()
	list, err := json.Marshal([]digest.Digest{a.Manifest.Digest, a.Layer.Digest, "../../x"})
	if err != nil {
		t.Fatal(err)
	}
	// Cut short before index.json changed: nothing is garbage.
	if err := f.file(garbageFile, put(list)); err != nil {
		t.Fatal(err)
	}
	if err := r.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := blobs(t, dir), digestsOf(a, b); !slices.Equal(got, want) {
		t.Errorf("blobs %q, want %q", got, want)
	}
	// Cut short after it, with one blob removed; and a repository half removed.
	x, _, err := f.readIndex()
	if err != nil {
		t.Fatal(err)
	}
	x.removeTag("1.0.0")
	raw, err := x.encode()
	if err != nil {
		t.Fatal(err)
	}
	gone := filepath.Join(filepath.Dir(inLayout(dir)), gonePrefix+"redis")
	err = errors.Join(
		f.file(garbageFile, put(list)), f.file(ocispec.ImageIndexFile, put(raw)), os.Remove(blobFile(dir, a.Layer.Digest)),
		os.MkdirAll(filepath.Join(gone, "blobs"), 0o750),
	)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Sweep(t.Context()); err != nil {
		t.Fatal(err)
	}
	if got, want := blobs(t, dir), digestsOf(b); !slices.Equal(got, want) {
		t.Errorf("blobs %q, want %q", got, want)
	}
	for _, name := range []string{gone, inLayout(dir, garbageFile)} {
		if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s stays: %v", name, err)
		}
	}
	everyTagReads(t, dir)
}

func TestHostileListOfGarbage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := open(t, dir)
	a := push(t, r, "1.0.0", "one")
	for _, text := range []string{"{", `["sha256:x","../../../../etc/passwd"]`, `[1]`} {
		if err := write600(inLayout(dir, garbageFile), text); err != nil {
			t.Fatal(err)
		}
		if err := r.Sweep(t.Context()); err != nil && !errors.Is(err, registry.ErrCorrupt) {
			t.Errorf("%s: %v", text, err)
		}
		if got, want := blobs(t, dir), digestsOf(a); !slices.Equal(got, want) {
			t.Errorf("%s: blobs %q, want %q", text, got, want)
		}
	}
}
