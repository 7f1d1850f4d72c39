package changed

import (
	"bufio"
	"bytes"
	"testing"
)

func FuzzBatchObject(f *testing.F) {
	f.Add([]byte("0123 blob 3\nabc\n"))
	f.Add([]byte("0123 missing\n"))
	f.Add([]byte("0123 blob 9999999999\nabc\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		text, err := batchObject(bufio.NewReader(bytes.NewReader(data)))
		if err == nil && len(text) >= len(data) {
			t.Errorf("%d bytes are read out of %d", len(text), len(data))
		}
	})
}

func FuzzTreeEntry(f *testing.F) {
	f.Add("100644 blob 0123     12\ta b")
	f.Add("160000 commit 0123       -\tsub")
	f.Add("\t")
	f.Fuzz(func(t *testing.T, line string) {
		if e, ok := parseTreeEntry(line); ok && (e.mode == "" || e.blob == "" || e.mode == modeCommit) {
			t.Errorf("%q is read as %+v", line, e)
		}
	})
}
