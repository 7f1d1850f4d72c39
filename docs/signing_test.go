package docs_test

import (
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSigningListIsTested: what signing.md shows as a script is what the script
// of the test runs.
func TestSigningListIsTested(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile("(?ms)^```sh\n# ([a-z.]+)\n(.*?)^```").FindAllStringSubmatch(read(t, "signing.md"), -1)
	if len(blocks) != 1 {
		t.Fatalf("%d scripts in signing.md", len(blocks))
	}
	script := filepath.Join("..", "cmd", "packs", "testdata", "script", "signing_digests.txtar")
	if _, files, _ := strings.Cut(read(t, script), "-- "+blocks[0][1]+" --\n"); !strings.HasPrefix(files, blocks[0][2]+"--") {
		t.Errorf("%s does not run this %s of signing.md:\n%s", script, blocks[0][1], blocks[0][2])
	}
}
