package main

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/ptytest"
	"github.com/packs-cli/packs/internal/registrytest"
	"github.com/packs-cli/packs/internal/registrytest/faultproxy"
)

// slowly is a catalog that takes a while to publish: packs in a folder, and a
// registry that takes every upload slowly, one after another.
type slowly struct {
	dir    string
	server *registrytest.Server
	proxy  *faultproxy.Server
	begun  chan struct{} // closed when the first version is written
}

const slowPacks = 8

func newSlowly(t *testing.T) *slowly {
	t.Helper()
	s := &slowly{dir: t.TempDir(), server: registrytest.Start(t, registrytest.Options{}), begun: make(chan struct{})}
	var first sync.Once
	s.proxy = faultproxy.Start(t, faultproxy.Options{
		Target: s.server.Host, Pause: 20 * time.Millisecond,
		Rules: []faultproxy.Rule{{Kind: faultproxy.SlowUpload, Method: http.MethodPut, Path: regexp.MustCompile("/uploads/"), Times: -1}},
		Watch: func(r *http.Request) {
			if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/") {
				first.Do(func() { close(s.begun) })
			}
		},
	})
	files := map[string]string{"packs.yaml": fmt.Sprintf(`apiVersion: packs/v1
kind: Catalog
registries:
  - {name: dev, type: oci, host: "%s", limits: {concurrency: 1}, basePathRepository: false}
packs:
  - path: packs/**
`, s.proxy.Host)}
	for i := range slowPacks {
		files[fmt.Sprintf("packs/p%d/pack.json", i)] = fmt.Sprintf(`{"name": "p%d", "displayName": "P", "version": "1.0.0", "layer": "addon"}`, i)
	}
	for name, content := range files {
		full := filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// apply is the program, ready to start.
func (s *slowly) apply() *exec.Cmd {
	cmd := exec.Command("packs", "apply", "--yes", "--no-color")
	cmd.Dir = s.dir
	cmd.Env = []string{"HOME=" + s.dir, "PACKS_CACHE_DIR=" + filepath.Join(s.dir, "cache"), "TERM=xterm"}
	return cmd
}

// underway waits until a version is written, and others are not.
func (s *slowly) underway(t *testing.T) {
	t.Helper()
	select {
	case <-s.begun:
	case <-time.After(30 * time.Second):
		t.Fatal("nothing was published")
	}
}

// published lists the versions that the registry holds.
func (s *slowly) published(t *testing.T) int {
	t.Helper()
	n := 0
	for i := range slowPacks {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodHead, fmt.Sprintf("%s/v2/spectro-packs/archive/p%d/manifests/1.0.0", s.server.URL, i), nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = resp.Body.Close()
		if resp.StatusCode == http.StatusOK {
			n++
		}
	}
	return n
}

// finish runs it again, undisturbed.
func (s *slowly) finish(t *testing.T, before int) {
	t.Helper()
	out, err := s.apply().CombinedOutput()
	if err != nil || !strings.Contains(string(out), fmt.Sprintf("%d versions pushed", slowPacks-before)) && before != slowPacks-1 {
		t.Errorf("run again after %d of %d: %v\n%s", before, slowPacks, err, out)
	}
	if got := s.published(t); got != slowPacks {
		t.Errorf("%d of %d published in the end", got, slowPacks)
	}
}

// TestSignalsEndWhatIsInFlight sends each signal that means "stop" once: what
// is under way ends, nothing new starts, and the report tells what was done.
func TestSignalsEndWhatIsInFlight(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			s := newSlowly(t)
			cmd := s.apply()
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s.underway(t)
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			_ = cmd.Wait() // its code is looked at
			done := s.published(t)
			if code := cmd.ProcessState.ExitCode(); code != 130 || done == 0 || done == slowPacks {
				t.Errorf("exit code %d with %d of %d published, want 130 and a part\n%s", code, done, slowPacks, &out)
			}
			if !strings.Contains(out.String(), "nothing new starts") || !strings.Contains(out.String(), "Interrupted") {
				t.Errorf("it does not say what it does:\n%s", &out)
			}
			if pushed := strings.Count(out.String(), "pushed p"); pushed != done {
				t.Errorf("it says that it pushed %d, the registry has %d\n%s", pushed, done, &out)
			}
			s.finish(t, done)
		})
	}
}

// TestTerminalThatGoesAway closes the window in which apply runs.
func TestTerminalThatGoesAway(t *testing.T) {
	t.Parallel()
	s := newSlowly(t)
	terminal := ptytest.Open(t, 80, 24)
	cmd := s.apply()
	cmd.Stdin, cmd.Stdout, cmd.Stderr = terminal.File, terminal.File, terminal.File
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_ = terminal.File.Close() // the program has its own
	s.underway(t)
	if err := terminal.HangUp(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait() // its code is looked at
	done := s.published(t)
	if code := cmd.ProcessState.ExitCode(); code != 130 || done == 0 || done == slowPacks {
		t.Errorf("exit code %d with %d of %d published, want 130 and a part", code, done, slowPacks)
	}
	s.finish(t, done)
}

// TestNohupStays: who asked that the end of the terminal be ignored is not
// interrupted by it.
func TestNohupStays(t *testing.T) {
	t.Parallel()
	s := newSlowly(t)
	packs, err := exec.LookPath("packs")
	if err != nil {
		t.Fatal(err)
	}
	cmd := s.apply()
	cmd.Path, cmd.Args = "/bin/sh", append([]string{"sh", "-c", `trap '' HUP; exec "$@"`, "sh", packs}, cmd.Args[1:]...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.underway(t)
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
	if got := s.published(t); got != slowPacks {
		t.Errorf("%d of %d published", got, slowPacks)
	}
}
