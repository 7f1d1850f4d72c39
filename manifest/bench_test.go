package manifest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

// BenchmarkLoad reads a catalog of 10,000 packs: 100 names of 100 versions.
func BenchmarkLoad(b *testing.B) {
	const names, versions = 100, 100
	for _, pattern := range []string{"packs/**", "packs/*/*"} {
		b.Run(pattern, func(b *testing.B) {
			dir := b.TempDir()
			for n := range names {
				for v := range versions {
					folder := filepath.Join(dir, "packs", fmt.Sprintf("pack-%d", n), fmt.Sprintf("1.%d.0", v))
					if err := os.MkdirAll(folder, 0o750); err != nil {
						b.Fatal(err)
					}
					if err := os.WriteFile(filepath.Join(folder, "pack.json"), []byte(packJSON(fmt.Sprintf("pack-%d", n), fmt.Sprintf("1.%d.0", v))), 0o600); err != nil {
						b.Fatal(err)
					}
				}
			}
			file := filepath.Join(dir, "packs.yaml")
			if err := os.WriteFile(file, []byte(head+many+"packs: [{path: '"+pattern+"'}]\n"), 0o600); err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				c, err := manifest.Load(file, manifest.LoadOptions{})
				if err != nil {
					b.Fatal(err)
				}
				if len(c.Packs) != names*versions {
					b.Fatalf("%d packs", len(c.Packs))
				}
			}
		})
	}
}
