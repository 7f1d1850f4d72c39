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
)

func TestRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	dir := t.TempDir()
	r, w := io.Pipe()
	done := make(chan error, 1)
	go func() {
		done <- run(ctx, []string{"-port", "0", "-dir", dir, "-accounts", "111111111111,222222222222", "-create", "a/b"}, w, io.Discard)
		_ = w.Close()
	}()
	var lines []string
	for s := bufio.NewScanner(r); s.Scan(); {
		lines = append(lines, s.Text())
		if strings.Contains(s.Text(), "222222222222") {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if len(lines) != 6 || !strings.HasPrefix(lines[0], "export AWS_ENDPOINT_URL_ECR=http://127.0.0.1:") {
		t.Errorf("printed %q", lines)
	}
	profiles, err := os.ReadFile(filepath.Join(dir, "credentials"))
	if err != nil || !strings.Contains(string(profiles), "[account-222222222222]") {
		t.Errorf("profiles %q: %v", profiles, err)
	}
}

func TestRunRefusesUnknownFlags(t *testing.T) {
	t.Parallel()
	var stderr strings.Builder
	if err := run(t.Context(), []string{"-nope"}, io.Discard, &stderr); err == nil || !strings.Contains(stderr.String(), "-nope") {
		t.Errorf("got %v, printed %q", err, stderr.String())
	}
}
