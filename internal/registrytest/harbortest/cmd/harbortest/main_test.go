package main

import (
	"bufio"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/packs-cli/packs/internal/registrytest"
)

func TestRun(t *testing.T) {
	t.Parallel()
	registrytest.Tool(t, "registry")
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-addr", "127.0.0.1:0", "-tls", "-ca-file", ca, "-project", "packs", "-robot", "ci", "-immutable"}, w, io.Discard)
		_ = w.Close()
	}()
	var lines []string
	for s := bufio.NewScanner(r); s.Scan(); {
		lines = append(lines, s.Text())
		if strings.Contains(s.Text(), "HARBOR_TOKEN") {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "export HARBOR_URL=https://127.0.0.1:") || lines[4] != "export HARBOR_ROBOT='robot$packs+ci'" {
		t.Errorf("printed %q", lines)
	}
	if pem, err := os.ReadFile(ca); err != nil || !strings.HasPrefix(string(pem), "-----BEGIN CERTIFICATE-----") {
		t.Errorf("CA %.40q: %v", pem, err)
	}
}

func TestRunRefusesUnknownFlags(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	if err := run(t.Context(), []string{"-nope"}, io.Discard, &stderr); err == nil || !strings.Contains(stderr.String(), "-nope") {
		t.Errorf("got %v, printed %q", err, stderr.String())
	}
}
