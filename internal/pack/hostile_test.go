package pack

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestHostileArchivesAreRefused(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		headers []tar.Header
		limits  Limits
		want    error
		text    string
	}{
		"dot dot":         {[]tar.Header{metaHeader, {Name: "a/../../etc/passwd"}}, Limits{}, ErrArchive, `".."`},
		"dot dot at end":  {[]tar.Header{metaHeader, dirHeader("a/..")}, Limits{}, ErrArchive, `".."`},
		"dot dot in .git": {[]tar.Header{metaHeader, {Name: ".git/../../x"}}, Limits{}, ErrArchive, `".."`},
		"absolute":        {[]tar.Header{metaHeader, {Name: "/etc/passwd"}}, Limits{}, ErrArchive, "absolute"},
		"no name":         {[]tar.Header{metaHeader, linkHeader("./", "x")}, Limits{}, ErrArchive, "without a name"},
		"link out":        {[]tar.Header{metaHeader, linkHeader("a/l", "../../etc")}, Limits{}, ErrUnsupported, "l: cannot be part of a pack: the link to ../../etc leads out"},
		"link absolute":   {[]tar.Header{metaHeader, linkHeader("a/l", "/etc")}, Limits{}, ErrUnsupported, "leads out"},
		"link to drive":   {[]tar.Header{metaHeader, linkHeader("a/l", "C:/x")}, Limits{}, ErrUnsupported, "leads out"},
		"link backslash":  {[]tar.Header{metaHeader, linkHeader("a/l", `x\..\..\..`)}, Limits{}, ErrUnsupported, "leads out"},
		"link by link":    {[]tar.Header{metaHeader, linkHeader("a/b", "."), linkHeader("a/c", "b/../x")}, Limits{}, ErrUnsupported, "leads out"},
		"link circle":     {[]tar.Header{metaHeader, linkHeader("a/b", "c"), linkHeader("a/c", "b")}, Limits{}, ErrUnsupported, "in a circle"},
		"write by link":   {[]tar.Header{metaHeader, linkHeader("a/b", "."), {Name: "a/b/c"}}, Limits{}, ErrArchive, "a/b is a file and a folder"},
		"file and folder": {[]tar.Header{metaHeader, {Name: "a/b"}, {Name: "a/b/c"}}, Limits{}, ErrArchive, "a/b is a file and a folder"},
		"top is a file":   {[]tar.Header{{Name: "a"}, metaHeader}, Limits{}, ErrArchive, "a lies beside"},
		"hard link out":   {[]tar.Header{metaHeader, hardHeader("a/h", "../x")}, Limits{}, ErrArchive, ".."},
		"hard link none":  {[]tar.Header{metaHeader, hardHeader("a/h", "a/none")}, Limits{}, ErrArchive, "come before"},
		"device":          {[]tar.Header{metaHeader, {Name: "a/d", Typeflag: tar.TypeChar}}, Limits{}, ErrUnsupported, "a/d: cannot be part of a pack: a device"},
		"pipe":            {[]tar.Header{metaHeader, {Name: "a/p", Typeflag: tar.TypeFifo}}, Limits{}, ErrUnsupported, "a named pipe"},
		"unknown type":    {[]tar.Header{metaHeader, {Name: "a/p", Typeflag: 'Q'}}, Limits{}, ErrUnsupported, "type 'Q'"},
		"no pack.json":    {[]tar.Header{{Name: "a/values.yaml"}}, Limits{}, ErrArchive, "no pack.json"},
		"hidden pack":     {[]tar.Header{{Name: ".git/pack.json"}}, Limits{}, ErrArchive, "no pack.json"},
		"two packs":       {[]tar.Header{metaHeader, {Name: "b/pack.json"}}, Limits{}, ErrArchive, "several packs, among them a and b"},
		"meta a link":     {[]tar.Header{linkHeader("a/pack.json", "x"), {Name: "a/x"}}, Limits{}, ErrArchive, "no regular file"},
		"ignore a link":   {[]tar.Header{metaHeader, linkHeader("a/.packsignore", "x")}, Limits{}, ErrUnsupported, ".packsignore"},
		"ignore too big":  {[]tar.Header{metaHeader, {Name: "a/.packsignore", Size: maxIgnore + 1}}, Limits{}, ErrTooLarge, ".packsignore"},
		"ignore hardlink": {[]tar.Header{metaHeader, {Name: "a/x"}, hardHeader("a/.packsignore", "a/x")}, Limits{}, ErrUnsupported, ".packsignore"},
		"stray":           {[]tar.Header{metaHeader, {Name: "stray"}}, Limits{}, ErrArchive, "stray lies beside the pack's folder a/"},
		"entries":         {[]tar.Header{metaHeader, {Name: "a/1"}, {Name: "a/2"}}, Limits{Entries: 2}, ErrTooLarge, "2 entries"},
		"bytes":           {[]tar.Header{metaHeader, {Name: "a/1", Size: 1 << 20}}, Limits{Bytes: 1000}, ErrTooLarge, "1000"},
		"bytes together":  {[]tar.Header{metaHeader, {Name: "a/1", Size: 500}, {Name: "a/2", Size: 500}}, Limits{Bytes: 1000}, ErrTooLarge, "1000"},
		"ratio":           {[]tar.Header{metaHeader, {Name: "a/1", Size: 2 << 20}}, Limits{Ratio: 10, RatioFrom: 1 << 20}, ErrTooLarge, "unpack"},
		"path":            {[]tar.Header{metaHeader, {Name: "a/" + strings.Repeat("x", 5000)}}, Limits{}, ErrTooLarge, "4096"},
		"depth":           {[]tar.Header{metaHeader, {Name: "a/" + strings.Repeat("d/", 201) + "x"}}, Limits{}, ErrTooLarge, "200 folders"},
		"target":          {[]tar.Header{metaHeader, linkHeader("a/l", strings.Repeat("x", 5000))}, Limits{}, ErrTooLarge, "4096"},
		"name not UTF-8":  {[]tar.Header{metaHeader, {Name: "a/\xff"}}, Limits{}, ErrArchive, "UTF-8"},
		"escape sequence": {[]tar.Header{metaHeader, linkHeader("a/\x1b[31m", "/")}, Limits{}, ErrUnsupported, `"\x1b[31m": `},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			archive := gzipped(t, tarball(t, tt.headers...))
			_, err := ReadArchive(context.Background(), bytes.NewReader(archive), tt.limits)
			if !errors.Is(err, tt.want) || !errors.Is(err, ErrArchive) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("ReadArchive: %v; want ErrArchive and %v with %q", err, tt.want, tt.text)
			}
			nothingExtracted(t, archive, tt.limits, tt.want)
		})
	}
}

// nothingExtracted checks that a refused archive leaves nothing in its folder,
// and nothing outside of it.
func nothingExtracted(t *testing.T, archive []byte, l Limits, want error) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "inner")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	if _, err := Extract(context.Background(), bytes.NewReader(archive), dir, l); !errors.Is(err, want) {
		t.Errorf("Extract: %v; want %v", err, want)
	}
	inside, err := os.ReadDir(dir)
	beside, err2 := os.ReadDir(filepath.Dir(dir))
	if err != nil || err2 != nil || len(inside) != 0 || len(beside) != 1 {
		t.Errorf("left inside: %v, beside: %v, %v %v", inside, beside, err, err2)
	}
}
