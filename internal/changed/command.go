package changed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

// repository is a git work tree.
type repository struct {
	dir string // where git is started
}

// git calls the git program and returns what it says. Settings of the
// repository cannot make it start other programs, nor write to the repository.
func (r *repository) git(ctx context.Context, stdin []byte, args ...string) ([]byte, error) {
	all := append([]string{"--no-optional-locks", "--literal-pathspecs", "-c", "core.fsmonitor=false", "-C", r.dir}, args...)
	cmd := exec.CommandContext(ctx, "git", all...) //nolint:gosec // the program is fixed, and references are behind --end-of-options
	// Messages that can be told apart, and no network: a partial clone must be fetched by its owner.
	cmd.Env = append(cmd.Environ(), "LC_ALL=C", "GIT_NO_LAZY_FETCH=1", "GIT_TERMINAL_PROMPT=0")
	if stdin != nil {
		cmd.Stdin = bytes.NewReader(stdin)
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case errors.Is(err, exec.ErrNotFound):
		return nil, ErrNoGit
	case err != nil:
		return nil, fmt.Errorf("git %s: %w: %s", args[0], err, firstLine(said.String()))
	}
	return out, nil
}

// firstLine keeps what git says fit for a message.
func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	if len(line) > 300 {
		line = line[:300] + "…"
	}
	return line
}

// exited tells whether git answered by its exit code, as some commands do for "no".
func exited(err error, code int) bool {
	var exit *exec.ExitError
	return errors.As(err, &exit) && exit.ExitCode() == code
}

// fields splits what git wrote with -z.
func fields(out []byte) []string {
	var all []string
	for f := range bytes.SplitSeq(out, []byte{0}) {
		if len(f) > 0 {
			all = append(all, string(f))
		}
	}
	return all
}
