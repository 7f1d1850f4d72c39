package plan

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/packs-cli/packs/manifest"
)

// MaxShards is the most parts that a catalog can be split into.
const MaxShards = 10_000

// Shard is one of Count parts of a catalog, which together are all of it and
// share no repository. The zero value is the whole catalog. Which part a
// repository belongs to is specified in docs/specs/shard.md: runs of different
// versions of packs must agree on it.
type Shard struct {
	Index int `json:"index"` // from 0
	Count int `json:"count"`
}

// ErrShard is the cause of an error about text that names no shard.
var ErrShard = errors.New("want I/N, the shard I of N with I from 0 to N-1")

// ParseShard reads I/N.
func ParseShard(text string) (Shard, error) {
	index, count, found := strings.Cut(text, "/")
	i, errI := shardNumber(index)
	n, errN := shardNumber(count)
	switch {
	case !found || errI != nil || errN != nil:
		return Shard{}, ErrShard
	case n == 0:
		return Shard{}, fmt.Errorf("%w: there are at least 1 shards", ErrShard)
	case n > MaxShards:
		return Shard{}, fmt.Errorf("%w: there are at most %d shards", ErrShard, MaxShards)
	case i >= n:
		return Shard{}, fmt.Errorf("%w: the last shard of %d is %d/%d", ErrShard, n, n-1, n)
	}
	return Shard{Index: i, Count: n}, nil
}

// shardNumber reads digits and nothing else: no sign, no space.
func shardNumber(text string) (int, error) {
	if text == "" || strings.Trim(text, "0123456789") != "" {
		return 0, ErrShard
	}
	return strconv.Atoi(text)
}

// String returns I/N, "" for the zero value.
func (s Shard) String() string {
	if s.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", s.Index, s.Count)
}

// Ref returns the shard for a document, nil for the zero value.
func (s Shard) Ref() *Shard {
	if s.Count == 0 {
		return nil
	}
	return &s
}

// HasPack tells whether the repository of a pack belongs to the shard: in every
// registry, with all its versions.
func (s Shard) HasPack(name string) bool { return s.has(manifest.ArchivePath + "/" + name) }

// HasBasePath tells whether the base path repositories belong to the shard.
func (s Shard) HasBasePath() bool { return s.has(manifest.ArchivePath) }

func (s Shard) has(repository string) bool {
	return s.Count <= 1 || shardOf(repository, s.Count) == s.Index
}

// shardOf returns the part that a repository belongs to. The repository is
// written as Palette sees it, from spectro-packs/archive on, so that a pack
// belongs to one part whatever stands before it in each registry.
func shardOf(repository string, count int) int {
	sum := sha256.Sum256([]byte(repository))
	return int(binary.BigEndian.Uint64(sum[:8]) % uint64(count)) //nolint:gosec // below count, which is an int
}
