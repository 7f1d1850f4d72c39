//go:build linux && !race

package lint_test

import (
	"os"
	"strconv"
	"strings"
	"testing"
)

// mostMemory is what a run may add to the memory of the process, in KiB.
const mostMemory = 200 << 10

// rssLimit resets the process's peak of resident memory; what it returns fails
// the test where the peak has grown past the limit since.
func rssLimit(t *testing.T) func() {
	t.Helper()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Log("the peak of memory cannot be measured here:", err)
		return func() {}
	}
	before := status(t, "VmRSS:")
	return func() {
		if peak := status(t, "VmHWM:"); peak-before > mostMemory {
			t.Errorf("took %d MiB of memory, more than %d", (peak-before)>>10, mostMemory>>10)
		}
	}
}

func status(t *testing.T, key string) int {
	t.Helper()
	text, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), key)
	kib, err := strconv.Atoi(strings.Fields(rest)[0])
	if err != nil {
		t.Fatal(err)
	}
	return kib
}
