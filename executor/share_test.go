package executor

import (
	"math"
	"testing"

	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

func TestLimitsAreDividedAmongShards(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name        string
		kind        manifest.RegistryType
		limits      manifest.Limits
		shards      int
		concurrency int
		rate        float64
	}{
		{"no shards", "", manifest.Limits{}, 0, 0, 0},
		{"one shard", "", manifest.Limits{Concurrency: 3, RequestsPerSecond: 7}, 1, 3, 7},
		{"defaults", "", manifest.Limits{}, 4, 8, 0},
		{"defaults of many", "", manifest.Limits{}, 100, leastConcurrency, 0},
		{"given", "", manifest.Limits{Concurrency: 100, RequestsPerSecond: 10}, 4, 25, 2.5},
		{"rounded down", "", manifest.Limits{Concurrency: 7, RequestsPerSecond: 1}, 2, 3, 0.5},
		{"never less than one", "", manifest.Limits{Concurrency: 2}, 10, 1, 0},
		{"never for ever", "", manifest.Limits{RequestsPerSecond: 1}, 10_000, leastConcurrency, leastRate},
		{"slow by wish", "", manifest.Limits{RequestsPerSecond: 0.01}, 4, 8, 0.01},
		{"ecr divides its rate itself", manifest.TypeECR, manifest.Limits{RequestsPerSecond: 20}, 4, 8, 20},
	} {
		r := &manifest.Registry{Type: tt.kind, Limits: tt.limits}
		got := share(r, plan.Shard{Count: tt.shards}).Limits
		if got.Concurrency != tt.concurrency || got.RequestsPerSecond != tt.rate {
			t.Errorf("%s: %+v, want %d and %v", tt.name, got, tt.concurrency, tt.rate)
		}
		if r.Limits != tt.limits {
			t.Errorf("%s: the catalog's own limits changed to %+v", tt.name, r.Limits)
		}
	}
	for shards, want := range map[int]float64{0: 1, 1: 1, 4: 0.25, 10_000: leastRate / ecr.DefaultPutImageRate} {
		if got := ecrShare(plan.Shard{Count: shards}); math.Abs(got-want) > 1e-9 {
			t.Errorf("of %d shards one may write %v of the rate, want %v", shards, got, want)
		}
	}
}
