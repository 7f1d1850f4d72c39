package scaffold

import (
	"bytes"
	"testing"

	"github.com/packs-cli/packs/internal/pack"
)

// FuzzBump: the next version is put into any pack.json that is one, and nothing
// else changes.
func FuzzBump(f *testing.F) {
	for _, s := range []string{
		`{"name":"a","version":"1.2.3"}`, "\xef\xbb\xbf{\"version\" :\t\"1.2.3\" , \"name\":\"a\"}\r\n", `{"x":{"version":"9"},"name":"a","v\u0065rsion":"1.2.3"}`,
		`{"name":"a","Version":"2","version":"1.2.3"}`, `{"version":"1.2.3","name":"a","l":[{"version":"1.2.3"}]}`,
	} {
		f.Add([]byte(s), "1.2.4")
	}
	f.Fuzz(func(t *testing.T, about []byte, next string) {
		before, err := pack.ParseMeta(pack.MetaFile, about)
		if err != nil {
			return
		}
		edited, err := (&Bump{Name: before.Name, Old: before.Version, New: next}).editMeta(about)
		if err != nil {
			return
		}
		after, err := pack.ParseMeta(pack.MetaFile, edited)
		if err != nil || after.Name != before.Name || after.Version != next {
			t.Fatalf("%q: %+v, %v; want version %q", about, after, err, next)
		}
		back, err := (&Bump{Name: before.Name, Old: next, New: before.Version}).editMeta(edited)
		if start, end, err2 := versionPlace(about); err == nil && (err2 != nil || !bytes.Equal(back[:start], about[:start]) || !bytes.HasSuffix(back, about[end:])) {
			t.Errorf("%q: there and back it is %q", about, back)
		}
	})
}
