// Package git asks the git program about the work tree that a folder lies in:
// which commit it is, whether it was changed, which files git does not track.
// Outside a work tree, or without git, there is nothing to tell.
package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// State is what is checked out.
type State struct {
	Commit string // full hash
	Dirty  bool   // files differ from it, or git does not track them
}

// Read returns the state of the work tree that dir lies in; nil where there is
// none, it has no commit yet, or git is not installed. Folders to exclude,
// absolute ones below dir, are what a run itself writes.
func Read(ctx context.Context, dir string, exclude []string) (*State, error) {
	args := []string{"status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--", ":/"}
	for _, x := range exclude {
		if rel, err := filepath.Rel(dir, x); err == nil && filepath.IsLocal(rel) && rel != "." {
			args = append(args, ":(exclude,literal)"+filepath.ToSlash(rel))
		}
	}
	out, err := run(ctx, dir, args...)
	if out == nil || err != nil {
		return nil, err
	}
	s := &State{}
	for entry := range bytes.SplitSeq(out, []byte{0}) {
		oid, header := strings.CutPrefix(string(entry), "# branch.oid ")
		switch {
		case header:
			s.Commit = oid
		case len(entry) > 0 && entry[0] != '#':
			s.Dirty = true
		}
	}
	if s.Commit == "" || s.Commit == "(initial)" {
		return nil, nil //nolint:nilnil // nothing to tell is no failure
	}
	return s, nil
}

// Untracked returns which of the files below the given folders git does not
// track, ignored ones among them. Folders are absolute or relative to dir; files
// are absolute. Outside a work tree nothing is returned.
func Untracked(ctx context.Context, dir string, folders []string) (map[string]bool, error) {
	const batch = 200 // folders for one call: an argument list has a limit
	files := make(map[string]bool)
	for len(folders) > 0 {
		n := min(batch, len(folders))
		args := append([]string{"--literal-pathspecs", "ls-files", "--others", "-z", "--"}, folders[:n]...)
		folders = folders[n:]
		out, err := run(ctx, dir, args...)
		if err != nil {
			return nil, err
		}
		for name := range bytes.SplitSeq(out, []byte{0}) {
			if len(name) > 0 {
				files[filepath.Join(dir, filepath.FromSlash(string(name)))] = true
			}
		}
	}
	return files, nil
}

// run calls git in a work tree; the result is nil where dir lies in none or
// there is no git. Settings of the repository cannot make it start programs.
func run(ctx context.Context, dir string, args ...string) ([]byte, error) {
	if !InWorkTree(dir) {
		return nil, nil
	}
	//nolint:gosec // the program is fixed, and arguments after -- are only paths
	cmd := exec.CommandContext(ctx, "git", append([]string{"--no-optional-locks", "-c", "core.fsmonitor=false", "-C", dir}, args...)...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	switch {
	case errors.Is(err, exec.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("git in %s: %w: %s", dir, err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, nil
}

// InWorkTree tells whether a folder lies in a git work tree.
func InWorkTree(dir string) bool {
	for {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			return true
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return false
		}
		dir = parent
	}
}
