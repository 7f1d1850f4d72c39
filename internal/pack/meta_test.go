package pack

import (
	"archive/tar"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestParseMeta(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name, data string
		line, col  int
		want       string // part of the error; "" for none
	}{
		{"right", metaJSON, 0, 0, ""},
		{"byte order mark", "\xef\xbb\xbf" + metaJSON, 0, 0, ""},
		{"leading v and short", `{"name":"a","version":"v1.5"}`, 0, 0, ""},
		{"syntax", "{\n  \"name\": \"a\",\n  \"version\" 1\n}", 3, 13, "not valid JSON"},
		{"trailing comma", "{\n  \"name\": \"a\",\n}", 3, 1, "remove the comma"},
		{"trailing comma in a list", "{\"name\": [1, ]}", 1, 14, "remove the comma"},
		{"missing comma", "{\n  \"name\": \"a\"\n  \"version\": \"1\"}", 3, 3, "is a comma missing"},
		{"comment", "{ // pack\n}", 1, 3, "no comments"},
		{"single quotes", "{'name':'a'}", 1, 2, "double quotes"},
		{"cut", "{\"name\": \"a", 1, 11, "not valid JSON"},
		{"two values", "{\"name\":\"a\",\"version\":\"1\"}\n{}", 2, 1, "not valid JSON"},
		{"deep", `{"name":` + strings.Repeat("[", 20_000) + strings.Repeat("]", 20_000) + "}", 1, 10008, "exceeded max depth"},
		{"text", "hello", 1, 1, "not valid JSON"},
		{"a string", `"{"`, 1, 1, "not a JSON object"},
		{"UTF-16", "\xff\xfe{\x00", 1, 1, "not UTF-8"},
		{"wide characters before it", "{\"displayName\":\"日本\", \"name\":\"a\", \"version\":1}", 1, 44, "quote it"},
		{"capital keys do not count", `{"Name":"a","version":"1"}`, 0, 0, `has no "name"`},
		{"escaped key twice", `{"name":"a","version":"1","n\u0061me":"b"}`, 1, 27, `"name" stands twice`},
		{"name with a space", `{"name":"My Pack","version":"1"}`, 1, 9, `did you mean "my-pack"?`},
		{"version with a space", `{"name":"a","version":"1.0.0 "}`, 1, 23, "cannot be a tag"},
		{"list as name", `{"name":["a"],"version":"1"}`, 1, 9, `"name" is not a string`},
		{"negative number", `{"name":"a","version":-1}`, 1, 23, `quote it: "-1"`},
		{"other members do not matter", `{"name":"a","version":"1","displayName":1,"layer":[],"layer":null}`, 0, 0, ""},
		{"empty", "", 0, 0, "is empty"},
		{"list", "[]", 1, 1, "not a JSON object"},
		{"no name", `{"version":"1"}`, 0, 0, `has no "name"`},
		{"no version", `{"name":"a"}`, 0, 0, `has no "version"`},
		{"number", "{\"name\":\"a\",\n\"version\": 1.10}", 2, 12, `quote it: "1.10"`},
		{"null", `{"name":null,"version":"1"}`, 1, 9, `"name" is not a string`},
		{"name twice", "{\"name\":\"a\",\n \"version\":\"1\", \"name\":\"b\"}", 2, 17, `"name" stands twice`},
		{"capitals", `{"name":"Nginx","version":"1"}`, 1, 9, `did you mean "nginx"?`},
		{"slash", `{"name":"a/b","version":"1"}`, 1, 9, "cannot be part of a repository"},
		{"dash at the end", `{"name":"a-","version":"1"}`, 1, 9, "cannot be part of a repository"},
		{"long name", `{"name":"` + strings.Repeat("a", 129) + `","version":"1"}`, 1, 9, "129 characters"},
		{"plus", `{"name":"a","version":"1.0.0+build"}`, 1, 23, `write - instead, as in "1.0.0-build"`},
		{"dot first", `{"name":"a","version":".1"}`, 1, 23, "cannot be a tag"},
		{"empty version", `{"name":"a","version":""}`, 1, 23, `"version" is empty`},
		{"long version", `{"name":"a","version":"` + strings.Repeat("1", 129) + `"}`, 1, 23, "cannot be a tag"},
		{"not UTF-8", "{\"name\":\n\"a\xff\"}", 2, 3, "not UTF-8"},
		{"large", `{"name":"` + strings.Repeat("a", maxMeta) + `"}`, 0, 0, "more than"},
		{"nested names do not count", `{"annotations":{"name":1,"name":2},"name":"a","version":"1"}`, 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			m, err := ParseMeta("p/pack.json", []byte(tt.data))
			if tt.want == "" {
				if err != nil || m.Name != "a" || m.Version == "" {
					t.Errorf("%+v, %v; want no error", m, err)
				}
				return
			}
			var me *MetaError
			if !errors.As(err, &me) || !strings.Contains(err.Error(), tt.want) {
				t.Fatalf("error %v, want a MetaError with %q", err, tt.want)
			}
			if me.Line != tt.line || (tt.line > 0 && me.Column != tt.col) {
				t.Errorf("%d:%d, want %d:%d (%v)", me.Line, me.Column, tt.line, tt.col, err)
			}
		})
	}
}

