package main

import (
	"errors"
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/packs-cli/packs/schema"
)

var update = flag.Bool("update", false, "rewrite the golden parts of the scripts")

// TestMain lets scripts run this test binary as the program itself.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"packs": main, "kubectl-packs": main})
}

// TestScripts runs what users see: each file in testdata/script is a test.
func TestScripts(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 filepath.Join("testdata", "script"),
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		Setup:               setUp,
		Condition:           condition,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"code":          cmdCode,
			"valid":         cmdValid,
			"registry":      cmdRegistry,
			"ecr":           cmdECR,
			"harbor":        cmdHarbor,
			"palette":       cmdPalette,
			"terminal":      cmdTerminal,
			"git-init":      cmdGitInit,
			"silent-server": cmdSilent,
		},
	})
}

// setUp puts the real programs that tests drive on PATH, and the real packs in $CORPUS.
func setUp(env *testscript.Env) error {
	bin, err := filepath.Abs(filepath.Join("..", "..", ".bin"))
	if err != nil {
		return err
	}
	env.Setenv("PATH", env.Getenv("PATH")+string(os.PathListSeparator)+bin)
	env.Setenv("CORPUS", corpus())
	env.Setenv("PACKS_CACHE_DIR", filepath.Join(env.WorkDir, ".cache", "packs"))
	keepServer(env)
	keepHarbor(env)
	keepPalette(env)
	return nil
}

// corpus is the folder of real packs, which is no part of this repository.
func corpus() string {
	dir, err := filepath.Abs(filepath.Join("..", "..", "..", "shared", "corpus"))
	if err != nil {
		return ""
	}
	if _, err := os.Stat(dir); err != nil {
		return ""
	}
	return dir
}

func condition(name string) (bool, error) {
	switch name {
	case "corpus":
		return corpus() != "", nil
	case "registry", "oras":
		_, err := os.Stat(filepath.Join("..", "..", ".bin", name))
		if err != nil && os.Getenv("CI") == "true" {
			return false, errors.New(name + " is not in .bin: `make tools` builds it")
		}
		return err == nil, nil
	case "root":
		return os.Geteuid() == 0, nil
	}
	return false, errors.New("unknown condition " + name)
}

// cmdCode runs a program that must end with an exit code: code 3 packs plan.
func cmdCode(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: code N program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	err = ts.Exec(args[1], args[2:]...)
	got := 0
	var ended *exec.ExitError
	switch {
	case errors.As(err, &ended):
		got = ended.ExitCode()
	case err != nil:
		ts.Fatalf("%v", err)
	}
	if got != want {
		ts.Fatalf("exit code %d, want %d", got, want)
	}
}

// cmdValid checks a file against a schema: valid plan stdout.
func cmdValid(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: valid SCHEMA FILE")
	}
	ts.Check(schema.Validate(args[0], []byte(ts.ReadFile(args[1]))))
}

// cmdGitInit makes the current folder a git work tree with everything in it committed.
func cmdGitInit(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 0 {
		ts.Fatalf("usage: git-init")
	}
	for _, call := range [][]string{
		{"init", "-q"},
		{"add", "-A"},
		{"-c", "user.name=t", "-c", "user.email=t@example.com", "commit", "-qm", "x"},
	} {
		ts.Check(ts.Exec("git", call...))
	}
}
