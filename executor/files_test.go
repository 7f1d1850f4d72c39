package executor

import (
	"testing"

	"github.com/packs-cli/packs/manifest"
)

func TestRegistriesFitIntoTheFilesThatMayBeOpen(t *testing.T) {
	t.Parallel()
	http, disk := &manifest.Registry{Type: manifest.TypeOCI}, &manifest.Registry{Type: manifest.TypeLayout}
	busy := &manifest.Registry{Type: manifest.TypeOCI, Limits: manifest.Limits{Concurrency: 500}}
	tests := []struct {
		r                       *manifest.Registry
		files, registries, want int
	}{
		{http, 1024, 3, defaultConcurrency},
		{disk, 1024, 3, defaultConcurrency},
		{busy, 1 << 20, 3, 500},
		{busy, 1024, 2, 248},
		{http, 64, 2, 8},
		{disk, 64, 2, 2},
		{http, 20, 1, 1}, // less than one would be none
		{disk, 0, 0, 1},
	}
	for _, tt := range tests {
		before := *tt.r
		if got := concurrency(fit(tt.r, tt.files, tt.registries)); got != tt.want {
			t.Errorf("%s with %d files for %d registries: %d at once, want %d", tt.r.Type, tt.files, tt.registries, got, tt.want)
		}
		if tt.r.Limits != before.Limits {
			t.Error("the catalog was changed")
		}
	}
}