func TestParseMetaReportsNameAndVersionAtOnce(t *testing.T) {
	t.Parallel()
	_, err := ParseMeta("pack.json", []byte(`{"name":"A B","version":1}`))
	if err == nil || !strings.Contains(err.Error(), `"A B"`) || !strings.Contains(err.Error(), `"version" is not`) {
		t.Errorf("error %v, want both", err)
	}
}

func TestReadMetaOfFoldersAndArchives(t *testing.T) {
	t.Parallel()
	dir := tree(t, sample())
	archive := build(t, dir)
	bom := tree(t, map[string]string{MetaFile: "\xef\xbb\xbf" + metaJSON})
	hard := tarball(t, metaHeader, hardHeader("pack.json", "a/pack.json"))
	late := tarball(t, tar.Header{Name: "a/charts/b/pack.json"}, tar.Header{Name: "a/charts/c/pack.json"}, metaHeader)
	for _, path := range []string{dir, bom, file(t, "x.tar.gz", archive), file(t, "hard.tgz", hard), file(t, "late.tgz", late)} {
		if m, err := ReadMeta(path); err != nil || m != metaOfSample {
			t.Errorf("%s: %+v, %v; want %+v", path, m, err, metaOfSample)
		}
	}
}

func TestReadMetaSaysWhichFileIsWrong(t *testing.T) {
	t.Parallel()
	dir := tree(t, map[string]string{
		"missing/values.yaml": "", "case/Pack.json": metaJSON, "txt/pack.json.txt": metaJSON, "folder/pack.json/x": "",
		"link/pack.json": "->x", "link/x": metaJSON, "wrong/pack.json": "{\n  \"name\": 1,\n  \"version\": \"1\"}",
	})
	archive := func(name string, headers ...tar.Header) {
		if err := os.WriteFile(filepath.Join(dir, name), gzipped(t, tarball(t, headers...)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	archive("none.tgz", tar.Header{Name: "a/values.yaml"})
	archive("link.tgz", linkHeader("top/pack.json", "x"))
	archive("wrong.tgz", tar.Header{Name: "x"}, hardHeader("pack.json", "x"))
	for path, want := range map[string]string{
		"missing":   "/pack.json: is missing (a pack is a folder that holds pack.json)",
		"case":      "/pack.json: is missing (rename Pack.json to pack.json)",
		"txt":       "/pack.json: is missing (rename pack.json.txt to pack.json)",
		"folder":    "/pack.json: is a folder (a pack is a folder that holds a file pack.json)",
		"link":      "/pack.json: is a link (put the file itself there)",
		"wrong":     `/pack.json:2:11: "name" is not a string (quote it: "1")`,
		"none.tgz":  ": it holds no pack.json (make the archive of the folder that holds pack.json)",
		"link.tgz":  "/top/pack.json: is no regular file (put the file itself there)",
		"wrong.tgz": "/pack.json: is empty (it needs at least name, displayName, version and layer)",
	} {
		path = filepath.Join(dir, path)
		_, err := ReadMeta(path)
		var me *MetaError
		if !errors.As(err, &me) || err.Error() != path+filepath.FromSlash(want) {
			t.Errorf("%v; want a *MetaError, %s", err, want)
		}
	}
	if _, err := ReadMeta(filepath.Join(dir, "nowhere")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing path: %v", err)
	}
	if _, err := ReadMeta(filepath.Join(dir, "wrong", MetaFile)); !errors.Is(err, ErrArchive) {
		t.Errorf("a file that is no archive: %v", err)
	}
	if _, err := ReadMeta(filepath.Join(dir, "missing")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder without pack.json: %v", err)
	}
}
