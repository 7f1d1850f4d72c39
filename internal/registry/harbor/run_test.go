package harbor_test

import (
	"os/exec"
	"testing"
)

// run runs a program with nothing of the user's environment.
func run(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), program, args...)
	home := t.TempDir()
	cmd.Dir, cmd.Env = dir, []string{"HOME=" + home, "DOCKER_CONFIG=" + home}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%s %v: %v\n%s", program, args, err, out)
	}
}
