package main

import (
	"cmp"
	"errors"
	"path/filepath"
	"strings"

	"github.com/spf13/pflag"

	"github.com/packs-cli/packs/manifest"
	"github.com/packs-cli/packs/plan"
)

// shardFlag is --shard: one of several parts of the catalog.
type shardFlag plan.Shard

func addShard(fs *pflag.FlagSet, s *plan.Shard) {
	fs.Var((*shardFlag)(s), "shard", "only part `I/N` of the catalog, I from 0: N such runs share no repository, and each may ask of a registry an Nth of its limits")
}

// String returns the shard as it is given.
func (f *shardFlag) String() string { return plan.Shard(*f).String() }

// Type names the kind of value in usage texts.
func (f *shardFlag) Type() string { return "shard" }

// Set reads I/N.
func (f *shardFlag) Set(text string) error {
	s, err := plan.ParseShard(text)
	if err != nil {
		return &usageError{message: err.Error()}
	}
	*f = shardFlag(s)
	return nil
}

// keepShard keeps the packs of --shard; the others are what they are compared
// with, and what packs.yaml has against those is told by their own shards.
func (v *validation) keepShard() {
	shard := v.options.options.Shard
	var own []int
	var others []subject
	for i := range v.subjects {
		if s := &v.subjects[i]; s.in(shard) {
			own = append(own, i)
		} else {
			others = append(others, *s)
		}
	}
	v.keep(own)
	kept := v.problems[:0:0]
	for _, p := range v.problems {
		if !about(p, others) {
			kept = append(kept, p)
		}
	}
	v.problems = kept
}

// in tells whether a pack belongs to a shard. One whose pack.json is wrong has
// no name: its path stands for it.
func (s *subject) in(shard plan.Shard) bool {
	if s.name == "" {
		return shard.HasPack(cmp.Or(s.Rel, s.Path))
	}
	return shard.HasPack(s.name)
}

// about tells whether a problem is one of some packs.
func about(p manifest.Problem, packs []subject) bool {
	for i := range packs {
		s, file := &packs[i], filepath.ToSlash(p.File)
		switch {
		case errors.Is(p.Err, manifest.ErrDuplicatePack):
			if strings.HasPrefix(p.Message, s.name+":"+s.version+" is there twice") {
				return true
			}
		case file == s.Path, strings.HasPrefix(file, s.Path+"/"), strings.HasPrefix(p.Message, cmp.Or(s.Rel, s.Path)+" holds no"):
			return true
		}
	}
	return false
}
