//go:build unix

package plugin

import (
	"context"
	"fmt"
	"io"
	"syscall"
)

// Run replaces this process by a plugin, so that signals and the exit code are
// the plugin's own. It returns only where that cannot be done. The streams are
// those that the process has.
func Run(_ context.Context, program string, args, environ []string, _ io.Reader, _, _ io.Writer) (code int, err error) {
	err = syscall.Exec(program, append([]string{program}, args...), environ) //nolint:gosec // the user calls it by its name
	return 0, fmt.Errorf("plugin %s: %w", program, err)
}
