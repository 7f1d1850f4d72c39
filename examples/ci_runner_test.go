package examples_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// runner is a machine that a CI service runs scripts on.
type runner struct {
	dir, catalog string
	env          []string
	values       map[string]string // of expressions, for a job of a matrix
	said         string            // by the last script
}

// newRunner sets up packs as the action does and makes a git repository with a
// catalog in it: main is origin/main, and a branch called change is checked out.
func newRunner(t *testing.T) *runner {
	t.Helper()
	if _, err := exec.LookPath("bash"); err != nil {
		t.Skip("bash is not installed")
	}
	r := &runner{dir: t.TempDir()}
	r.catalog = filepath.Join(r.dir, "catalog")
	repository, err := filepath.Abs("..")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"temp", "home"} {
		r.write(t, name+"/.keep", "")
	}
	r.env = append(withoutGit(os.Environ()),
		"NO_COLOR=1", "RUNNER_TEMP="+filepath.Join(r.dir, "temp"), "GITHUB_ACTION_PATH="+repository, "GITHUB_BASE_REF=main",
		"GIT_AUTHOR_NAME=t", "GIT_AUTHOR_EMAIL=t@example.com", "GIT_COMMITTER_NAME=t", "GIT_COMMITTER_EMAIL=t@example.com",
		"GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_SYSTEM="+os.DevNull, "CI_PROJECT_DIR="+r.catalog, "CI_MERGE_REQUEST_DIFF_BASE_SHA=main",
		"DOCKER_CONFIG="+filepath.Join(r.dir, "home"),
	)
	for _, name := range []string{"PATH", "ENV", "OUTPUT", "STEP_SUMMARY"} {
		r.env = append(r.env, "GITHUB_"+name+"="+filepath.Join(r.dir, name))
	}
	var a action
	strictly(t, "../action.yml", &a)
	for i := range a.Runs.Steps {
		if s := &a.Runs.Steps[i]; s.Run != "" {
			r.must(t, 0, r.dir, s.Run)
		}
	}
	r.env = append(r.env, "PATH="+strings.TrimSpace(r.read(t, "PATH"))+string(os.PathListSeparator)+os.Getenv("PATH"))
	r.env = append(r.env, strings.Fields(r.read(t, "ENV"))...)
	r.write(t, "catalog/packs.yaml", `apiVersion: packs/v1
kind: Catalog
registries:
  - {name: dev, type: layout, path: ./dist/dev}
  - {name: prod, type: layout, path: ./dist/prod, manual: true}
packs: [{path: "packs/*"}]
lint:
  rules: {logo-missing: "off"}
`)
	r.write(t, "catalog/.gitignore", "dist\n.cache\n*.json.bak\n")
	r.pack(t, "one", "1.0.0")
	r.must(t, 0, r.catalog, "git init -q -b main; git add -A; git commit -qm one; git update-ref refs/remotes/origin/main HEAD; git checkout -qb change")
	return r
}

// withoutGit takes variables away by which a surrounding git (as in a hook) would
// be asked instead.
func withoutGit(env []string) []string {
	return slices.DeleteFunc(env, func(v string) bool { return strings.HasPrefix(v, "GIT_") || strings.HasPrefix(v, "PACKS_") })
}

// pack writes a right pack whose image nobody can be asked for.
func (r *runner) pack(t *testing.T, name, version string) {
	t.Helper()
	dir := "catalog/packs/" + name + "-" + version + "/"
	r.write(t, dir+"pack.json", `{
  "addonType": "app services",
  "annotations": {"source": "community"},
  "cloudTypes": ["all"],
  "displayName": "`+name+`",
  "kubeManifests": ["manifests/config.yaml"],
  "layer": "addon",
  "name": "`+name+`",
  "version": "`+version+`"
}
`)
	r.write(t, dir+"README.md", "# "+name+"\n")
	r.write(t, dir+"values.yaml", "pack:\n  content:\n    images:\n      - image: 127.0.0.1:1/"+name+":"+version+"\nmanifests:\n  config: {}\n")
	r.write(t, dir+"manifests/config.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: "+name+"\n")
}

func (r *runner) write(t *testing.T, name, text string) {
	t.Helper()
	file := filepath.Join(r.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// read returns a file that scripts wrote; "" where there is none.
func (r *runner) read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(r.dir, name))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	return string(text)
}

// must runs a script as CI services do, and wants an exit code.
func (r *runner) must(t *testing.T, code int, dir, script string, env ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	cmd.Dir, cmd.Env = dir, append(slices.Clone(r.env), env...)
	out, err := cmd.CombinedOutput()
	r.said = string(out)
	var ended *exec.ExitError
	if err != nil && !errors.As(err, &ended) {
		t.Fatal(err)
	}
	if got := cmd.ProcessState.ExitCode(); got != code {
		t.Fatalf("exit code %d, want %d, of\n%s\n%s", got, code, script, out)
	}
}

// expressions are the values of what workflows take from GitHub.
var expressions = map[string]string{"${{ inputs.registry }}": "prod"}

// job runs the scripts of a job until one fails.
func (r *runner) job(t *testing.T, j job, want int) {
	t.Helper()
	r.write(t, "STEP_SUMMARY", "")
	for i := range j.Steps {
		s := &j.Steps[i]
		if s.Run == "" {
			continue
		}
		var env []string
		for name, value := range s.Env {
			if strings.Contains(value, "${{") {
				known, ok := r.values[value]
				if !ok {
					known, ok = expressions[value]
				}
				if !ok {
					t.Fatalf("the value of %s is not known here", value)
				}
				value = known
			}
			env = append(env, name+"="+value)
		}
		code := 0
		if want != 0 && strings.Contains(s.Run, "packs ") {
			code = want
		}
		r.must(t, code, filepath.Join(r.dir, s.Directory), s.Run, env...)
		if code != 0 {
			return
		}
	}
}

func (r *runner) wantSaid(t *testing.T, parts ...string) {
	t.Helper()
	all := r.said + r.read(t, "STEP_SUMMARY")
	for _, part := range parts {
		if !strings.Contains(all, part) {
			t.Errorf("output and summary lack %q:\n%s", part, all)
		}
	}
}
