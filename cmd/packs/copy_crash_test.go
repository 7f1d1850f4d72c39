package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/packs-cli/packs/internal/registrytest"
)

// TestCopiesSurviveKill kills a real process in the middle of a migration, at
// several points. Afterwards every tag of the target is whole; another run does
// what is left; and oras finds the digests of the source.
func TestCopiesSurviveKill(t *testing.T) {
	t.Parallel()
	const packs = 40
	oras := registrytest.Tool(t, "oras")
	source := registrytest.Start(t, registrytest.Options{})
	dir := t.TempDir()
	text := "apiVersion: packs/v1\nkind: Catalog\nregistries:\n  - {name: r, type: oci, host: '" + source.Host + "'}\npacks:\n  - path: packs/*\n"
	plant(t, filepath.Join(dir, "packs.yaml"), text, 0o600)
	for i := range packs {
		folder := filepath.Join(dir, "packs", fmt.Sprint(i))
		plant(t, filepath.Join(folder, "pack.json"), fmt.Sprintf(`{"name":"p%d","displayName":"P","version":"1.%d.0","layer":"addon"}`, i/4, i%4), 0o600)
		plant(t, filepath.Join(folder, "noise"), strings.Repeat(fmt.Sprintf("%08x", i*7919), 1<<14), 0o600)
	}
	program(t, dir, "packs", "apply", "--yes", "-q")
	for _, after := range []int{0, 3, packs / 2} {
		t.Run(fmt.Sprintf("after %d manifests", after), func(t *testing.T) {
			t.Parallel()
			target := registrytest.Start(t, registrytest.Options{})
			killed(t, dir, after, target, "packs", "copy", source.Host, target.Host+"/new", "--yes", "-q", "--no-cache")
			whole(t, oras, target.Host+"/new", packs)
			program(t, dir, "packs", "copy", source.Host, target.Host+"/new", "--yes", "-q", "--no-cache")
			for i := range packs {
				ref := fmt.Sprintf("/spectro-packs/archive/p%d:1.%d.0", i/4, i%4)
				was, is := fetch(t, oras, source.Host+ref), fetch(t, oras, target.Host+"/new"+ref)
				if was == "" || was != is {
					t.Errorf("%s is %q at the target, %q at the source", ref, is, was)
				}
			}
			if got := whole(t, oras, target.Host+"/new", packs); got != packs {
				t.Errorf("the target has %d versions, want %d", got, packs)
			}
			again := program(t, dir, "packs", "copy", source.Host, target.Host+"/new", "--yes", "-q", "--no-cache")
			if !strings.Contains(again, "no changes") {
				t.Errorf("once more: %s", again)
			}
		})
	}
}

func command(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "DOCKER_CONFIG="+dir, "PACKS_CACHE_DIR="+filepath.Join(dir, "cache"))
	return cmd
}

// program runs a program that must succeed and returns its stdout.
func program(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := command(t, dir, name, args...)
	var out, errOut bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errOut
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %v: %v\n%s%s", name, args, err, &out, &errOut)
	}
	return out.String()
}

// killed starts a program and kills it as soon as a server got an upload and
// some manifests.
func killed(t *testing.T, dir string, manifests int, s *registrytest.Server, name string, args ...string) {
	t.Helper()
	cmd := command(t, dir, name, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		uploads, written := 0, 0
		for _, r := range s.Requests() {
			switch {
			case r.Method == http.MethodPut && strings.Contains(r.Path, "/manifests/"):
				written++
			case r.Method == http.MethodPost:
				uploads++
			}
		}
		select {
		case err := <-ended:
			if err != nil {
				t.Fatal(err)
			}
			t.Log("it was done before it could be killed")
			return
		default:
		}
		if uploads > 0 && written >= manifests {
			break
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err == nil {
		t.Log("it was done before it was killed")
	}
}

// whole pulls every version that a host has, and returns how many.
func whole(t *testing.T, oras, base string, packs int) int {
	t.Helper()
	n, out := 0, t.TempDir()
	for i := range packs {
		ref := fmt.Sprintf("%s/spectro-packs/archive/p%d:1.%d.0", base, i/4, i%4)
		if fetch(t, oras, ref) == "" {
			continue
		}
		n++
		program(t, out, oras, "pull", "--plain-http", "-o", filepath.Join(out, fmt.Sprint(i)), ref)
	}
	return n
}

// fetch returns a manifest, or "" for one that is not there.
func fetch(t *testing.T, oras, ref string) string {
	t.Helper()
	raw, err := command(t, t.TempDir(), oras, "manifest", "fetch", "--plain-http", ref).Output()
	if err != nil {
		return ""
	}
	return string(raw)
}
