package changed

import (
	"context"
	"errors"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// Diff is what differs between a work tree and the commit it branched off from.
type Diff struct {
	Ref  string // as the user named it
	Base string // the merge base, a full hash

	TempDir string // for archives of the merge base; empty means the system's

	repo  repository
	root  string          // of the work tree, absolute and without links
	files map[string]bool // changed files, relative to root and with slashes: edited, new, deleted; and submodules
}

// Since compares the work tree that dir lies in with the merge base of HEAD and
// ref. Changes count whether they are committed, staged, or neither; so do new
// files that git does not track and does not ignore. An *Error says why nothing
// can be compared.
func Since(ctx context.Context, dir, ref string) (*Diff, error) {
	d := &Diff{Ref: ref, repo: repository{dir: dir}}
	if err := d.find(ctx); err != nil {
		return nil, err
	}
	if err := d.base(ctx); err != nil {
		return nil, err
	}
	d.repo.dir = d.root
	for _, args := range [][]string{
		{"diff", "--name-only", "-z", "--no-renames", "--no-ext-diff", "--no-textconv", "--ignore-submodules=none", d.Base, "--"},
		{"ls-files", "--others", "--exclude-standard", "-z"},
	} {
		out, err := d.repo.git(ctx, nil, args...)
		if err != nil {
			return nil, d.fault(err, "")
		}
		for _, f := range fields(out) {
			d.files[f] = true
		}
	}
	return d, nil
}

func (d *Diff) fault(err error, hint string) error {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	return &Error{Ref: d.Ref, Err: err, Hint: hint}
}

// find looks for the root of the work tree.
func (d *Diff) find(ctx context.Context) error {
	d.files = make(map[string]bool)
	out, err := d.repo.git(ctx, nil, "rev-parse", "--show-toplevel")
	switch {
	case errors.Is(err, ErrNoGit):
		return d.fault(err, "install git, or leave out --changed-since")
	case err != nil && strings.Contains(err.Error(), "dubious ownership"):
		return d.fault(err, "the work tree belongs to somebody else: git config --global --add safe.directory FOLDER")
	case exited(err, 128):
		return d.fault(ErrNoWorkTree, "run it in the checkout of a repository, or leave out --changed-since")
	case err != nil:
		return d.fault(err, "")
	}
	d.root, err = filepath.EvalSymlinks(filepath.FromSlash(strings.TrimRight(string(out), "\r\n")))
	if err != nil {
		return d.fault(err, "")
	}
	return nil
}

// base finds the merge base.
func (d *Diff) base(ctx context.Context) error {
	out, err := d.repo.git(ctx, nil, "rev-parse", "--verify", "--quiet", "--end-of-options", d.Ref+"^{commit}")
	if err != nil {
		if !exited(err, 1) && !exited(err, 128) {
			return d.fault(err, "")
		}
		return d.fault(ErrUnknownRef, d.fetch(ctx))
	}
	commit := strings.TrimSpace(string(out))
	out, err = d.repo.git(ctx, nil, "merge-base", commit, "HEAD")
	switch {
	case exited(err, 1) && d.shallow(ctx):
		return d.fault(ErrNoBase, "this clone is shallow: `git fetch --unshallow` gets the rest (in CI: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab)")
	case exited(err, 1):
		return d.fault(ErrNoBase, "the histories have nothing in common: name another commit")
	case exited(err, 128):
		return d.fault(err, "there is no commit yet, or objects are missing: fetch them, or commit first")
	case err != nil:
		return d.fault(err, "")
	}
	d.Base = strings.TrimSpace(string(out))
	return nil
}

// fetch says what to fetch so that the reference is known.
func (d *Diff) fetch(ctx context.Context) string {
	remote, branch, isRemote := strings.Cut(d.Ref, "/")
	what := "git fetch origin " + d.Ref
	if isRemote && remote != "refs" {
		what = "git fetch " + remote + " " + branch + ":refs/remotes/" + d.Ref
	}
	if strings.HasPrefix(d.Ref, "-") {
		return "name a branch, a tag or a commit"
	}
	if d.shallow(ctx) {
		return "this clone is shallow: `" + what + "` and `git fetch --unshallow` get what is missing (in CI: fetch-depth: 0 for actions/checkout, GIT_DEPTH: 0 in GitLab)"
	}
	return "look at the name; `" + what + "` gets it if it is only missing here"
}

func (d *Diff) shallow(ctx context.Context) bool {
	out, err := d.repo.git(ctx, nil, "rev-parse", "--is-shallow-repository")
	return err == nil && strings.TrimSpace(string(out)) == "true"
}

// relative returns a path as git names it; ok is false outside of the work tree.
func (d *Diff) relative(path string) (rel string, ok bool) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", false
	}
	// What was deleted has no links to follow: the folders above it have.
	for rest := ""; ; {
		if followed, err := filepath.EvalSymlinks(abs); err == nil {
			abs = filepath.Join(followed, rest)
			break
		}
		parent := filepath.Dir(abs)
		if parent == abs {
			return "", false
		}
		abs, rest = parent, filepath.Join(filepath.Base(abs), rest)
	}
	rel, err = filepath.Rel(d.root, abs)
	if err != nil || !filepath.IsLocal(rel) && rel != "." {
		return "", false
	}
	return filepath.ToSlash(rel), true
}

// covers tells whether a path is a changed file, or lies in a changed submodule:
// what changed in there, git does not say here.
func (d *Diff) covers(rel string) bool {
	for ; rel != "."; rel = path.Dir(rel) {
		if d.files[rel] {
			return true
		}
	}
	return false
}

// Touches tells whether a file changed, or a file below a folder.
func (d *Diff) Touches(name string) bool {
	rel, ok := d.relative(name)
	if !ok {
		return false
	}
	if rel == "." {
		return len(d.files) > 0
	}
	if info, err := os.Lstat(name); err == nil && !info.IsDir() {
		return d.covers(rel)
	}
	if d.covers(rel) {
		return true
	}
	for f := range d.files {
		if strings.HasPrefix(f, rel+"/") {
			return true
		}
	}
	return false
}
