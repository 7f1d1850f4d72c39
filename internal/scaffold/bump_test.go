package scaffold

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

func TestReplaceVersion(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"1.2.0":                      "2.0.0",
		"v1.2.0, (1.2.0) and 1.2.0.": "v2.0.0, (2.0.0) and 2.0.0.",
		"nginx-1.2.0-addon":          "nginx-2.0.0-addon",
		"nginx_1.2.0":                "nginx_2.0.0",
		"11.2.0 1.2.01 1.2.0.1":      "11.2.0 1.2.01 1.2.0.1",
		"5.1.2.0 1.2.0-rc.1 1.2.0-2": "5.1.2.0 1.2.0-rc.1 1.2.0-2",
		"1.2.0+b dev1.2.0 1.2.0x":    "1.2.0+b dev1.2.0 1.2.0x",
		"nginx:1.2.0 version: 1.2.0": "nginx:1.2.0 version: 2.0.0",
		"1x2x0":                      "1x2x0",
		"":                           "",
	} {
		if got := string(replaceVersion([]byte(text), "1.2.0", "2.0.0")); got != want {
			t.Errorf("%q became %q, want %q", text, got, want)
		}
	}
}

// packAt writes a pack of version 1.2.0 into a folder.
func packAt(t *testing.T, folder string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), folder)
	for name, text := range map[string]string{
		"pack.json":   "\xef\xbb\xbf{ \"constraints\": {\"version\": \"1.2.0\"},\n  \"version\" :  \"1.2.0\", \"name\": \"demo\", \"displayName\": \"Demo\", \"layer\": \"addon\" }",
		"README.md":   "# Demo 1.2.0\n",
		"values.yaml": "a: 1\nimage: demo:1.2.0\n",
		"bin/run":     "#!/bin/sh\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Chmod(filepath.Join(dir, "bin/run"), 0o755), os.Symlink("README.md", filepath.Join(dir, "link"))); err != nil {
		t.Skip("no links here:", err)
	}
	return dir
}

func TestBump(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		folder, version string
		rename          bool
		want            string
	}{
		{"demo-1.2.0", "", false, "demo-1.2.1"},
		{"demo-1.2.0", "2.0.0-rc.1", true, "demo-2.0.0-rc.1"},
		{"v1.2.0-demo", "1.3.0", false, "v1.3.0-demo"},
		{"demo", "1.3.0", false, "demo-1.3.0"},
		{"demo", "1.3.0", true, "demo"},
	} {
		dir := packAt(t, c.folder)
		b, err := PlanBump(dir, c.version, c.rename)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.Apply(); err != nil {
			t.Fatal(err)
		}
		if got := filepath.Base(b.To); got != c.want {
			t.Errorf("%+v: became %s", c, got)
		}
		checkBumped(t, b, dir)
		left, err := filepath.Glob(filepath.Join(filepath.Dir(dir), ".packs-*"))
		if err != nil || len(left) > 0 {
			t.Errorf("%+v: left behind %v, %v", c, left, err)
		}
	}
}

func checkBumped(t *testing.T, b *Bump, from string) {
	t.Helper()
	for name, want := range map[string]string{
		"pack.json":   "\xef\xbb\xbf{ \"constraints\": {\"version\": \"1.2.0\"},\n  \"version\" :  \"" + b.New + "\", \"name\": \"demo\", \"displayName\": \"Demo\", \"layer\": \"addon\" }",
		"README.md":   "# Demo " + b.New + "\n",
		"link":        "# Demo " + b.New + "\n",
		"values.yaml": "a: 1\nimage: demo:1.2.0\n",
	} {
		if got, err := os.ReadFile(filepath.Join(b.To, name)); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	if info, err := os.Stat(filepath.Join(b.To, "bin/run")); err != nil || info.Mode().Perm() != 0o755 {
		t.Errorf("bin/run: %v, %v", info, err)
	}
	if len(b.Mentions) != 1 || b.Mentions[0].Path != valuesFile || len(b.Mentions[0].Lines) != 1 || b.Mentions[0].Lines[0] != 2 {
		t.Errorf("mentions %v", b.Mentions)
	}
	_, err := os.Stat(from)
	if gone := errors.Is(err, fs.ErrNotExist); gone != (b.Rename && b.To != from) {
		t.Errorf("the old folder is gone: %t", gone)
	}
}

// TestBumpRefuses says that what cannot be changes nothing.
func TestBumpRefuses(t *testing.T) {
	t.Parallel()
	dir := packAt(t, "demo-1.2.0")
	before, err := os.ReadFile(filepath.Join(dir, "pack.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, version := range []string{"1.2.0", "v2.0.0", "a b", "1.0.0+b", "\xff"} {
		var invalid *InvalidError
		if _, err := PlanBump(dir, version, false); !errors.As(err, &invalid) || invalid.Hint == "" {
			t.Errorf("%q: %v, want *InvalidError with a hint", version, err)
		}
	}
	if err := os.Mkdir(filepath.Join(filepath.Dir(dir), "demo-1.3.0"), 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := PlanBump(dir, "1.3.0", false); !errors.Is(err, fs.ErrExist) {
		t.Errorf("onto a folder: %v, want fs.ErrExist", err)
	}
	if _, err := PlanBump(filepath.Join(dir, "none"), "", false); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no folder: %v, want fs.ErrNotExist", err)
	}
	if after, err := os.ReadFile(filepath.Join(dir, "pack.json")); err != nil || !bytes.Equal(before, after) {
		t.Errorf("pack.json is %q, %v", after, err)
	}
}

func TestNextPatch(t *testing.T) {
	t.Parallel()
	for version, want := range map[string]string{"1.2.9": "1.2.10", "0.0.0": "0.0.1", "1.2": "", "1.2.0-rc.1": "", "v1.2.0": "", "latest": ""} {
		got, err := nextPatch(version)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("after %s: %q, %v, want %q", version, got, err, want)
		}
	}
}
