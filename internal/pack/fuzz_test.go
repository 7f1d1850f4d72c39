package pack

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/distribution/reference"
)

func FuzzMeta(f *testing.F) {
	for _, s := range []string{metaJSON, "", "[]", "null", `{"name":1}`, "{\"version\":\"\xff\"}", `{"name":"a","name":"b"}`, `{"a":{"b":[1,2,{}]}}`, "\xef\xbb\xbf{}", `{"name":"a",}`, `{"n\u0061me":"a","version":"1+1"}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMeta("pack.json", data)
		if err == nil {
			if !namePattern.MatchString(m.Name) || !tagPattern.MatchString(m.Version) {
				t.Errorf("accepted %+v", m)
			}
			return
		}
		var me *MetaError
		if !errors.As(err, &me) || me.Line < 0 || (me.Line > 0) != (me.Column > 0) || me.Line > 1+bytes.Count(data, []byte("\n")) {
			t.Errorf("%v: not a *MetaError with a place in the file: %+v", err, me)
		}
	})
}

// FuzzNames compares names and versions with the code of registries: what we
// take they take, and the other way round, but for length.
func FuzzNames(f *testing.F) {
	f.Add("nginx", "1.2.3")
	f.Add("a__b--c.d", "_1.0-rc.1")
	f.Add("a/b", "1+1")
	f.Add("docker.io", "v1:2")
	f.Add("a___b", strings.Repeat("1", 129))
	f.Fuzz(func(t *testing.T, name, version string) {
		base, err := reference.WithName("registry.example:5000/team/spectro-packs/archive")
		if err != nil {
			t.Fatal(err)
		}
		named, err := reference.WithName(base.Name() + "/" + name)
		if ours := ValidName(name); !ours && err == nil && !strings.Contains(name, "/") && len(name) <= maxName || ours && err != nil {
			t.Errorf("name %q: %v, they say %v", name, ours, err)
		}
		_, err = reference.WithTag(base, version)
		if ours := ValidVersion(version); ours != (err == nil) {
			t.Errorf("version %q: %v, they say %v", version, ours, err)
		}
		if named != nil && ValidName(name) && ValidVersion(version) {
			if whole, err := reference.ParseNamed(named.Name() + ":" + version); err != nil || whole.Name() != named.Name() {
				t.Errorf("%s:%s: %v, %v", named.Name(), version, whole, err)
			}
		}
	})
}

func FuzzReadArchive(f *testing.F) {
	archive := build(f, tree(f, sample()))
	f.Add(archive)
	f.Add(append(bytes.Clone(archive), 0, 0, 0))
	f.Add(tarball(f, metaHeader, hardHeader("a/x", "a/pack.json"), linkHeader("a/l", "x"), dirHeader("a/d")))
	f.Add(tarball(f, metaHeader, linkHeader("a/l", "../x")))
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, data []byte) {
		l := Limits{Bytes: 1 << 20, Entries: 100}
		inv, err := ReadArchive(context.Background(), bytes.NewReader(data), l)
		if err != nil && !errors.Is(err, ErrArchive) {
			t.Fatalf("%v is not ErrArchive", err)
		}
		// What can be read can be unpacked, to a folder of the same digest; what
		// cannot leaves nothing.
		parent := t.TempDir()
		dir := filepath.Join(parent, "x")
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_, err2 := Extract(context.Background(), bytes.NewReader(data), dir, l)
		if beside, err := os.ReadDir(parent); err != nil || len(beside) != 1 {
			t.Fatalf("beside the folder: %v, %v", beside, err)
		}
		if err != nil || err2 != nil {
			if left, _ := os.ReadDir(dir); err == nil && !longNames(inv) || err2 == nil || len(left) != 0 {
				t.Fatalf("read: %v, unpacked: %v, left: %v", err, err2, left)
			}
			return
		}
		if got := read(t, dir); got.Digest != inv.Digest {
			t.Fatalf("archive %+v, unpacked %+v", inv.Files, got.Files)
		}
	})
}

// longNames tells whether a pack has names that file systems do not take.
func longNames(inv *Inventory) bool {
	for _, f := range inv.Files {
		for part := range strings.SplitSeq(f.Path, "/") {
			if len(part) > 255 {
				return true
			}
		}
	}
	return false
}

func FuzzIgnore(f *testing.F) {
	f.Add("*.bak\n!a/b\n/c/**/d/\n", "a/b/c.bak")
	f.Add("[", "x")
	f.Add("[[:alpha:]-\\]]\n**/\n\\", "a/]")
	f.Add("*a*a*a*a*a*a*a*b", "aaaaaaaaaaaaaaaaaaaaaaaaaaa")
	f.Fuzz(func(t *testing.T, rules, path string) {
		chosen := selecting(rules)
		if chosen.dropsBelow(MetaFile) || chosen.dropsBelow(".gitignore") || !chosen.dropsBelow("x/.git/y") {
			t.Error("patterns overrule what is always or never left out")
		}
		all := selecting(rules + "\n*")
		if out := chosen.dropsBelow(path); out && path != MetaFile && !neverOut(base(path)) && !all.dropsBelow(path) {
			t.Errorf("%q is left out by %q, but not if everything is as well", path, rules)
		}
	})
}

func FuzzIndex(f *testing.F) {
	dir := repositoryWithoutModes(f)
	for _, version := range []string{"2", "4"} {
		run(f, "git", "-C", dir, "update-index", "--index-version", version)
		data, err := os.ReadFile(filepath.Join(dir, ".git", "index"))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data, false)
	}
	f.Fuzz(func(t *testing.T, data []byte, sha256 bool) {
		n := 0
		_ = parseIndex(bufio.NewReader(bytes.NewReader(data)), sha256, func(uint32, []byte) { n++ })
		if n > len(data) {
			t.Errorf("%d entries in %d bytes", n, len(data))
		}
	})
}

func FuzzLinks(f *testing.F) {
	f.Add("a/b", "../c", "c", "d")
	f.Add("a/up", "..", "l", "a/up/../x")
	f.Fuzz(func(t *testing.T, from1, to1, from2, to2 string) {
		for _, path := range []string{from1, from2} {
			if path == "" || path == "." || !filepath.IsLocal(path) || filepath.Clean(path) != path || !utf8.ValidString(path) {
				t.Skip("no path of a pack")
			}
		}
		err := checkLinks([]File{linkFile(from1, to1), linkFile(from2, to2)}) // and it must end
		if err == nil && (strings.HasPrefix(to1, "/") || strings.HasPrefix(to2, strings.Repeat("../", strings.Count(from2, "/")+1))) {
			t.Errorf("accepted %q -> %q and %q -> %q", from1, to1, from2, to2)
		}
	})
}
