//go:build !unix

package plugin

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
)

// Run runs a plugin and returns its exit code.
func Run(ctx context.Context, program string, args, environ []string, in io.Reader, out, errOut io.Writer) (code int, err error) {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Stdin, cmd.Stdout, cmd.Stderr = environ, in, out, errOut
	err = cmd.Run()
	var exited *exec.ExitError
	if errors.As(err, &exited) {
		return exited.ExitCode(), nil
	}
	if err != nil {
		return 0, fmt.Errorf("plugin %s: %w", program, err)
	}
	return 0, nil
}
