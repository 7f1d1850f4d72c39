package plan_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/packs-cli/packs/plan"
)

func TestParseShard(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]plan.Shard{
		"0/1": {Index: 0, Count: 1}, "2/3": {Index: 2, Count: 3}, "007/08": {Index: 7, Count: 8}, "9999/10000": {Index: 9999, Count: 10_000},
	} {
		if got, err := plan.ParseShard(text); err != nil || got != want {
			t.Errorf("%q is %v (%v), want %v", text, got, err, want)
		}
	}
	for text, word := range map[string]string{
		"": "want I/N", "a/b": "want I/N", "1": "want I/N", "/": "want I/N", "1/": "want I/N", "/3": "want I/N", "1/2/3": "want I/N",
		"-1/3": "want I/N", "+1/3": "want I/N", " 1/3": "want I/N", "1/3 ": "want I/N", "1.0/3": "want I/N", "0x1/3": "want I/N",
		"0/0": "at least 1", "3/3": "the last shard of 3 is 2/3", "4/3": "the last shard of 3 is 2/3",
		"0/10001": "at most 10000", "99999999999999999999/3": "want I/N", "٣/٤": "want I/N",
	} {
		if _, err := plan.ParseShard(text); !errors.Is(err, plan.ErrShard) || !strings.Contains(err.Error(), word) {
			t.Errorf("%q: %v, want %q in it", text, err, word)
		}
	}
}

// TestShardVectors holds the code to the table in docs/specs/shard.md.
func TestShardVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "docs", "specs", "shard.md"))
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| `(spectro-packs/archive)(/[a-z-]+)?` .*$").FindAllStringSubmatch(string(text), -1)
	if len(rows) < 7 {
		t.Fatalf("%d rows", len(rows))
	}
	for _, row := range rows {
		cells := strings.Split(row[0], "|")[3:]
		for i, count := range []int{2, 3, 8, 100, 10_000} {
			want, err := strconv.Atoi(strings.TrimSpace(cells[i]))
			if err != nil {
				t.Fatal(err)
			}
			for index := range count {
				s := plan.Shard{Index: index, Count: count}
				has := s.HasBasePath()
				if row[2] != "" {
					has = s.HasPack(row[2][1:])
				}
				if has != (index == want) {
					t.Fatalf("%s%s in shard %v: %v, want it in %d", row[1], row[2], s, has, want)
				}
			}
		}
	}
}

// TestShardsAreBalanced: each pack belongs to exactly one shard, and none gets
// much more than its part.
func TestShardsAreBalanced(t *testing.T) {
	t.Parallel()
	const packs = 2_000
	for _, count := range []int{1, 2, 7, 16} {
		sizes := make([]int, count)
		for i := range packs {
			owners := 0
			for index := range count {
				if (plan.Shard{Index: index, Count: count}).HasPack(fmt.Sprintf("pack-%05d", i)) {
					sizes[index]++
					owners++
				}
			}
			if owners != 1 {
				t.Fatalf("pack %d belongs to %d of %d shards", i, owners, count)
			}
		}
		for index, n := range sizes {
			if even := packs / count; n < even*3/4 || n > even*5/4 {
				t.Errorf("shard %d/%d has %d packs of %d", index, count, n, packs)
			}
		}
	}
}

func TestTheZeroShardIsTheWholeCatalog(t *testing.T) {
	t.Parallel()
	var all plan.Shard
	if !all.HasPack("nginx") || !all.HasBasePath() || all.String() != "" || all.Ref() != nil {
		t.Errorf("the zero shard: %v, %v", all, all.Ref())
	}
	one := plan.Shard{Index: 2, Count: 3}
	text, err := json.Marshal(one.Ref())
	if err != nil || string(text) != `{"index":2,"count":3}` || one.String() != "2/3" {
		t.Errorf("%s is %s (%v)", one, text, err)
	}
}

func ExampleShard() {
	s, err := plan.ParseShard("1/2")
	fmt.Println(s, err, s.HasPack("nginx"), s.HasPack("whoami"), s.HasBasePath())
	// Output: 1/2 <nil> false true false
}
