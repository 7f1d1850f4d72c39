package manifest_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/manifest"
)

// head begins every catalog of these tests: what follows starts in line 3.
const head = "apiVersion: packs/v1\nkind: Catalog\n"

// local is a registry that needs nothing; the lines 3 to 6 of a catalog.
const local = `registries:
  - name: local
    type: layout
    path: ./dist
`

// write lays out files in a folder of their own and returns it. The text
// begins with the body of packs.yaml; further files follow lines -- PATH --.
// A pack.json that holds NAME VERSION is filled in.
func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	body, rest, _ := strings.Cut("\n"+text, "\n-- ")
	put(t, filepath.Join(dir, "packs.yaml"), head+strings.TrimPrefix(body, "\n"))
	for rest != "" {
		var name, content string
		name, rest, _ = strings.Cut(rest, " --\n")
		content, rest, _ = strings.Cut("\n"+rest, "\n-- ")
		content = strings.TrimPrefix(content, "\n")
		if fields := strings.Fields(content); filepath.Base(name) == "pack.json" && len(fields) == 2 && fields[0] != "{" {
			content = packJSON(fields[0], fields[1])
		}
		put(t, filepath.Join(dir, filepath.FromSlash(name)), content)
	}
	return dir
}

func packJSON(name, version string) string {
	return `{"name": "` + name + `", "displayName": "` + name + `", "version": "` + version + `", "layer": "addon"}` + "\n"
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// load writes files and loads their catalog, which must be right.
func load(t *testing.T, archive string, o manifest.LoadOptions) *manifest.Catalog {
	t.Helper()
	c, err := manifest.Load(filepath.Join(write(t, archive), "packs.yaml"), o)
	if err != nil {
		t.Fatalf("Load:\n%v", err)
	}
	return c
}

// mistakes writes files and returns the problems of their catalog, one a line,
// without the folder.
func mistakes(t *testing.T, archive string, o manifest.LoadOptions) (string, error) {
	t.Helper()
	dir := write(t, archive)
	_, err := manifest.Load(filepath.Join(dir, "packs.yaml"), o)
	var invalid *manifest.InvalidError
	if err == nil || !errors.As(err, &invalid) {
		t.Fatalf("error %v, want *InvalidError", err)
	}
	return strings.ReplaceAll(err.Error(), dir+string(filepath.Separator), ""), err
}

// env is an environment for ${NAME}.
func env(pairs ...string) func(string) (string, bool) {
	return func(name string) (string, bool) {
		for _, p := range pairs {
			if key, value, _ := strings.Cut(p, "="); key == name {
				return value, true
			}
		}
		return "", false
	}
}
