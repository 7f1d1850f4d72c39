package pins

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	hexes    = strings.Repeat("0123456789abcdef", 4)
	manifest = "sha256:" + hexes
	content  = "v1:sha256:" + hexes
)

func TestParse(t *testing.T) {
	t.Parallel()
	text := "# reviewed\r\n\nnginx:1.2.0\n  nginx:1.10.0-rc.1@" + manifest + "   " + content + "  # tested\nargo-cd:v3@" + manifest + "\nx:1.0 " + content + "\n"
	want := []Pin{
		{Name: "nginx", Version: "1.2.0", Line: 3},
		{Name: "nginx", Version: "1.10.0-rc.1", Content: content, Line: 4},
		{Name: "argo-cd", Version: "v3", Line: 5},
		{Name: "x", Version: "1.0", Content: content, Line: 6},
	}
	for _, i := range []int{1, 2} {
		want[i].Manifest = pinned().Manifest
	}
	got, err := Parse("prod.pins", strings.NewReader(text))
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v\nwant %+v", got, err, want)
	}
}

func pinned() Pin {
	p, message := parse([]string{"a:1@" + manifest})
	if message != "" {
		panic(message)
	}
	return p
}

func TestParseTellsEveryWrongLine(t *testing.T) {
	t.Parallel()
	tests := []struct{ line, want string }{
		{"nginx", `want NAME:VERSION[@sha256:…] [v1:sha256:…], found "nginx"`},
		{"Nginx:1.0.0", `"Nginx" cannot be the name`},
		{"nginx:1.0+x", `"1.0+x" cannot be the version`},
		{"nginx:", `"" cannot be the version`},
		{"nginx:1@sha256:abc", `"sha256:abc" is no digest`},
		{"nginx:1@", `"" is no digest`},
		{"nginx:1 v2:sha256:abc", `is no content digest`},
		{"nginx:1 " + content + " more", `found "more" too`},
		{strings.Repeat("x", maxLine+1), "is longer than"},
	}
	for _, tt := range tests {
		_, err := Parse("f", strings.NewReader("ok:1\n"+tt.line+"\n"))
		var e *Error
		if !errors.As(err, &e) || e.Line != 2 || !strings.HasPrefix(err.Error(), "f:2: ") || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%.40s: %v, want %s", tt.line, err, tt.want)
		}
	}
	_, err := Parse("f", strings.NewReader("a:1\nB:1\na:1\n"))
	if got, want := err.Error(), "f:2: \"B\" cannot be the name of a pack\nf:3: a:1 is pinned in line 1 already"; got != want {
		t.Errorf("%s\nwant\n%s", got, want)
	}
	_, err = Parse("f", strings.NewReader(strings.Repeat("B:1\n", 1000)))
	if n := strings.Count(err.Error(), "\n") + 1; n != maxFaults {
		t.Errorf("%d faults are told, want %d", n, maxFaults)
	}
}

func TestWriteSortsAndParseReadsIt(t *testing.T) {
	t.Parallel()
	all := []Pin{{Name: "b", Version: "1.10.0"}, {Name: "b", Version: "1.9.0", Manifest: pinned().Manifest, Content: content}, {Name: "a", Version: "2"}}
	var out bytes.Buffer
	if err := Write(&out, all); err != nil {
		t.Fatal(err)
	}
	if want := "a:2\nb:1.9.0@" + manifest + " " + content + "\nb:1.10.0\n"; out.String() != want {
		t.Errorf("%q, want %q", out.String(), want)
	}
	back, err := Parse("f", &out)
	if err != nil || len(back) != 3 || back[1].Content != content {
		t.Errorf("%+v, %v", back, err)
	}
}

func TestReadNamesTheFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "gone.pins")
	_, err := Read(file)
	if !errors.Is(err, os.ErrNotExist) || !strings.HasPrefix(err.Error(), file+": cannot be read: ") {
		t.Errorf("%v", err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"a:1\n", "a:1@" + manifest + " " + content + "\n", "# x\n\n", "a:1@@", "a:1:2", "\x00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		all, err := Parse("f", strings.NewReader(text))
		if err != nil {
			return
		}
		var out bytes.Buffer
		if err := Write(&out, all); err != nil {
			t.Fatal(err)
		}
		back, err := Parse("f", &out)
		if err != nil || len(back) != len(all) {
			t.Errorf("%q: what was written cannot be read: %v", text, err)
		}
	})
}
