package registrytest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// ErrNoTool tells that a program which tests drive has not been built.
var ErrNoTool = errors.New("is not built: `make tools` puts it into .bin/")

// FindTool looks for .bin/NAME from the working directory upwards.
func FindTool(name string) (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		file := filepath.Join(dir, ".bin", name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() {
			return file, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return "", fmt.Errorf("%s %w", name, ErrNoTool)
		}
		dir = parent
	}
}

// Tool returns the path of a program in .bin/. Where it is missing, the test is
// skipped, or fails where CI=true.
func Tool(tb testing.TB, name string) string {
	tb.Helper()
	file, err := FindTool(name)
	switch {
	case err == nil:
		return file
	case os.Getenv("CI") == "true":
		tb.Fatal(err)
	default:
		tb.Skip(err)
	}
	return ""
}

// OnPath returns the path of a program that distributions of Linux have and
// `make tools` does not build. Where it is missing, the test is skipped; with
// CI=true it fails, since .ci/run installs what tests use.
func OnPath(tb testing.TB, name string) string {
	tb.Helper()
	file, err := exec.LookPath(name)
	if err != nil {
		message := fmt.Sprintf("%s is not on PATH: package %s of Debian has it", name, name)
		if os.Getenv("CI") == "true" {
			tb.Fatal(message)
		}
		tb.Skip(message)
	}
	return file
}
