package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
)

// TestBundlesSurviveKill kills a real process while it writes a bundle, whole or
// in parts. There is no bundle then; another run makes it, with the bytes that a
// run which was not disturbed gives, and leaves nothing else; and oras finds the
// manifests of the registry in it.
func TestBundlesSurviveKill(t *testing.T) {
	t.Parallel()
	const packs = 24
	oras := registrytest.Tool(t, "oras")
	source := registrytest.Start(t, registrytest.Options{})
	dir := t.TempDir()
	text := "apiVersion: packs/v1\nkind: Catalog\nregistries:\n  - {name: r, type: oci, host: '" + source.Host + "'}\npacks:\n  - path: packs/*\n"
	plant(t, filepath.Join(dir, "packs.yaml"), text, 0o600)
	for i := range packs {
		folder := filepath.Join(dir, "packs", fmt.Sprint(i))
		plant(t, filepath.Join(folder, "pack.json"), fmt.Sprintf(`{"name":"p%d","displayName":"P","version":"1.%d.0","layer":"addon"}`, i/4, i%4), 0o600)
		plant(t, filepath.Join(folder, "noise"), string(scrambled(uint64(i), 512<<10)), 0o600)
	}
	program(t, dir, "packs", "apply", "--yes", "-q")
	program(t, dir, "packs", "bundle", "--registry", "r", "-o", "want.tar", "-q")
	want, err := os.ReadFile(filepath.Join(dir, "want.tar"))
	if err != nil {
		t.Fatal(err)
	}
	for name, split := range map[string][]string{"whole": nil, "parts": {"--split", "5MiB"}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := t.TempDir()
			args := append([]string{"bundle", "--registry", "r", "-q", "-o", filepath.Join(out, "x.tar")}, split...)
			killedWriting(t, dir, out, args)
			for _, final := range []string{"x.tar", "x.tar.000", "x.tar.json"} {
				if _, err := os.Stat(filepath.Join(out, final)); err == nil {
					t.Skipf("it was done before it could be killed: there is %s", final)
				}
			}
			program(t, dir, "packs", args...)
			if got := joined(t, out); !bytes.Equal(got, want) {
				t.Errorf("the bundle has %d bytes, others than the %d of one that was not disturbed", len(got), len(want))
			}
		})
	}
	unpacked := filepath.Join(dir, "unpacked")
	plant(t, filepath.Join(unpacked, ".keep"), "", 0o600)
	program(t, dir, "tar", "-xf", "want.tar", "-C", unpacked)
	for i := range packs {
		ref := fmt.Sprintf("/spectro-packs/archive/p%d:1.%d.0", i/4, i%4)
		if was, is := fetch(t, oras, source.Host+ref), layoutFetch(t, oras, unpacked+ref); was == "" || was != is {
			t.Errorf("%s is %q in the bundle, %q in the registry", ref, is, was)
		}
	}
}

// scrambled is text that does not compress.
func scrambled(seed uint64, size int) []byte {
	b := make([]byte, size)
	for i := range b {
		seed = seed*6364136223846793005 + 1442695040888963407
		b[i] = byte(seed >> 56)
	}
	return b
}

// killedWriting kills a program when some of a temporary file is written.
func killedWriting(t *testing.T, dir, out string, args []string) {
	t.Helper()
	cmd := command(t, dir, "packs", args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			return
		default:
		}
		if temps, err := filepath.Glob(filepath.Join(out, ".x.tar*.packs-tmp")); err != nil {
			t.Fatal(err)
		} else if len(temps) > 0 {
			if info, err := os.Stat(temps[len(temps)-1]); err == nil && info.Size() > 1<<20 {
				break
			}
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Log("it was done before it was killed")
	}
}

// joined returns the bytes of the only bundle in a folder.
func joined(t *testing.T, dir string) []byte {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var all []byte
	for _, e := range entries {
		switch name := e.Name(); {
		case name == "x.tar.json":
		case name == "x.tar", strings.HasPrefix(name, "x.tar.0"):
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, text...)
		default:
			t.Errorf("%s was left", name)
		}
	}
	return all
}

// layoutFetch returns a manifest in a layout, as oras finds it.
func layoutFetch(t *testing.T, oras, ref string) string {
	t.Helper()
	raw, err := command(t, t.TempDir(), oras, "manifest", "fetch", "--oci-layout", ref).Output()
	if err != nil {
		t.Fatalf("%s: %v", ref, err)
	}
	return string(raw)
}
