package plainyaml_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/lint/plainyaml"
)

// typical is a values.yaml as charts have them, of some ten thousand lines.
func typical() []byte {
	var b strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&b, "# Settings of part %d, which\n# nobody changes.\npart%d:\n  enabled: true\n  image:\n    repository: registry.example/part\n    tag: \"1.%d.0\"\n  args:\n    - --verbose\n    - --port=80\n  resources: {}\n\n", i, i, i)
	}
	return []byte(b.String())
}

// BenchmarkParse compares with the parser that it stands in for.
func BenchmarkParse(b *testing.B) {
	text := typical()
	for name, parse := range map[string]func() bool{
		"parse":   func() bool { _, ok := plainyaml.Parse(text); return ok },
		"skim":    func() bool { _, ok := plainyaml.Skim(text); return ok },
		"library": func() bool { _, err := library(text); return err == nil },
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				if !parse() {
					b.Fatal("it is not read")
				}
			}
		})
	}
}
