package pack

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// repository is the git work tree that a pack lies in.
type repository struct {
	top    string // the folder that holds .git
	prefix string // path of the pack in the work tree, with "/" at its end, or empty
	git    string // what belongs to this work tree: the index
	common string // what all its work trees share: the configuration
	gitSettings
}

// gitSettings are the settings of a repository that say what its file system
// cannot hold.
type gitSettings struct {
	fileMode  bool // executable bits are right on disk
	symlinks  bool // links are links on disk
	worktrees bool // a further file of settings belongs to each work tree
	sha256    bool // objects are named by sha256, not sha1
}

// maxGitFile is the largest file of settings that is read, in bytes.
const maxGitFile = 1 << 20

// findRepository returns the repository that a folder lies in, nil for none.
// It calls no git: that would cost more than reading a small pack, and would
// refuse where another user owns the files, as is common in containers.
func findRepository(dir string) (*repository, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		dir, err = filepath.EvalSymlinks(dir)
	}
	if err != nil {
		return nil, err
	}
	for top := dir; ; top = filepath.Dir(top) {
		r, err := openRepository(top)
		if err != nil {
			return nil, err
		}
		if r != nil {
			if rel := strings.TrimPrefix(dir[len(top):], string(filepath.Separator)); rel != "" {
				r.prefix = filepath.ToSlash(rel) + "/"
			}
			return r, nil
		}
		if top == filepath.Dir(top) {
			return nil, nil //nolint:nilnil // no repository is no error
		}
	}
}

// openRepository returns the repository whose work tree has its top at a folder.
func openRepository(top string) (*repository, error) {
	r := &repository{top: top, git: filepath.Join(top, ".git")}
	info, err := os.Stat(r.git)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // no repository is no error
	}
	if err != nil {
		return nil, err
	}
	if !info.IsDir() { // a linked work tree or a submodule
		var ok bool
		if r.git, ok = pointer(r.git, "gitdir: ", top); !ok {
			return nil, nil //nolint:nilnil // a file of that name, or one that leads nowhere, as in a container
		}
	}
	var ok bool
	if r.common, ok = pointer(filepath.Join(r.git, "commondir"), "", r.git); !ok {
		r.common = r.git
	}
	r.gitSettings = gitSettings{fileMode: runtime.GOOS != "windows", symlinks: runtime.GOOS != "windows"}
	err = r.load(filepath.Join(r.common, "config"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil //nolint:nilnil // a folder of that name, but no repository
	}
	if err == nil && r.worktrees {
		err = r.load(filepath.Join(r.git, "config.worktree"))
		if errors.Is(err, fs.ErrNotExist) {
			err = nil
		}
	}
	return r, err
}

// pointer reads a file of one line that names a folder, relative to base; ok
// is false where there is none.
func pointer(file, prefix, base string) (dir string, ok bool) {
	text, err := readGitFile(file)
	if err != nil {
		return "", false
	}
	dir, ok = strings.CutPrefix(strings.TrimRight(string(text), "\r\n"), prefix)
	if dir = filepath.FromSlash(dir); !filepath.IsAbs(dir) {
		dir = filepath.Join(base, dir)
	}
	return dir, ok
}

func readGitFile(file string) (data []byte, err error) {
	f, err := openPlain(file)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	data, err = io.ReadAll(io.LimitReader(f, maxGitFile+1))
	if err == nil && len(data) > maxGitFile {
		err = fmt.Errorf("%s: %w: more than %d bytes", file, ErrTooLarge, maxGitFile)
	}
	return data, err
}

func (s *gitSettings) load(file string) error {
	data, err := readGitFile(file)
	if err == nil {
		s.parse(data)
	}
	return err
}

// parse reads the settings that matter from a file of git's configuration.
// What it includes from elsewhere is not followed: git init writes these
// settings into the repository's own file.
func (s *gitSettings) parse(data []byte) {
	section := ""
	for line := range strings.SplitSeq(strings.ToLower(string(data)), "\n") {
		line = strings.TrimSpace(line)
		if rest, ok := strings.CutPrefix(line, "["); ok {
			section, line, _ = strings.Cut(rest, "]")
			section, line = strings.TrimSpace(section), strings.TrimSpace(line)
		}
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		key, value, assigned := strings.Cut(line, "=")
		s.set(section+"."+strings.TrimSpace(key), plainValue(value), !assigned)
	}
}

// plainValue returns a value without comment and quotes.
func plainValue(value string) string {
	if i := strings.IndexAny(value, "#;"); i >= 0 {
		value = value[:i]
	}
	return strings.Trim(strings.TrimSpace(value), `"`)
}

// set takes over a setting; a key without a value is true in git.
func (s *gitSettings) set(key, value string, bare bool) {
	on := bare || value == "true" || value == "yes" || value == "on" || value == "1"
	switch key {
	case "core.filemode":
		s.fileMode = on
	case "core.symlinks":
		s.symlinks = on
	case "extensions.worktreeconfig":
		s.worktrees = on
	case "extensions.objectformat":
		s.sha256 = value == "sha256"
	}
}
