package cache

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"

	"github.com/packs-cli/packs/internal/pack"
)

const (
	contentA = "v1:sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	contentB = "v1:sha256:bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

func stamp(n byte, newest time.Time) pack.Stamp {
	return pack.Stamp{Sum: [32]byte{n}, Newest: newest}
}

func TestFoldersRememberWhatDidNotChange(t *testing.T) {
	t.Parallel()
	dir, folder := t.TempDir(), t.TempDir()
	now := time.Unix(1_000_000, 0)
	f := OpenFolders(dir, "/packs.yaml")
	f.Put(folder, stamp(1, now.Add(-time.Minute)), now, contentA, 7)
	f.Put("/gone", stamp(1, now.Add(-time.Minute)), now, contentA, 7)
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	f = OpenFolders(dir, "/packs.yaml")
	if d, n, ok := f.Get(folder, stamp(1, now)); !ok || d != contentA || n != 7 {
		t.Errorf("got %q, %d, %v", d, n, ok)
	}
	if _, _, ok := f.Get(folder, stamp(2, now)); ok {
		t.Error("another stamp is answered")
	}
	if _, _, ok := f.Get("/gone", stamp(1, now)); ok {
		t.Error("a folder that is gone is remembered")
	}
	if _, _, ok := OpenFolders(dir, "/other/packs.yaml").Get(folder, stamp(1, now)); ok {
		t.Error("another catalog gets the answer")
	}
}

func TestFoldersThatChangedJustNowAreNotRemembered(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_000_000, 0)
	f := OpenFolders(t.TempDir(), "c")
	for _, newest := range []time.Time{now, now.Add(-racy / 2), now.Add(time.Hour)} {
		f.Put("/p", stamp(1, newest), now, contentA, 1)
		if _, _, ok := f.Get("/p", stamp(1, newest)); ok {
			t.Errorf("remembered a folder that changed %v before", now.Sub(newest))
		}
	}
}

func TestDamagedFoldersAreEmpty(t *testing.T) {
	t.Parallel()
	dir, folder := t.TempDir(), t.TempDir()
	now := time.Unix(1_000_000, 0)
	f := OpenFolders(dir, "c")
	f.Put(folder, stamp(1, time.Time{}), now, contentA, 1)
	if err := f.Save(); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(f.file)
	if err != nil {
		t.Fatal(err)
	}
	for name, raw := range map[string][]byte{
		"empty": nil, "cut": whole[:len(whole)-3], "foreign": []byte("{}"), "other version": bytes.Replace(whole, []byte("v2 "), []byte("v9 "), 1),
		"edited": bytes.Replace(whole, []byte("aaaa"), []byte("bbbb"), 1),
	} {
		if err := os.WriteFile(f.file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, _, ok := OpenFolders(dir, "c").Get(folder, stamp(1, time.Time{})); ok {
			t.Errorf("%s: answered", name)
		}
	}
}

func TestLayersAreRememberedForEver(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "not", "yet")
	one, two := digest.FromString("1"), digest.FromString("2")
	for _, l := range []*Layers{OpenLayers(dir), OpenLayers(dir)} {
		for range 2 {
			if err := l.Put(one, contentA); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := OpenLayers(dir).Put(two, contentB); err != nil {
		t.Fatal(err)
	}
	l := OpenLayers(dir)
	for d, want := range map[digest.Digest]string{one: contentA, two: contentB, digest.FromString("3"): ""} {
		if got, ok := l.Get(d); got != want || ok != (want != "") {
			t.Errorf("%s: %q, %v", d, got, ok)
		}
	}
	raw, err := os.ReadFile(l.file)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(raw), "\n"); n != 2 {
		t.Errorf("%d lines, want 2", n)
	}
}

func TestDamagedLinesAreOverlooked(t *testing.T) {
	t.Parallel()
	dir, one := t.TempDir(), digest.FromString("1")
	if err := OpenLayers(dir).Put(one, contentA); err != nil {
		t.Fatal(err)
	}
	file := OpenLayers(dir).file
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	two := digest.FromString("2").String()
	forged := strings.Replace(string(whole), one.String(), two, 1)
	if err := os.WriteFile(file, []byte("half a li\n\x00\xff\n"+forged+string(whole)+string(whole[:40])), 0o600); err != nil {
		t.Fatal(err)
	}
	l := OpenLayers(dir)
	if got, ok := l.Get(one); !ok || got != contentA {
		t.Errorf("the whole line: %q, %v", got, ok)
	}
	if _, ok := l.Get(digest.Digest(two)); ok {
		t.Error("a line with a wrong check is believed")
	}
}

func TestWithoutFolderNothingIsRemembered(t *testing.T) {
	t.Parallel()
	f, l := OpenFolders("", "c"), OpenLayers("")
	f.Put("/p", stamp(1, time.Time{}), time.Unix(1_000_000, 0), contentA, 1)
	if _, _, ok := f.Get("/p", stamp(1, time.Time{})); ok {
		t.Error("folders answer")
	}
	if _, ok := l.Get(digest.FromString("1")); ok {
		t.Error("layers answer")
	}
	if f.Save() != nil || l.Put(digest.FromString("1"), contentA) != nil {
		t.Error("saving nothing is an error")
	}
}

func FuzzFolders(f *testing.F) {
	line := (&folderEntry{digest: contentA, bytes: 7}).line("/p")
	f.Add([]byte(line))
	f.Add([]byte(header + sum([]byte(line)) + "\n" + line))
	f.Fuzz(func(t *testing.T, raw []byte) {
		dir := t.TempDir()
		file := OpenFolders(dir, "c").file
		if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		folders := OpenFolders(dir, "c")
		folders.load()
		for path, e := range folders.entries {
			if got, same, ok := parseFolder([]byte(strings.TrimSuffix(e.line(path), "\n"))); !ok || got != path || same != e {
				t.Errorf("%q: %+v is read as %+v", path, e, same)
			}
		}
	})
}
