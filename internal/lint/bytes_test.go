package lint_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"fmt"
	"image"
	"image/png"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint"
)

// chartArchive packs files below the folder chart/; a path that begins with /
// stands outside of it.
func chartArchive(t *testing.T, files map[string]string) []byte {
	t.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	w := tar.NewWriter(z)
	for _, name := range slices.Sorted(maps.Keys(files)) {
		h := &tar.Header{Name: "chart/" + name, Mode: 0o644, Size: int64(len(files[name]))}
		if rest, ok := strings.CutPrefix(name, "/"); ok {
			h.Name = rest
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(files[name])); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func logo(pixels int) string {
	var b strings.Builder
	if err := png.Encode(&b, image.NewGray(image.Rect(0, 0, pixels, pixels))); err != nil {
		return err.Error()
	}
	return b.String()
}

// shown writes a finding as the case files do.
func shown(f lint.Finding) string {
	return fmt.Sprintf("%s:%d:%d %s %q", f.Path, f.Line, f.Column, f.Severity, f.Message)
}
