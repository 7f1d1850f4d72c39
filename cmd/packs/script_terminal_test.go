package main

import (
	"errors"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/packs-cli/packs/internal/ptytest"
)

// testKey is where a script keeps the test that it is.
type testKey struct{}

// cmdTerminal runs a program on a terminal of its own:
//
//	terminal [-code N] [-columns N] [-await TEXT] [-type TEXT] [-interrupt] program args...
//
// -await, -type and -interrupt happen in their order while the program runs.
// What the terminal shows at the end is in the file screen, all that was written
// to it in the file typescript.
func cmdTerminal(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("unsupported: ! terminal")
	}
	tb, ok := ts.Value(testKey{}).(testing.TB)
	if !ok {
		ts.Fatalf("terminal: no test to run in")
	}
	run := terminalRun{ts: ts, tb: tb, columns: 80}
	args = run.parse(args)
	run.terminal = ptytest.Open(tb, uint16(run.columns), 24)
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = ts.MkAbs(".")
	cmd.Env = scriptEnv(ts)
	cmd.Path = lookPath(ts, args[0])
	cmd.Stdin, cmd.Stdout, cmd.Stderr = run.terminal.File, run.terminal.File, run.terminal.File
	ts.Check(cmd.Start())
	ts.Defer(func() { _ = cmd.Process.Kill() }) // where a step fails
	for _, step := range run.steps {
		step(cmd)
	}
	err := cmd.Wait()
	run.terminal.Close()
	output := run.terminal.Output()
	ts.Check(os.WriteFile(ts.MkAbs("typescript"), []byte(output), 0o600))
	ts.Check(os.WriteFile(ts.MkAbs("screen"), []byte(strings.Join(ptytest.Screen(output), "\n")+"\n"), 0o600))
	ts.Logf("%s", output)
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		ts.Fatalf("%v", err)
	}
	if got := cmd.ProcessState.ExitCode(); got != run.code {
		ts.Fatalf("exit code %d, want %d", got, run.code)
	}
}

type terminalRun struct {
	ts            *testscript.TestScript
	tb            testing.TB
	terminal      *ptytest.Terminal
	code, columns int
	steps         []func(*exec.Cmd)
}

// parse reads the flags and returns the program with its arguments.
func (r *terminalRun) parse(args []string) []string {
	for len(args) > 0 && strings.HasPrefix(args[0], "-") {
		if args[0] == "-interrupt" {
			r.steps = append(r.steps, func(cmd *exec.Cmd) { r.ts.Check(cmd.Process.Signal(os.Interrupt)) })
			args = args[1:]
			continue
		}
		if len(args) < 2 {
			break
		}
		value, err := strconv.Unquote(`"` + args[1] + `"`)
		r.ts.Check(err)
		switch args[0] {
		case "-code":
			r.code, err = strconv.Atoi(value)
		case "-columns":
			r.columns, err = strconv.Atoi(value)
		case "-await":
			r.steps = append(r.steps, func(*exec.Cmd) { r.terminal.Await(r.tb, value) })
		case "-type":
			r.steps = append(r.steps, func(*exec.Cmd) { r.ts.Check(r.terminal.Type(value)) })
		default:
			r.ts.Fatalf("terminal: unknown flag %s", args[0])
		}
		r.ts.Check(err)
		args = args[2:]
	}
	if len(args) == 0 {
		r.ts.Fatalf("usage: terminal [flags] program args...")
	}
	return args
}

// scriptEnv is the environment of the script, as far as programs here look at it.
func scriptEnv(ts *testscript.TestScript) []string {
	env := []string{"TERM=xterm"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "WORK", "PACKS_CACHE_DIR", "NO_COLOR", "CLICOLOR_FORCE", "TERM", "REGISTRY", "REGISTRY_PASSWORD"} {
		if v := ts.Getenv(name); v != "" {
			env = append(env, name+"="+v)
		}
	}
	return env
}

func lookPath(ts *testscript.TestScript, program string) string {
	for _, dir := range strings.Split(ts.Getenv("PATH"), string(os.PathListSeparator)) {
		path := dir + string(os.PathSeparator) + program
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
			return path
		}
	}
	ts.Fatalf("%s is not on PATH", program)
	return ""
}
