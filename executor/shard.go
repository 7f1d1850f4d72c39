package executor

import (
	"github.com/packs-cli/packs/internal/registry/ecr"
	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// What a shard may always ask of a registry, however many there are: with less
// it would take for ever, and registries that are asked for too much say so.
const (
	leastConcurrency = 4    // where packs.yaml says nothing
	leastRate        = 0.05 // requests a second: one in 20 s
)

// ofShard returns the packs that belong to a shard.
func ofShard(s plan.Shard, packs []*manifest.Pack) []*manifest.Pack {
	if s.Count <= 1 {
		return packs
	}
	var own []*manifest.Pack
	for _, p := range packs {
		if s.HasPack(p.Name) {
			own = append(own, p)
		}
	}
	return own
}

// share is a registry as a shard may use it: what all shards together ask of it
// is what one run would.
func share(r *manifest.Registry, s plan.Shard) *manifest.Registry {
	if s.Count <= 1 {
		return r
	}
	part := *r
	part.Limits.Concurrency = max(leastConcurrency, defaultConcurrency/s.Count)
	if r.Limits.Concurrency > 0 {
		part.Limits.Concurrency = max(1, r.Limits.Concurrency/s.Count)
	}
	if r.Limits.RequestsPerSecond > 0 && r.Type != manifest.TypeECR { // see ecrShare
		part.Limits.RequestsPerSecond = rateShare(r.Limits.RequestsPerSecond, s.Count)
	}
	return &part
}

// ecrShare is the part of an account's write rate that a shard may use.
func ecrShare(s plan.Shard) float64 {
	return max(1/float64(max(s.Count, 1)), leastRate/ecr.DefaultPutImageRate)
}

// rateShare is the part of a rate that one of several shards may use. A rate
// that is below the least one anyhow is left as it is.
func rateShare(perSecond float64, shards int) float64 {
	return max(perSecond/float64(shards), min(leastRate, perSecond))
}
