package plan_test

import (
	"fmt"
	"testing"

	"github.com/packs-cli/packs/plan"
)

// BenchmarkCompute plans 10,000 packs, half of them there, a tenth of those changed.
func BenchmarkCompute(b *testing.B) {
	const packs = 10_000
	d := plan.Desired{Registries: []plan.Registry{{Name: "r", BasePath: "base"}}}
	o := plan.Observed{Versions: make(map[plan.Key]plan.State, packs)}
	for i := range packs {
		v := plan.Version{Registry: "r", Name: fmt.Sprintf("pack-%d", i/10), Version: fmt.Sprintf("1.%d.0", i%10), ContentDigest: "v1:a"}
		d.Versions = append(d.Versions, v)
		s := plan.State{Present: i%2 == 0, ContentDigest: "v1:a"}
		if i%20 == 0 {
			s.ContentDigest = "v1:b"
		}
		o.Versions[v.Key()] = s
	}
	b.ReportAllocs()
	for b.Loop() {
		plan.Compute(d, o)
	}
}
