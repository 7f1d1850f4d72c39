package pack

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/klauspost/compress/gzip"
)

// bigPack is a pack whose archive has several gzip members and a rest.
func bigPack(tb testing.TB) string {
	tb.Helper()
	dir := tree(tb, map[string]string{"pack.json": metaJSON, "values.yaml": "x: 1\n"})
	rng := rand.New(rand.NewPCG(7, 7))
	line := make([]byte, 0, 64)
	var text bytes.Buffer
	for text.Len() < firstMember+5*nextMember+1000 {
		line = fmt.Appendf(line[:0], "key-%d: {{ .Values.number | default %d }}\n", rng.IntN(100), rng.IntN(1000))
		text.Write(line)
	}
	if err := os.WriteFile(filepath.Join(dir, "big.yaml"), text.Bytes(), 0o600); err != nil {
		tb.Fatal(err)
	}
	return dir
}

// goldenBig fixes the format of archives of several members.
const goldenBig = "ca916a49beaf5d7111bbb87f6ce5caf727822cbcf0859034d896019ba719b1b0"

func TestBigArchivesAreTheSameWhateverTheParallelism(t *testing.T) { //nolint:paralleltest // changes GOMAXPROCS
	dir := bigPack(t)
	for _, procs := range []int{1, 2, 8} {
		before := runtime.GOMAXPROCS(procs)
		got := fmt.Sprintf("%x", sha256.Sum256(build(t, dir)))
		runtime.GOMAXPROCS(before)
		if got != goldenBig {
			t.Errorf("with %d processors: %s, want %s", procs, got, goldenBig)
		}
	}
}

func TestBigArchivesHoldMembersOfOneSize(t *testing.T) {
	t.Parallel()
	dir := bigPack(t)
	archive := build(t, dir)
	z, err := gzip.NewReader(bytes.NewReader(archive))
	if err != nil {
		t.Fatal(err)
	}
	whole, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	if n := bytes.Count(archive, []byte{0x1f, 0x8b, 8, 0, 0, 0, 0, 0}); n < 4 {
		t.Errorf("%d members for %d bytes", n, len(whole))
	}
	inv, err := ReadArchive(context.Background(), bytes.NewReader(archive), Limits{})
	if err != nil || inv.Digest != read(t, dir).Digest {
		t.Errorf("read back %v, %v", inv, err)
	}
	out := t.TempDir()
	file := filepath.Join(out, "a.tar.gz")
	if err := os.WriteFile(file, archive, 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "tar", "-xzf", file, "-C", out)
	run(t, "diff", "-r", dir, filepath.Join(out, "a-1.0.0"))
}

func TestBigArchivesThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	dir := bigPack(t)
	for _, room := range []int{0, 100 << 10, 1 << 20} {
		if _, err := Build(context.Background(), &failing{room}, dir, Meta{Name: "a", Version: "1.0.0"}); !errors.Is(err, errFull) {
			t.Errorf("room for %d bytes: %v, want errFull", room, err)
		}
	}
}
