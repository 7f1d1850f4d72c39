package pack

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func FuzzParseMeta(f *testing.F) {
	for _, s := range []string{metaJSON, "", "[]", `{"name":1}`, "{\"version\":\"\xff\"}", `{"name":"a","name":"b"}`, `{"a":{"b":[1,2,{}]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := ParseMeta("pack.json", data)
		if err == nil && (!namePattern.MatchString(m.Name) || !tagPattern.MatchString(m.Version)) {
			t.Errorf("accepted %+v", m)
		}
	})
}

func FuzzReadArchive(f *testing.F) {
	f.Add(build(f, tree(f, sample())))
	f.Add([]byte("hello"))
	f.Fuzz(func(t *testing.T, data []byte) {
		inv, err := ReadArchive(context.Background(), bytes.NewReader(data), Limits{Bytes: 1 << 20, Entries: 100})
		if err == nil && !KnownDigest(inv.Digest) {
			t.Errorf("digest %q", inv.Digest)
		}
	})
}

func FuzzIgnore(f *testing.F) {
	f.Add("*.bak\n!a/b\n/c/**/d/\n", "a/b/c.bak")
	f.Add("[", "x")
	f.Fuzz(func(t *testing.T, rules, path string) {
		ig, err := parseIgnore([]byte(rules))
		if err == nil && ig.excludesFile(MetaFile) {
			t.Error("pack.json is left out")
		}
		ig.excludesFile(path)
	})
}

func FuzzLinks(f *testing.F) {
	f.Add("a/b", "../c", "c", "d")
	f.Fuzz(func(t *testing.T, from1, to1, from2, to2 string) {
		links := map[string]string{from1: to1, from2: to2}
		if err := checkLinks(links); err == nil && (to1 == ".." && !strings.Contains(from1, "/")) {
			t.Errorf("accepted %q", links) // and it must end, whatever the links are
		}
	})
}
