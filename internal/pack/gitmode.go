package pack

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
)

// indexModes holds the executable bits that git's index has for a pack: used
// where the file system cannot hold them, which git notes as core.fileMode.
type indexModes struct {
	executables map[string]bool
}

// executable tells whether a file counts as executable: by its owner's bit, or
// by git's index. A nil receiver goes by the bit.
func (m *indexModes) executable(path string, mode fs.FileMode) bool {
	if m == nil {
		return mode&0o100 != 0
	}
	return m.executables[path]
}

// modesFor reads git's index for a folder, where core.fileMode is false.
func modesFor(ctx context.Context, dir string) (*indexModes, error) {
	if fileModeIn(dir) {
		return nil, nil //nolint:nilnil // nil means: go by the file system
	}
	//nolint:gosec // the program is fixed, and arguments after -- are only paths
	cmd := exec.CommandContext(ctx, "git", "-C", dir, "ls-files", "--stage", "-z", "--", ".")
	cmd.Env = append(os.Environ(), "GIT_OPTIONAL_LOCKS=0") //nolint:forbidigo // git finds its own settings there
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("core.fileMode is false, so executable bits are read from git's index: %w: %s", err, bytes.TrimSpace(said.Bytes()))
	}
	m := &indexModes{executables: make(map[string]bool)}
	for line := range strings.SplitSeq(out.String(), "\x00") {
		mode, rest, _ := strings.Cut(line, " ")
		if _, path, ok := strings.Cut(rest, "\t"); ok && mode == "100755" {
			m.executables[path] = true
		}
	}
	return m, nil
}

// repositories remembers core.fileMode by the folder of a repository.
var repositories sync.Map

// fileModeIn tells whether the file system below dir holds executable bits:
// yes, but in a git work tree with core.fileMode false.
func fileModeIn(dir string) bool {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return true
	}
	for {
		git := filepath.Join(abs, ".git")
		if _, err := os.Lstat(git); err == nil {
			if known, ok := repositories.Load(git); ok {
				return known.(bool) //nolint:forcetypeassert // nothing else is stored
			}
			mode := readFileMode(git)
			repositories.Store(git, mode)
			return mode
		}
		parent := filepath.Dir(abs)
		if parent == abs {
			return true
		}
		abs = parent
	}
}

// readFileMode reads core.fileMode. Where the configuration cannot be read, it
// is what git init would write on this system.
func readFileMode(git string) bool {
	mode := runtime.GOOS != "windows"
	f, err := os.Open(filepath.Join(gitDir(git), "config"))
	if err != nil {
		return mode
	}
	defer f.Close() //nolint:errcheck // only read
	section := ""
	for lines := bufio.NewScanner(f); lines.Scan(); {
		line := strings.ToLower(strings.TrimSpace(lines.Text()))
		if strings.HasPrefix(line, "[") {
			section = strings.Trim(line, "[] ")
			continue
		}
		key, value, _ := strings.Cut(line, "=")
		if section == "core" && strings.TrimSpace(key) == "filemode" {
			switch strings.TrimSpace(value) {
			case "false", "no", "off", "0":
				mode = false
			default:
				mode = true
			}
		}
	}
	return mode
}

// gitDir follows the .git file of a linked work tree to the common folder.
func gitDir(git string) string {
	text, err := os.ReadFile(git) //nolint:gosec // git's own file
	if err != nil {
		return git // a folder
	}
	dir, ok := strings.CutPrefix(strings.TrimSpace(string(text)), "gitdir: ")
	if !ok {
		return git
	}
	if !filepath.IsAbs(dir) {
		dir = filepath.Join(filepath.Dir(git), dir)
	}
	if common, err := os.ReadFile(filepath.Join(dir, "commondir")); err == nil { //nolint:gosec // git's own file
		return filepath.Join(dir, strings.TrimSpace(string(common)))
	}
	return dir
}
