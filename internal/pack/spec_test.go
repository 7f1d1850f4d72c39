package pack

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite golden files")

type vector struct {
	Name   string       `json:"name"`
	Digest string       `json:"digest"`
	Files  []vectorFile `json:"files"`
}

type vectorFile struct {
	Path       string `json:"path"`
	Text       string `json:"text,omitempty"`
	Target     string `json:"target,omitempty"`
	Executable bool   `json:"executable,omitempty"`
}

const vectorsFile = "../../docs/specs/content-digest.json"

// TestVectorsOfTheSpecification computes every vector twice: by the text of the
// specification, written again here, and by reading such a pack from disk.
func TestVectorsOfTheSpecification(t *testing.T) {
	t.Parallel()
	data, err := os.ReadFile(vectorsFile)
	if err != nil {
		t.Fatal(err)
	}
	var vectors []vector
	if err := json.Unmarshal(data, &vectors); err != nil {
		t.Fatal(err)
	}
	for i := range vectors {
		v := &vectors[i]
		bySpec := digestBySpecification(v.Files)
		if *update {
			v.Digest = bySpec
		}
		if bySpec != v.Digest {
			t.Errorf("%s: the text of the specification gives %s, the vector says %s", v.Name, bySpec, v.Digest)
		}
		if got := read(t, v.folder(t)).Digest; got != v.Digest {
			t.Errorf("%s: read from disk %s, the vector says %s", v.Name, got, v.Digest)
		}
	}
	if *update {
		text, err := json.MarshalIndent(vectors, "", "  ")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(vectorsFile, append(text, '\n'), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func (v *vector) folder(t *testing.T) string {
	t.Helper()
	files := make(map[string]string)
	for _, f := range v.Files {
		name, content := f.Path, f.Text
		if f.Executable {
			name += "!"
		}
		if f.Target != "" {
			content = "->" + f.Target
		}
		files[name] = content
	}
	return tree(t, files)
}

func digestBySpecification(files []vectorFile) string {
	files = slices.SortedFunc(slices.Values(files), func(a, b vectorFile) int { return cmp.Compare(a.Path, b.Path) })
	text := "packs content v1\n"
	for _, f := range files {
		kind, executable, content := "f", "\x00", f.Text
		if f.Target != "" {
			kind, content = "l", f.Target
		}
		if f.Executable {
			executable = "\x01"
		}
		sum := sha256.Sum256([]byte(content))
		text += eightBytes(len(f.Path)) + f.Path + kind + executable + eightBytes(len(content)) + string(sum[:])
	}
	sum := sha256.Sum256([]byte(text))
	return "v1:sha256:" + hex.EncodeToString(sum[:])
}

func eightBytes(n int) string {
	var b [8]byte
	for i := 7; n > 0; i-- {
		b[i] = byte(n % 256)
		n /= 256
	}
	return string(b[:])
}

func TestDigestsOfOtherVersionsAreUnknown(t *testing.T) {
	t.Parallel()
	known := "v1:sha256:" + strings.Repeat("0a", 32)
	for s, want := range map[string]bool{
		known: true, "": false, "v2" + known[2:]: false, known + "0": false, strings.ToUpper(known): false, "sha256:" + known[10:]: false,
	} {
		if KnownDigest(s) != want {
			t.Errorf("KnownDigest(%q) = %v", s, !want)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	dir := benchmarkPack(b)
	b.ReportAllocs()
	for b.Loop() {
		b.SetBytes(read(b, dir).Bytes)
	}
}

func BenchmarkBuild(b *testing.B) {
	dir := benchmarkPack(b)
	b.ReportAllocs()
	for b.Loop() {
		inv, err := Build(context.Background(), discard{}, dir, Meta{Name: "a", Version: "1.0.0"})
		if err != nil {
			b.Fatal(err)
		}
		b.SetBytes(inv.Bytes)
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// benchmarkPack is 50 files of 12 KiB of text.
func benchmarkPack(b *testing.B) string {
	b.Helper()
	files := map[string]string{"pack.json": metaJSON}
	for i := range 50 {
		name := filepath.ToSlash(filepath.Join("charts", "a", "templates", "file-"+strings.Repeat("x", i)+".yaml"))
		files[name] = strings.Repeat("key: {{ .Values.some.value | quote }}\n", 320)
	}
	return tree(b, files)
}
