package pack

import (
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
		{"trailing comma", "{\n  \"name\": \"a\",\n}", 3, 1, "not valid JSON"},
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
		{"plus", `{"name":"a","version":"1.0.0+build"}`, 1, 23, "write - instead"},
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
	file := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(file, build(t, dir), 0o600); err != nil {
		t.Fatal(err)
	}
	want := Meta{Name: "a", Version: "1.0.0", DisplayName: "A", Layer: "addon"}
	for _, path := range []string{dir, file} {
		if m, err := ReadMeta(path); err != nil || m != want {
			t.Errorf("%s: %+v, %v; want %+v", path, m, err, want)
		}
	}
	var me *MetaError
	if _, err := ReadMeta(t.TempDir()); !errors.As(err, &me) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("folder without pack.json: %v", err)
	}
	if _, err := ReadMeta(filepath.Join(dir, "values.yaml")); !errors.Is(err, ErrArchive) {
		t.Errorf("a file that is no archive: %v", err)
	}
}
